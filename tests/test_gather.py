"""Gathering: what stands on the shelf after messages were read, in whatever order, portions and mishaps.

Everything here is by WEI in the place DEPLOYS, which WEI has granted; what others say stands beside it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.consent import Grant, Paused
from bot.core.messages import Edited, Form, Message, Recalled
from bot.core.passages import Passage
from bot.core.people import Audience, SourceId
from bot.core.terms import terms
from bot.errors import PlatformError
from bot.flows.gather import BATCH, WINDOW, Gathered, Live, gather
from bot.flows.withdraw import withdraw
from bot.ports import Vector
from tests.cast import ACME, CHEN, DEPLOYS, DM_LIN, LIN, NOW, OPS, WEI, consent_events, grant, said
from tests.fakes import WordsEmbedder, World, world

SOURCE = DEPLOYS.id.as_source()
READERS = {DEPLOYS: frozenset({WEI, LIN, CHEN}), OPS: frozenset({WEI, LIN})}

slow_examples = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Each example opens a ledger and a shelf on the disk."""


def made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


@asynccontextmanager
async def granted(folder: Path, *grants: Grant, embedder: WordsEmbedder | None = None) -> AsyncIterator[World]:
    async with world(made(folder), READERS, embedder=embedder) as on:
        if not (await on.ledger.consent(WEI)).grants:
            await on.ledger.append(*consent_events(WEI, *(grants or (grant(SOURCE, ACME),))))
        yield on


async def take(on: World, messages: Sequence[Message], source: SourceId = SOURCE) -> Gathered:
    return await gather(
        source, messages, place=DEPLOYS, name="deploys", library=on.library, ledger=on.ledger, clock=on.clock
    )


async def shelved(on: World) -> Sequence[Passage]:
    return await on.library.browse(WEI, sources={SOURCE, OPS.id.as_source()})


async def texts(on: World) -> list[str]:
    return sorted(passage.text for passage in await shelved(on))


async def pieces(on: World) -> list[tuple[str, str]]:
    """What of which message is shelved, as often as it is."""
    return sorted((piece.message, piece.text) for passage in await shelved(on) for piece in passage.pieces)


def talk(*lines: str) -> list[Message]:
    """Lines of `wei: …`, `lin: …` or `chen: …`, a minute apart; `later` lets six hours pass."""
    people = {"wei": WEI, "lin": LIN, "chen": CHEN}
    messages, minute, numbers = [], 0, count(1)
    for line in lines:
        if line == "later":
            minute += 360
            continue
        who, _, text = line.partition(": ")
        minute += 1
        messages.append(said(people[who], text, id=f"m{next(numbers)}", minute=minute))
    return messages


TALK = talk(
    "lin: how is the wallet service rolled back?",
    "wei: Roll back with make rollback",
    "wei: It asks for the release number",
    "wei: Then watch the error rate for ten minutes",
    "lin: thanks!",
    "later",
    "chen: who may restart the ledger database?",
    "wei: Only the person on call restarts the database",
    "wei: ok",
    "later",
    "wei: Reports for finance run at six in the morning",
)


# ── the same again ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_own_words_are_kept_joined_where_said_in_one_go_and_nothing_else_is(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        gathered = await take(on, TALK)
        assert await texts(on) == [
            "Only the person on call restarts the database\nok",
            "Reports for finance run at six in the morning",
            "Roll back with make rollback\nIt asks for the release number\nThen watch the error rate for ten minutes",
        ]
    assert (gathered.read, gathered.kept, gathered.passages, gathered.changed) == (9, 6, 3, 3)
    assert gathered.dropped == {"not their words": 3}


async def test_gathering_again_changes_nothing_and_embeds_nothing(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        before, read = await shelved(on), list(on.embedder.read)
        again = await take(on, TALK)
        assert (again.changed, again.kept) == (0, 6)
        assert await shelved(on) == before
        assert on.embedder.read == read


async def test_a_message_that_comes_twice_in_one_go_is_kept_once(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        gathered = await take(on, [message for message in TALK for _ in (1, 2)])
        assert Counter(await pieces(on)).most_common(1)[0][1] == 1
        assert (gathered.read, gathered.kept, gathered.dropped["duplicate"]) == (18, 6, 9)


async def test_overlapping_portions_that_were_gathered_embed_nothing_when_they_come_again(tmp_path: Path) -> None:
    portions = [TALK[3:], TALK[:3], TALK]
    async with granted(tmp_path) as on:
        for portion in portions:
            await take(on, portion)
        before, read = await shelved(on), list(on.embedder.read)
        for portion in portions:
            assert (await take(on, portion)).changed == 0
        assert await shelved(on) == before
        assert on.embedder.read == read


async def test_a_passage_does_not_shrink_and_what_is_new_beside_it_is_kept_too(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK[1:3])
        await take(on, [TALK[1], TALK[3]])
        assert await pieces(on) == [(message.id, message.text) for message in TALK[1:4]]


@slow_examples
@given(data=st.data())
async def test_whatever_portions_come_in_whatever_order_nothing_is_lost_or_doubled(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps = data.draw(st.lists(st.sampled_from([1, 3, 400]), min_size=4, max_size=12), label="minutes between")
    authors = data.draw(st.lists(st.sampled_from([WEI, WEI, WEI, LIN]), min_size=len(steps), max_size=len(steps)))
    messages, minute = [], 0
    for n, (step, author) in enumerate(zip(steps, authors, strict=True)):
        minute += step
        messages.append(said(author, f"Step {n} turns valve number {n} of pump {n}", id=f"m{n}", minute=minute))
    some = st.lists(st.booleans(), min_size=len(messages), max_size=len(messages))
    portions = [
        [message for message, inside in zip(messages, chosen, strict=True) if inside]
        for chosen in data.draw(st.lists(some, min_size=1, max_size=4), label="portions")
    ]
    async with granted(tmp_path_factory.mktemp("shelf")) as on:
        for portion in portions:
            await take(on, portion)
        wanted = {message.id: message.text for portion in portions for message in portion if message.author == WEI}
        assert await pieces(on) == sorted(wanted.items())
        for passage in await shelved(on):
            assert list(passage.messages) == sorted(passage.messages, key=lambda each: int(each[1:]))


@pytest.mark.parametrize("before", [BATCH - 2, BATCH - 1, BATCH])
async def test_a_long_message_on_the_edge_of_a_batch_is_kept_whole(tmp_path: Path, before: int) -> None:
    sentences = [f"Step {n} of the long procedure turns valve number {n} of pump {n}." for n in range(100)]
    short = [said(WEI, f"Note {n} is about shelf number {n}", id=f"s{n}", minute=n * 60) for n in range(before)]
    async with granted(tmp_path) as on:
        await take(on, [*short, said(WEI, " ".join(sentences), id="long", minute=before * 60)])
        kept = " ".join(text for _, text in await pieces(on))
        assert [sentence for sentence in sentences if sentence not in kept] == []


# ── interrupted ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Breaking(WordsEmbedder):
    """Fails at every batch but the first so many."""

    def __init__(self, *, works_for: int) -> None:
        super().__init__()
        self._works_for = works_for

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        if not self._works_for:
            raise PlatformError("the embedder did not answer")
        self._works_for -= 1
        return await super().passages(texts)


@pytest.mark.parametrize("works_for", [0, 1, 2])
async def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path: Path, works_for: int) -> None:
    messages = [
        said(author, f"Pump {n} is opened with valve {n % 7} and wrench {n % 5}", id=f"m{n}", minute=n * 20)
        for n in range(3 * BATCH)
        for author in ([LIN] if n % 9 == 0 else [WEI])
    ]
    async with granted(tmp_path / "whole") as on:
        await take(on, messages)
        expected = await shelved(on)
        assert len(on.embedder.read) > 2 * BATCH
    async with granted(tmp_path / "broken", embedder=Breaking(works_for=works_for)) as on:
        with pytest.raises(PlatformError):
            await take(on, messages)
        assert len(await shelved(on)) == works_for * BATCH
    async with granted(tmp_path / "broken") as on:
        await take(on, messages)
        assert len(on.embedder.read) == len(expected) - works_for * BATCH, "what was put is not embedded again"
        assert await shelved(on) == expected


# ── live ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def live(folder: Path, *, embedder: WordsEmbedder | None = None) -> AsyncIterator[tuple[World, Live]]:
    async with granted(folder, embedder=embedder) as on:
        yield on, Live(library=on.library, ledger=on.ledger, clock=on.clock)


async def test_said_one_by_one_is_kept_like_read_at_once(tmp_path: Path) -> None:
    async with granted(tmp_path / "history") as on:
        await take(on, TALK)
        expected = await texts(on)
    async with live(tmp_path / "live") as (on, hear):
        for message in TALK:
            await hear.hear(message, DEPLOYS)
        assert await texts(on) == expected


async def test_words_said_in_one_go_for_longer_than_is_remembered_are_kept_each_once(tmp_path: Path) -> None:
    messages = [
        said(WEI if n % 2 else LIN, f"Valve {n}", id=f"m{n}", minute=n // 8) for n in range(WINDOW + WINDOW // 2)
    ]
    # Two who talk past each other, each in a thread of their own.
    messages = [replace(message, thread=f"t-{message.author}") for message in messages]
    async with live(tmp_path) as (on, hear):
        for message in messages:
            await hear.hear(message, DEPLOYS)
        assert await pieces(on) == sorted((each.id, each.text) for each in messages if each.author == WEI)


async def test_a_message_that_is_delivered_again_changes_nothing(tmp_path: Path) -> None:
    async with live(tmp_path) as (on, hear):
        for message in TALK:
            await hear.hear(message, DEPLOYS)
        before = await shelved(on)
        for message in TALK:
            assert (await hear.hear(message, DEPLOYS)).changed == 0
        assert await shelved(on) == before


async def test_nothing_is_taken_in_during_a_pause(tmp_path: Path) -> None:
    async with live(tmp_path) as (on, hear):
        await on.ledger.append(Paused(WEI, NOW))
        await hear.hear(TALK[1], DEPLOYS)
        assert await texts(on) == []
        assert on.embedder.read == []


# ── recalled, edited, struck ─────────────────────────────────────────────────────────────────────────────────────────


def recall(number: int) -> Recalled:
    return Recalled(f"m{number}", SOURCE)


@pytest.mark.promise("C7")
@pytest.mark.parametrize(
    ("recalled", "left"),
    [
        pytest.param(2, "It asks for the release number\nThen watch the error rate for ten minutes", id="the first"),
        pytest.param(3, "Roll back with make rollback\nThen watch the error rate for ten minutes", id="in the middle"),
        pytest.param(4, "Roll back with make rollback\nIt asks for the release number", id="the last"),
    ],
)
async def test_of_a_passage_only_what_was_recalled_goes(tmp_path: Path, recalled: int, left: str) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        others = [passage for passage in await shelved(on) if f"m{recalled}" not in passage.messages]
        read = len(on.embedder.read)
        # The live window knows nothing of what was gathered before the program was started.
        hear = Live(library=on.library, ledger=on.ledger, clock=on.clock)
        await hear.hear(recall(recalled), DEPLOYS)
        (rest,) = [passage for passage in await shelved(on) if passage not in others]
        assert rest.text == left
        assert set(others) < set(await shelved(on))
        assert on.embedder.read[read:] == [left], "its vector is of what is left alone"


@pytest.mark.promise("C7")
async def test_what_is_left_of_a_passage_is_what_would_be_cut_without_the_recalled_message(tmp_path: Path) -> None:
    for n in (2, 3, 4):
        async with granted(tmp_path / f"recalled-{n}") as on:
            await take(on, TALK)
            await on.library.forget(WEI, {f"m{n}"})
            left = await shelved(on)
            assert (await take(on, [message for message in TALK if message.id != f"m{n}"])).changed == 0
            assert await shelved(on) == left


@pytest.mark.promise("C7")
async def test_the_last_word_of_a_passage_leaves_no_lone_agreement_behind(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        await on.library.forget(WEI, {"m7"})
        assert "ok" not in " ".join(await texts(on)).split()


@pytest.mark.promise("C4")
@pytest.mark.promise("C7")
async def test_topic_terms_that_only_the_recalled_words_let_in_go_with_them(tmp_path: Path) -> None:
    messages = talk(
        "wei: The zanzibar cluster and the wallet are ours",
        "later",
        "wei: The wallet is drained every night",
        "later",
        "lin: what do we do when the wallet of zanzibar fails?",
        "wei: Call the person on duty first",
    )
    async with granted(tmp_path) as on:
        await take(on, messages)
        (duty,) = [passage for passage in await shelved(on) if passage.messages == ("m4",)]
        assert {"zanzibar", "wallet"} <= set(duty.topics)
        await on.library.forget(WEI, {"m1"})
        (after,) = [passage for passage in await shelved(on) if passage.messages == ("m4",)]
        assert "zanzibar" not in after.topics
        assert "wallet" in after.topics, "another passage says it still"
        assert (after.id, after.text) == (duty.id, duty.text)


@pytest.mark.promise("C7")
async def test_a_recalled_message_can_be_forgotten_where_the_embedder_fails(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
    async with granted(tmp_path, embedder=Breaking(works_for=0)) as on:
        await on.library.forget(WEI, {"m2"})
        assert "It asks for the release number\nThen watch the error rate for ten minutes" in await texts(on)
        assert "make rollback" not in " ".join(await texts(on))


@pytest.mark.promise("C7")
async def test_a_message_recalled_during_a_pause_is_forgotten_and_its_neighbours_stay(tmp_path: Path) -> None:
    async with live(tmp_path) as (on, hear):
        await take(on, TALK)
        await on.ledger.append(Paused(WEI, NOW))
        await hear.hear(recall(3), DEPLOYS)
        assert "Roll back with make rollback\nThen watch the error rate for ten minutes" in await texts(on)


class Waiting(WordsEmbedder):
    """Begins to embed, and goes on only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let = asyncio.Event(), asyncio.Event()

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.begun.set()
        await self.let.wait()
        return await super().passages(texts)


@pytest.mark.promise("C7")
async def test_a_message_recalled_while_it_is_being_gathered_is_not_shelved_afterwards(tmp_path: Path) -> None:
    embedder = Waiting()
    async with live(tmp_path, embedder=embedder) as (on, hear), asyncio.TaskGroup() as tasks:
        said_before = tasks.create_task(hear.hear(TALK[1], DEPLOYS))
        await embedder.begun.wait()
        recalled = tasks.create_task(hear.hear(recall(2), DEPLOYS))
        # It has to wait its turn. Given the time it would take to forget at once, it is still waiting.
        await asyncio.wait([recalled], timeout=0.3)
        embedder.let.set()
        await asyncio.wait([said_before, recalled])
        assert await texts(on) == []


@pytest.mark.promise("C7")
async def test_an_edited_message_is_read_again_and_its_neighbours_stay(tmp_path: Path) -> None:
    async with live(tmp_path) as (on, hear):
        for message in TALK[:5]:
            await hear.hear(message, DEPLOYS)
        await hear.hear(Edited(replace(TALK[2], text="It asks for the name of the release")), DEPLOYS)
        assert await pieces(on) == [
            ("m2", "Roll back with make rollback"),
            ("m3", "It asks for the name of the release"),
            ("m4", "Then watch the error rate for ten minutes"),
        ]
        for message in TALK[5:]:
            await hear.hear(message, DEPLOYS)
        assert len(await pieces(on)) == 6


@pytest.mark.promise("C7")
async def test_an_edit_of_a_message_from_before_the_program_was_started_is_read_too(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        hear = Live(library=on.library, ledger=on.ledger, clock=on.clock)
        await hear.hear(Edited(replace(TALK[1], text="Roll back with make undo")), DEPLOYS)
        assert ("m2", "Roll back with make undo") in await pieces(on)
        assert "make rollback" not in " ".join(await texts(on))
        assert len(await pieces(on)) == 6


@pytest.mark.promise("B4")
@pytest.mark.promise("B9")
async def test_what_was_struck_is_not_taken_again_by_any_way(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        (struck,) = [passage for passage in await shelved(on) if "m2" in passage.messages]
        await on.library.strike(WEI, {struck.id})
        left = await shelved(on)
        again = await take(on, TALK)
        assert (again.changed, again.dropped["struck"]) == (0, 3)
        hear = Live(library=on.library, ledger=on.ledger, clock=on.clock)
        for message in TALK:
            await hear.hear(message, DEPLOYS)
        await hear.hear(Edited(replace(TALK[1], text="Roll back with make undo")), DEPLOYS)
        assert await shelved(on) == left


# ── what is never kept ───────────────────────────────────────────────────────────────────────────────────────────────


def hidden_in(folder: Path, words: Collection[str]) -> list[str]:
    """Those of these words that some file below the folder has."""
    content = b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return [word for word in words for form in ("utf-8", "utf-16-le") if word.encode(form) in content]


@pytest.mark.promise("C3")
@pytest.mark.promise("C4")
async def test_of_two_hundred_messages_of_others_not_a_word_is_left_anywhere(tmp_path: Path) -> None:
    canaries = [f"canary{n:03}quokka" for n in range(200)]
    messages = []
    for n, canary in enumerate(canaries):
        messages.append(said([LIN, CHEN, None][n % 3], f"I keep {canary} in pump {n}", id=f"o{n}", minute=2 * n))
        messages.append(said(WEI, f"Pump {n} needs a new valve", id=f"w{n}", minute=2 * n + 1))
    async with granted(tmp_path) as on:
        gathered = await take(on, messages[:360])
        hear = Live(library=on.library, ledger=on.ledger, clock=on.clock)
        for message in messages[360:]:
            await hear.hear(message, DEPLOYS)
        kept = await shelved(on)
        assert gathered.kept == 180
        assert len({message for passage in kept for message in passage.messages}) == 200
        everything = repr(kept) + repr(on.embedder.read)
        assert [canary for canary in canaries if canary in everything] == []
        assert await on.library.vocabulary(WEI, {term for canary in canaries for term in terms(canary)}) == frozenset()
        own = {term for passage in kept for term in terms(passage.text)}
        assert {topic for passage in kept for topic in passage.topics} <= own
        assert hidden_in(tmp_path, canaries) == []
    assert hidden_in(tmp_path, canaries) == []


@pytest.mark.promise("C4")
async def test_a_topic_term_is_a_word_that_the_colleague_uses_too(tmp_path: Path) -> None:
    messages = talk(
        "wei: The wallet is drained every night",
        "later",
        "lin: what do we do when the wallet of zanzibar fails?",
        "wei: Call the person on duty first",
    )
    async with granted(tmp_path) as on:
        await take(on, messages)
        (duty,) = [passage for passage in await shelved(on) if passage.messages == ("m3",)]
        assert "wallet" in duty.topics
        assert "zanzibar" not in duty.topics


@pytest.mark.promise("C6")
async def test_secrets_go_before_anything_is_written_or_embedded(tmp_path: Path) -> None:
    key, phone = "AKIAQ3EGRXL7ZK2MVW5D", "13912345678"
    messages = talk(
        f"wei: Deploy with AWS_ACCESS_KEY_ID={key}",
        f"wei: My phone is {phone}",
        "wei: Deploy with make deploy",
    )
    async with granted(tmp_path) as on:
        gathered = await take(on, messages)
        assert await texts(on) == ["Deploy with make deploy"]
        assert not any(secret in repr(on.embedder.read) for secret in (key, phone))
        assert hidden_in(tmp_path, [key, phone]) == []
    assert gathered.dropped == {"sensitive": 2}


@pytest.mark.promise("C1")
@pytest.mark.promise("C2")
async def test_only_granted_sources_are_kept_and_never_a_one_to_one_chat_or_a_marked_place(tmp_path: Path) -> None:
    marked, alone = replace(DEPLOYS, marked=True), replace(DM_LIN, id=DEPLOYS.id)
    async with granted(tmp_path) as on:
        for place in (marked, alone):
            hear = Live(library=on.library, ledger=on.ledger, clock=on.clock)
            await hear.hear(TALK[1], place)
        elsewhere = [replace(message, source=OPS.id.as_source()) for message in TALK]
        gathered = await take(on, elsewhere, OPS.id.as_source())
        assert gathered.dropped == {"not their words": 3, "not granted": 6}
        assert await shelved(on) == ()
        assert on.embedder.read == []


async def test_a_document_is_embedded_with_its_title_and_a_chat_without(tmp_path: Path) -> None:
    document = replace(said(WEI, "Roll back with make rollback", id="d1"), form=Form.DOCUMENT, sent_at=None)
    async with granted(tmp_path) as on:
        await gather(
            SOURCE, [document], place=None, name="Runbook", library=on.library, ledger=on.ledger, clock=on.clock
        )
        await take(on, TALK)
        assert on.embedder.read[0] == "Runbook\nRoll back with make rollback"
        assert "Reports for finance run at six in the morning" in on.embedder.read


@pytest.mark.promise("B3")
@pytest.mark.parametrize(
    ("ticked", "embedded"),
    [
        pytest.param([{"embedder"}, {"embedder"}], 3, id="in both grants"),
        pytest.param([{"embedder"}, set()], 0, id="in the first grant"),
        pytest.param([set(), {"embedder"}], 0, id="in the second grant"),
    ],
)
async def test_an_outside_embedder_reads_only_what_every_grant_of_the_source_lets_it(
    tmp_path: Path, ticked: Sequence[Collection[str]], embedded: int
) -> None:
    audiences: Sequence[Audience] = (ACME, OPS.id)
    grants = [
        replace(grant(SOURCE, audience, id=f"g{n}"), recipients=frozenset(recipients))
        for n, (audience, recipients) in enumerate(zip(audiences, ticked, strict=True))
    ]
    async with granted(tmp_path, *grants, embedder=WordsEmbedder(recipient="embedder")) as on:
        await take(on, TALK)
        assert len(on.embedder.read) == embedded
        assert len(await texts(on)) == 3, "its words alone find it"


async def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    messages = [said(WEI, f"Note {n} is about shelf {n}", id=f"s{n}", minute=n * 60) for n in range(BATCH + 1)]
    async with granted(tmp_path) as on:
        await gather(
            SOURCE,
            messages,
            place=DEPLOYS,
            name="deploys",
            library=on.library,
            ledger=on.ledger,
            clock=on.clock,
            progress=lambda done, total: told.append((done, total)),
        )
    assert told == [(BATCH, BATCH + 1), (BATCH + 1, BATCH + 1)]


# ── erased ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def withdrawn(on: World) -> tuple[int, int]:
    """Passages that went and traces that were found when WEI withdrew."""
    receipt = await withdraw(
        WEI, actor="wei", library=on.library, ledger=on.ledger, clock=on.clock, new_id=on.means.new_id
    )
    assert receipt is not None
    return receipt.passages, receipt.residue


@pytest.mark.promise("B12")
async def test_withdrawing_leaves_no_trace(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        assert await withdrawn(on) == (3, 0)
        assert await on.library.count(WEI) == 0


@pytest.mark.promise("B12")
async def test_the_scan_after_withdrawing_finds_a_copy_that_somebody_left(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
        (tmp_path / "left.bak").write_text("Reports for finance run at six in the morning", encoding="utf-8")
        assert await withdrawn(on) == (3, 1)


def files_of_profiles(folder: Path) -> list[Path]:
    return list(folder.glob("profiles/*/words.db"))


@pytest.mark.promise("B12")
async def test_a_profile_that_cannot_be_read_any_more_can_be_withdrawn(tmp_path: Path) -> None:
    async with granted(tmp_path) as on:
        await take(on, TALK)
    (file,) = files_of_profiles(tmp_path)
    file.write_bytes(b"no database" * 1000)
    async with granted(tmp_path) as on:
        await withdrawn(on)
        assert files_of_profiles(tmp_path) == []
