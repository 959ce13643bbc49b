"""The addresses of the service."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from .. import __version__, shipped
from ..bank import bank
from ..stylizer import Stylizer
from .body import read_parts
from .desk import Desk
from .limits import Limits
from .lingering import Lingering
from .metrics import Metrics
from .openapi import problems, stylize_answers, stylize_extra
from .problems import Problem, about, internal
from .restyler import Answer, Restyler
from .wish import Wish

T = TypeVar("T")

PIECE = 1 << 16  # bytes of an answer that are sent at once


def create_app(stylizer: Stylizer, limits: Limits | None = None, page: Path | None = None, workers: int = 2) -> FastAPI:
    """The service as an ASGI application.

    Args:
        stylizer: the model; worker threads share it.
        limits: of requests.
        page: a folder with index.html that is shown at `/`.
        workers: pictures that are worked on at once.
    """
    limits = limits or Limits()
    service = Service(stylizer, limits, workers)
    app: FastAPI = FastAPIOffline(
        redoc_url=None,
        title="adain",
        version=__version__,
        summary="Restyle any picture after any painting.",
        lifespan=service.lifespan,
    )
    app.add_middleware(Lingering)
    app.add_exception_handler(Problem, _tell)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(Exception, _tell_nothing)
    answers = stylize_answers()
    app.post("/stylize", openapi_extra=stylize_extra(), responses=answers, response_class=Response)(service.stylize)
    app.get("/styles")(service.styles)
    app.get("/styles/{name}.webp", response_class=FileResponse, responses={"4XX": problems(404)[404]})(
        service.thumbnail
    )
    app.get("/healthz")(service.health)
    app.get("/metrics", response_class=Response)(service.metrics)
    if page is None:
        app.get("/", include_in_schema=False)(_to_docs)
    else:
        app.mount("/", _Page(directory=page, html=True))
    return app


class Service:
    """What the addresses do; see `create_app` for the arguments."""

    def __init__(self, stylizer: Stylizer, limits: Limits, workers: int) -> None:
        self._stylizer, self._limits = stylizer, limits
        self._restyler = Restyler(stylizer, limits)
        self._desk = Desk(workers, limits.queue)
        self._metrics = Metrics(lambda: self._desk.taken, self._restyler.codes)

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Threads end with the service."""
        yield
        await asyncio.to_thread(self._desk.close)

    async def stylize(self, request: Request) -> Response:
        """Restyle a picture.

        Send a form with `content` and `style`, or a picture alone with all else in the address.
        """
        try:
            answer = await self._answer(request)
        except Problem as problem:
            self._metrics.count(problem.code)
            raise
        except ClientDisconnect:
            self._metrics.count("gone")
            return Response(status_code=400)  # that nobody reads
        except asyncio.CancelledError as error:  # by a second signal
            raise Problem("stopped", "the service ended before the picture was done; try again later") from error
        except Exception:
            self._metrics.count("internal")
            raise
        self._metrics.count("ok")
        for stage, seconds in answer.seconds.items():
            self._metrics.measure(stage, seconds)
        timing = ", ".join(f"{stage};dur={1000 * seconds:.1f}" for stage, seconds in answer.seconds.items())
        return _Pieces(answer.data, media_type=answer.media, headers={"Server-Timing": timing})

    async def _answer(self, request: Request) -> Answer:
        with self._desk.place():
            wish = Wish.of(await read_parts(request, self._limits))
            clock = asyncio.get_running_loop().time
            came = clock()
            with about():
                answer = await _unless_gone(request, self._desk.do(partial(self._restyler, wish), self._limits.seconds))
            answer.seconds = {"queue": clock() - came - sum(answer.seconds.values()), **answer.seconds}
            return answer

    async def styles(self) -> dict[str, list[dict[str, str]]]:
        """The built-in styles: name, title, artist, year, movement, and the address of a thumbnail.

        There are none with a model of another encoder, which cannot take their codes.
        """
        built_in = bank()
        if built_in.model != self._stylizer.contract.checkpoint_sha256:
            return {"styles": []}
        return {
            "styles": [
                {"name": name, **asdict(painting), "thumbnail": f"styles/{name}.webp"}
                for name, painting in built_in.paintings.items()
            ]
        }

    async def thumbnail(self, name: str) -> FileResponse:
        """What the large model makes of a photograph in a style."""
        if name not in bank().paintings:
            raise HTTPException(404)
        return FileResponse(shipped.THUMBNAILS / f"{name}.webp", headers={"Cache-Control": "max-age=86400"})

    async def health(self) -> dict[str, str | int]:
        """That the service runs, and with what."""
        contract = self._stylizer.contract
        return {
            "status": "ok",
            "model": contract.model,
            "device": self._stylizer.device,
            "places_taken": self._desk.taken,
        }

    async def metrics(self) -> Response:
        """Counts and times, in the format of Prometheus."""
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


class _Pieces(Response):
    """A body that is written as fast as its reader takes it, so that one who sleeps is noticed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body), PIECE):
            piece = bytes(self.body[start : start + PIECE])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Page(StaticFiles):
    """The page of export/web, whose threads need two headers."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        return response


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do the work while the client waits for it, else raise ClientDisconnect."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ClientDisconnect
    finally:
        doing.cancel()
        waiting.cancel()


async def _to_docs(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")


async def _tell(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return Problem("method", f"{request.method} came; see /docs", headers=error.headers or {}).response()
    return Problem("not-found", "there is nothing at this address; see /docs").response()


async def _tell_nothing(_request: Request, _error: Exception) -> Response:
    return internal().response()
