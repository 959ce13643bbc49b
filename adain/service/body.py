"""The parts of a request, read within the limits: what is too large or too slow is refused while it comes."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .limits import Limits
from .problems import Problem

Part = tuple[str, str | bytes]  # a field with its text, or with the bytes of a file

FILES, FIELDS, TEXT = 16, 64, 10_000  # of one form: how many, and bytes of a field


class _Form(MultiPartParser):
    """Writes no files, since what may come is bounded, and disks may be read-only; and knows a form that was cut."""

    spool_max_size = 1 << 60

    def __init__(self, request: Request, limits: Limits) -> None:
        chunks = self._whole(_chunks(request, limits))
        super().__init__(request.headers, chunks, max_files=FILES, max_fields=FIELDS, max_part_size=TEXT)
        self._ended = False

    def on_end(self) -> None:
        """The last boundary has come."""
        self._ended = True

    async def _whole(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in chunks:
            yield chunk
        if not self._ended:
            raise MultiPartException("its end is missing")


async def read_parts(request: Request, limits: Limits) -> list[Part]:
    """All fields of a request, in order: those of the address, then those of a form; any other body is `content`.

    Raises:
        Problem: the body is too large, too slow, or a broken form.
        ClientDisconnect: the client has gone.
    """
    parts: list[Part] = list(request.query_params.multi_items())
    try:
        async with asyncio.timeout(limits.transfer):
            if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
                return parts + await _form(request, limits)
            return [*parts, ("content", b"".join([chunk async for chunk in _chunks(request, limits)]))]
    except TimeoutError as error:
        raise Problem("upload-slow", f"the upload took longer than {limits.transfer:g} s; send it faster") from error
    except MultiPartException as error:
        raise Problem("form", f"the form cannot be read ({error.message}); send multipart/form-data") from error


async def _form(request: Request, limits: Limits) -> list[Part]:
    form = await _Form(request, limits).parse()
    parts: list[Part] = []
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                parts.append((name, value))
            elif value.filename or value.size:  # otherwise a browser's form in which no file was chosen
                parts.append((name, await value.read()))
    finally:
        await form.close()
    return parts


async def _chunks(request: Request, limits: Limits) -> AsyncGenerator[bytes, None]:
    """The body as it comes, up to the limit."""
    too_large = Problem("body-large", f"the body has more than {limits.bytes:,} bytes; make the pictures smaller")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limits.bytes:
        raise too_large
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limits.bytes:
            raise too_large
        yield chunk
