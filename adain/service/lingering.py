"""Answers that come before the whole request, such as refusals of large bodies, and reach who is still sending."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER = 2.0  # seconds


class Lingering:
    """Sends such an answer at once and in full, and throws away what still comes for a while before it ends it.

    To close a connection on bytes that nobody has read resets it, and the answer would be lost on its way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        whole = scope["type"] != "http"

        async def listen() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if whole or not last:
                return await send(message)
            await send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    while not whole:
                        await listen()
            await send({"type": "http.response.body", "body": b""})

        await self._app(scope, listen, answer)
