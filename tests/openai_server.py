"""A server on loopback that speaks /v1/chat/completions and /v1/embeddings, and answers as it is told.

What it was asked stands in `asked`. Replies are taken from the script in order, the last one over and over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Say:
    """A chat completion with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Raw:
    """This body, whatever was asked for."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing until `released` is set, then what `then` says; `reached` is set once the request is there."""

    then: Say | Raw
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


def by_length(texts: Sequence[str]) -> list[list[float]]:
    """Vectors of three dimensions that tell texts of different lengths apart."""
    return [[float(len(text)), 1.0, 2.0] for text in texts]


class OpenAIServer:
    """Made by `openai_server`."""

    def __init__(self, script: Sequence[Say | Raw | Hold], embed: Embed) -> None:
        self.script, self._embed = list(script), embed
        self.asked: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.url = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        asked = await self._note(request)
        return await self._play(asked, self._next() or Say("NOTHING"))

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        asked = await self._note(request)
        scripted = self._next()
        if scripted is not None:
            return await self._play(asked, scripted)
        vectors = self._embed(asked["input"])
        data = [{"object": "embedding", "index": at, "embedding": list(each)} for at, each in enumerate(vectors)]
        return web.json_response(
            {
                "object": "list",
                "model": asked["model"],
                "data": data,
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }
        )

    async def _note(self, request: web.Request) -> dict[str, Any]:
        asked: dict[str, Any] = await request.json()
        self.asked.append(asked)
        self.headers.append(dict(request.headers))
        return asked

    def _next(self) -> Say | Raw | Hold | None:
        if len(self.script) > 1:
            return self.script.pop(0)
        return self.script[0] if self.script else None

    async def _play(self, asked: Mapping[str, Any], reply: Say | Raw | Hold) -> web.StreamResponse:
        if isinstance(reply, Hold):
            reply.reached.set()
            await reply.released.wait()
            reply = reply.then
        if isinstance(reply, Raw):
            return web.Response(
                text=reply.body, status=reply.status, headers=reply.headers, content_type="application/json"
            )
        return web.Response(text=json.dumps(completion(asked["model"], reply.text)), content_type="application/json")


def completion(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


@asynccontextmanager
async def openai_server(*script: Say | Raw | Hold, embed: Embed = by_length) -> AsyncIterator[OpenAIServer]:
    """Run the server while the block runs. Held requests are let go at its end."""
    server = OpenAIServer(script, embed)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_post("/v1/embeddings", server.embeddings)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        for reply in script:
            if isinstance(reply, Hold):
                reply.released.set()
        await runner.cleanup()
