"""The shelf on a disk: what it finds, what it forgets, and what it does when files, processes or Chroma break."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
import pytest
import sqlcipher3.dbapi2 as sqlcipher

from bot.core.passages import Passage, Piece
from bot.core.people import PersonId, SourceId
from bot.errors import SetupError, ShelfDamaged
from bot.ports import Shelf, Shelved, Within
from bot.stores.shelf import DiskShelf
from bot.stores.shelf.chroma import Chroma
from bot.stores.shelf.profiles import profile_of
from bot.stores.shelf.words import encode
from tests.cast import DEPLOYS, LIN, NOW, OPS, WEI

OPS_CHAT, DEPLOYS_CHAT, DOCUMENT = OPS.id.as_source(), DEPLOYS.id.as_source(), SourceId("local", "acme", "guide.md")
BOTH = {WEI: frozenset({OPS_CHAT, DEPLOYS_CHAT})}
DIMENSIONS = 16
ROOT = Path(__file__).parent.parent

Made = Callable[..., DiskShelf]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Made]:
    """Makes shelves on one data directory; two of them are to each other as two processes are."""
    made: list[DiskShelf] = []

    def make(data: Path = tmp_path, **settings: Any) -> DiskShelf:
        made.append(DiskShelf(data, **{"embedder": "test", **settings}))
        return made[-1]

    yield make
    for shelf in made:
        await shelf.close()


@pytest.fixture
def shelf(make: Made) -> DiskShelf:
    return make()


def vector(seed: int) -> list[float]:
    drawn = np.random.default_rng(seed).standard_normal(DIMENSIONS)
    return [float(each) for each in drawn / np.linalg.norm(drawn)]


def shelved(
    name: str,
    text: str = "roll back with make rollback",
    *,
    author: PersonId = WEI,
    source: SourceId = OPS_CHAT,
    messages: Sequence[str] = (),
    topics: Sequence[str] = (),
    sent_at: datetime | None = NOW,
    seed: int | None = None,
) -> Shelved:
    """A passage of one message, or of several that share its text; its terms are its words."""
    pieces = tuple(Piece(message, text, sent_at) for message in messages or (f"message of {name}",))
    terms = tuple(" ".join(piece.text for piece in pieces).split())
    passage = Passage(name, author, source, "thread", pieces, tuple(topics))
    return Shelved(passage, terms, tuple(topics), None if seed is None else vector(seed))


SECRET = shelved("zq9id", "zq9first zq9second", messages=["zq9msg"], topics=["zq9top"], seed=900)
"""What tests look for; no other word has "q9" in it."""


def files_below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def bytes_below(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in files_below(folder))


def plainly(path: Path, _key: bytes) -> Connection:
    """Opens without a key, so that a test can see what would be under the encryption."""
    connection: Connection = sqlcipher.connect(path, isolation_level=None, check_same_thread=False)
    return connection


async def names_by_words(shelf: Shelf, terms: Sequence[str], within: Within = BOTH, limit: int = 10) -> list[str]:
    return [match.passage for match in (await shelf.matching(terms, within, limit=limit)).found]


async def names_by_vector(shelf: Shelf, seed: int, within: Within = BOTH, limit: int = 10) -> list[str]:
    return [near.passage for near in await shelf.nearest(vector(seed), within, limit=limit)]


# ── putting and reading ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_put_is_read_as_it_was_whatever_characters_it_has(shelf: Shelf) -> None:
    shanghai = timezone(timedelta(hours=8))
    pieces = (
        Piece(
            "om_1", "回滚用 make rollback 🙏\u200b\u202e", datetime(2026, 5, 3, 18, 30, 1, 250, shanghai), "https://x/1"
        ),
        Piece("om_2", "NUL \0 and half of a pair \ud83d", None),
    )
    passage = Passage("p1", WEI, OPS_CHAT, "root:1", pieces, ("部署", "roll-back"))
    await shelf.put(WEI, [Shelved(passage, ("回滚", "\ud83d"), ("部署",), None)])
    assert await shelf.read({WEI: ["p1"]}) == [passage]
    assert await names_by_words(shelf, ["\ud83d"]) == ["p1"]


async def test_the_same_put_twice_changes_nothing_and_another_text_replaces(shelf: Shelf) -> None:
    first = [shelved("p1", seed=1), shelved("p2", seed=2)]
    assert await shelf.put(WEI, first) == 2
    assert await shelf.put(WEI, first) == 0
    assert await shelf.put(WEI, [shelved("p1", "never roll back", seed=3), first[1]]) == 1
    assert await shelf.count(WEI) == 2
    assert await names_by_words(shelf, ["never"]) == ["p1"]
    assert await names_by_words(shelf, ["rollback"]) == ["p2"]
    assert (await names_by_vector(shelf, 3))[0] == "p1"


async def test_a_put_is_all_or_none(shelf: Shelf) -> None:
    await shelf.put(WEI, [shelved("p1")])
    broken = Shelved(Passage("\ud83d", WEI, OPS_CHAT, "t", (Piece("m", "x", None),)), ("x",), (), None)
    with pytest.raises(UnicodeEncodeError):
        await shelf.put(WEI, [shelved("p2"), broken])
    assert await shelf.count(WEI) == 1
    assert await shelf.put(WEI, [shelved("p2")]) == 1


@pytest.mark.promise("C3")
async def test_nobody_elses_words_are_put_into_a_profile(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="not by the colleague"):
        await shelf.put(WEI, [shelved("p1"), shelved("p2", author=LIN)])
    assert await shelf.count(WEI) == 0


async def test_a_vector_that_is_not_finite_is_not_put(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="not finite"):
        await shelf.put(WEI, [Shelved(shelved("p1").passage, ("x",), (), [float("nan")] * DIMENSIONS)])
    assert await shelf.count(WEI) == 0


async def test_browsing_is_oldest_first_and_a_replaced_passage_keeps_its_place(shelf: Shelf) -> None:
    later = NOW + timedelta(hours=1)
    await shelf.put(
        WEI,
        [
            shelved("new", sent_at=later),
            shelved("same time, first"),
            shelved("same time, second"),
            shelved("document", source=DOCUMENT, sent_at=None),
            shelved("elsewhere", source=DEPLOYS_CHAT),
        ],
    )
    await shelf.put(WEI, [shelved("same time, first", "put differently")])
    browsed = await shelf.browse(WEI, sources=[OPS_CHAT, DOCUMENT])
    assert [passage.id for passage in browsed] == ["document", "same time, first", "same time, second", "new"]


async def test_messages_tell_which_passages_they_were_cut_into(shelf: Shelf) -> None:
    await shelf.put(WEI, [shelved("p1", messages=["m1", "m2"]), shelved("p2", messages=["m2"])])
    cut = await shelf.cut_into(WEI, ["m1", "m2", "m3"])
    assert cut == {"m1": frozenset({"p1"}), "m2": frozenset({"p1", "p2"})}


@pytest.mark.promise("C4")
async def test_the_vocabulary_is_that_of_the_text_and_not_of_the_topics(shelf: Shelf) -> None:
    await shelf.put(WEI, [shelved("p1", "回滚 make-rollback Make", topics=["部署"])])
    asked = ["回滚", "make-rollback", "make", "Make", "部署", '"', "", "rollback"]
    assert await shelf.vocabulary(WEI, asked) == {"回滚", "make-rollback", "Make"}


async def test_a_profile_that_holds_nothing_is_as_good_as_empty_and_leaves_no_trace(
    shelf: Shelf, tmp_path: Path
) -> None:
    assert await shelf.count(WEI) == await shelf.erase(WEI) == await shelf.strike(WEI, ["p1"]) == 0
    assert await shelf.nearest(vector(1), BOTH, limit=3) == []
    assert (await shelf.matching(["x"], BOTH, limit=3)).having == (0,)
    assert await shelf.read({WEI: ["p1"]}) == []
    assert not files_below(tmp_path)


# ── searching ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def fill(shelf: Shelf, author: PersonId, number: int, *, start: int = 0) -> None:
    """Passages with a vector each, in turn in one of two chats."""
    await shelf.put(
        author,
        [
            shelved(
                f"{author.user}{at}",
                f"word{at} all even{at % 2}",
                author=author,
                source=(OPS_CHAT, DEPLOYS_CHAT)[at % 2],
                seed=at,
            )
            for at in range(start, start + number)
        ],
    )


def exactly(query: int, within: Iterable[tuple[str, int]], limit: int) -> list[str]:
    """Names by cosine of vectors from these seeds, computed the plain way."""
    scored = [(-float(np.dot(vector(seed), vector(query))), name) for name, seed in within]
    return [name for _, name in sorted(scored)[:limit]]


@pytest.mark.parametrize("sources", [{OPS_CHAT}, {OPS_CHAT, DEPLOYS_CHAT}], ids=["one chat", "both"])
async def test_nearest_is_exact_over_the_sources_allowed_and_follows_every_change(
    shelf: Shelf, sources: set[SourceId]
) -> None:
    within = {WEI: frozenset(sources)}
    step = 3 - len(sources)  # the ops chat has every other one
    for filled in (40, 60):
        await fill(shelf, WEI, filled)
        everything = [(f"wei{at}", at) for at in range(0, filled, step)]
        assert await names_by_vector(shelf, 999, within) == exactly(999, everything, 10)
    gone = exactly(999, everything, 4)
    await shelf.strike(WEI, gone[:2])
    await shelf.put(WEI, [shelved(name, seed=500 + at) for at, name in enumerate(gone[2:])])
    everything = [(name, seed) for name, seed in everything if name not in gone]
    everything += [(name, 500 + at) for at, name in enumerate(gone[2:])]
    assert await names_by_vector(shelf, 999, within) == exactly(999, everything, 10)


async def test_a_search_goes_over_several_profiles_each_in_its_own_sources(shelf: Shelf) -> None:
    await fill(shelf, WEI, 20)
    await fill(shelf, LIN, 20, start=20)
    within = {WEI: frozenset({OPS_CHAT}), LIN: frozenset({DEPLOYS_CHAT})}
    allowed = [(f"wei{at}", at) for at in range(0, 20, 2)] + [(f"lin{at}", at) for at in range(21, 40, 2)]
    assert await names_by_vector(shelf, 999, within) == exactly(999, allowed, 10)
    matches = await shelf.matching(["all", "word2", "word1"], within, limit=100)
    assert {match.passage for match in matches.found} == {name for name, _ in allowed}
    assert (matches.passages, matches.total_length, matches.having) == (40, 120, (40, 1, 1))


async def test_no_source_allowed_finds_nothing(shelf: Shelf) -> None:
    await fill(shelf, WEI, 4)
    for within in ({WEI: frozenset[SourceId]()}, {WEI: frozenset({DOCUMENT})}, {}):
        assert await shelf.nearest(vector(1), within, limit=3) == []
        assert (await shelf.matching(["all"], within, limit=3)).found == ()


async def test_matching_counts_each_term_in_the_text_and_in_the_topics(shelf: Shelf) -> None:
    await shelf.put(
        WEI,
        [
            shelved("p1", "回滚 make make rollback", topics=["部署", "make"]),
            shelved("p2", "部署 first"),
            shelved("p3", "nothing of it", source=DEPLOYS_CHAT),
        ],
    )
    matches = await shelf.matching(["make", "部署", "absent", "make"], BOTH, limit=10)
    counted = {match.passage: (match.counts, match.topic_counts, match.length) for match in matches.found}
    assert counted == {"p1": ((2, 0, 0, 2), (1, 1, 0, 1), 4), "p2": ((0, 1, 0, 0), (0, 0, 0, 0), 2)}
    assert (matches.passages, matches.total_length, matches.having) == (3, 9, (1, 2, 0, 1))


async def test_matching_gives_the_best_by_bm25_of_those_allowed(shelf: Shelf) -> None:
    filler = [shelved(f"f{at}", "rollback " + "other " * 20) for at in range(50)]
    best = shelved("best", "rollback rollback now")
    elsewhere = shelved("elsewhere", "rollback rollback rollback", source=DEPLOYS_CHAT)
    await shelf.put(WEI, [*filler, best, elsewhere])
    assert (await names_by_words(shelf, ["rollback"], {WEI: frozenset({OPS_CHAT})}, limit=3))[0] == "best"


AWKWARD = ("回滚", "make-rollback", "v2.3.1", "svc_order", "a/b.py", "c++", 'say"what', "50%", "a b", "Ünï", "OR", "*")


@pytest.mark.parametrize("term", AWKWARD)
async def test_a_term_of_any_characters_is_one_term(shelf: Shelf, term: str) -> None:
    whole = Shelved(shelved("whole").passage, ("before", term, "after"), (), None)
    parts = Shelved(shelved("parts").passage, (f"{term}x", f"x{term}", *re.split(r"[\W_]", term)[1:]), (), None)
    await shelf.put(WEI, [whole, parts])
    matches = await shelf.matching([term], BOTH, limit=10)
    assert ("whole", (1,)) in [(match.passage, match.counts) for match in matches.found]
    assert matches.having == (len(matches.found),)


def test_terms_that_differ_are_encoded_differently() -> None:
    terms = ["a b", "a%20b", "a%20.b", "A", "a", "%61.", "a\0", "\ud83d", "%", "", "é", "É"]
    assert len({encode(term) for term in terms}) == len(terms)


async def test_the_commonest_terms_are_not_followed_where_rarer_ones_are_enough(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stores.shelf.words.BUDGET", 10)
    await fill(shelf, WEI, 30)
    matches = await shelf.matching(["all", "even1", "word3", "absent"], BOTH, limit=10)
    assert [match.passage for match in matches.found] == ["wei3"]
    assert matches.found[0].counts == (1, 1, 1, 0)
    assert matches.having == (30, 15, 1, 0)
    assert len(await names_by_words(shelf, ["all"])) == 10


async def test_without_a_vector_a_passage_is_found_by_its_words_alone(shelf: Shelf) -> None:
    await shelf.put(WEI, [shelved("p1", seed=1), shelved("p2")])
    assert await names_by_vector(shelf, 1) == ["p1"]
    assert set(await names_by_words(shelf, ["rollback"])) == {"p1", "p2"}


async def test_vectors_of_another_embedder_are_not_compared(make: Made) -> None:
    await make(embedder="before").put(WEI, [shelved("p1", seed=1)])
    now = make(embedder="now")
    assert await names_by_vector(now, 1) == []
    assert await now.put(WEI, [shelved("p1", seed=1)]) == 1
    assert await names_by_vector(now, 1) == ["p1"]


async def test_more_profiles_than_may_be_open_are_searched_all_the_same(make: Made) -> None:
    shelf = make(max_open=2, vector_bytes=1)
    people = [PersonId("local", "acme", f"person{at}") for at in range(6)]
    for at, person in enumerate(people):
        await shelf.put(person, [shelved(person.user, author=person, seed=at)])
    within = {person: frozenset({OPS_CHAT}) for person in people}
    for _ in range(2):
        assert {near.colleague for near in await shelf.nearest(vector(1), within, limit=10)} == set(people)
        assert {match.colleague for match in (await shelf.matching(["make"], within, limit=10)).found} == set(people)


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("B9")
async def test_a_struck_passage_goes_and_its_messages_are_never_taken_again(shelf: Shelf) -> None:
    await shelf.put(WEI, [shelved("p1", messages=["m1", "m2"]), shelved("p2", messages=["m3"])])
    assert await shelf.strike(WEI, ["p1", "unknown"]) == 1
    assert await shelf.put(WEI, [shelved("p3", messages=["m2"]), shelved("p4", messages=["m3", "m4"])]) == 1
    assert [passage.id for passage in await shelf.browse(WEI, sources=[OPS_CHAT])] == ["p2", "p4"]


async def test_what_was_struck_is_known_by_its_message(shelf: DiskShelf, tmp_path: Path) -> None:
    await shelf.put(WEI, [shelved("p1", messages=["m1"])])
    assert await shelf.struck(WEI, ["m1"]) == frozenset()
    await shelf.strike(WEI, ["p1"])
    assert await shelf.struck(WEI, ["m1", "m2"]) == {"m1"}


@pytest.mark.promise("C7")
async def test_a_recalled_message_takes_all_passages_with_it_and_may_be_put_again_as_edited(shelf: Shelf) -> None:
    await shelf.put(WEI, [shelved("p1", messages=["m1", "m2"]), shelved("p2", messages=["m2"]), shelved("p3")])
    assert await shelf.erase_messages(WEI, ["m2", "m9"]) == 2
    assert await shelf.cut_into(WEI, ["m1", "m2"]) == {}
    assert await shelf.put(WEI, [shelved("p2", "as edited", messages=["m2"])]) == 1


async def test_a_source_taken_back_goes_alone(shelf: Shelf) -> None:
    await fill(shelf, WEI, 10)
    assert await shelf.erase_source(WEI, DEPLOYS_CHAT) == 5
    assert await shelf.erase_source(WEI, DEPLOYS_CHAT) == 0
    assert set(await names_by_words(shelf, ["all"])) == {f"wei{at}" for at in range(0, 10, 2)}


def traces(each: Shelved) -> dict[str, bytes]:
    """Everything by which a passage could be told to have been there."""
    text, found = each.passage.text, np.asarray(each.vector)
    return {
        "text": text.encode(),
        "text, UTF-16": text.encode("utf-16-le"),
        "message": each.passage.messages[0].encode(),
        "id": each.passage.id.encode(),
        "a term": each.terms[1].encode(),
        "a topic": each.topic_terms[0].encode(),
        "vector, half": found.astype(np.float16).tobytes(),
        # Chroma keeps what it was told: the halves as single precision.
        "vector, single": found.astype(np.float16).astype(np.float32).tobytes(),
        "vector, as given": found.astype(np.float32).tobytes(),
    }


def found_of(each: Shelved, folder: Path) -> list[str]:
    left = bytes_below(folder)
    return [name for name, trace in traces(each).items() if trace in left]


@pytest.mark.promise("B12")
@pytest.mark.parametrize("how", ["strike", "erase_messages", "erase_source"])
async def test_of_what_was_erased_no_byte_stays_in_the_directory(make: Made, tmp_path: Path, how: str) -> None:
    shelf = make(unlock=plainly)
    secret = replace(SECRET, passage=replace(SECRET.passage, source=DEPLOYS_CHAT))
    await fill(shelf, WEI, 50)
    await shelf.put(WEI, [secret])
    await fill(shelf, WEI, 50, start=50)
    assert {"text", "a term", "vector, half"} <= set(found_of(secret, tmp_path))
    if how == "strike":
        await shelf.strike(WEI, ["zq9id"])
    elif how == "erase_messages":
        await shelf.erase_messages(WEI, ["zq9msg"])
    else:
        await shelf.erase_source(WEI, DEPLOYS_CHAT)
    assert found_of(secret, tmp_path) == []
    left = bytes_below(tmp_path)
    assert b"q9" not in left
    assert (DEPLOYS_CHAT.key.encode() in left) is (how != "erase_source")


@pytest.mark.promise("B12")
async def test_erasing_a_profile_destroys_its_key_and_leaves_no_file(shelf: Shelf, tmp_path: Path) -> None:
    await shelf.put(WEI, [shelved("p1", seed=1)])
    await shelf.put(LIN, [shelved("p2", author=LIN)])
    name = profile_of(WEI)
    key = (tmp_path / "keys" / f"{name}.key").read_bytes()
    assert await shelf.erase(WEI) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [f"{profile_of(LIN)}.key"]
    assert not (tmp_path / "profiles" / name).exists()
    assert key not in bytes_below(tmp_path)
    assert await shelf.count(WEI) == 0
    assert await names_by_vector(shelf, 1) == []
    assert await shelf.put(WEI, [shelved("p1", seed=2)]) == 1
    assert await names_by_vector(shelf, 2) == ["p1"]


@pytest.mark.promise("B12")
async def test_a_backup_of_an_erased_profile_cannot_be_read(shelf: Shelf, make: Made, tmp_path: Path) -> None:
    await shelf.put(WEI, [shelved("p1")])
    shutil.copytree(tmp_path / "profiles", tmp_path / "backup")
    await shelf.erase(WEI)
    await shelf.put(WEI, [shelved("p1")])  # there is a key again, but not that one
    shutil.rmtree(tmp_path / "profiles")
    (tmp_path / "backup").rename(tmp_path / "profiles")
    with pytest.raises(ShelfDamaged):
        await make().count(WEI)


async def test_erasing_can_be_done_again_where_it_was_cut_short(shelf: Shelf, make: Made, tmp_path: Path) -> None:
    await shelf.put(WEI, [shelved("p1")])
    (tmp_path / "keys" / f"{profile_of(WEI)}.key").unlink()
    again = make()
    with pytest.raises(ShelfDamaged, match="no key"):
        await again.put(WEI, [shelved("p2")])
    assert await again.erase(WEI) == 0
    assert not list((tmp_path / "profiles").iterdir())
    assert await again.put(WEI, [shelved("p2")]) == 1


# ── files and keys ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_keys_lie_apart_and_for_the_owner_alone(shelf: Shelf, tmp_path: Path) -> None:
    await shelf.put(WEI, [shelved("p1")])
    (key,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert (stat.S_IMODE(key.stat().st_mode), key.stat().st_size) == (0o600, 32)
    assert WEI.user not in bytes_below(tmp_path).decode("latin-1") + str(files_below(tmp_path))


async def test_the_files_are_encrypted(shelf: Shelf, tmp_path: Path) -> None:
    await shelf.put(WEI, [SECRET])
    assert found_of(SECRET, tmp_path) == []
    assert b"SQLite format 3" not in bytes_below(tmp_path)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 100)


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(0, len(content), 4096):
        content[at + 2000] ^= 0xFF
    path.write_bytes(content)


def other_key(path: Path) -> None:
    (key,) = (path.parents[2] / "keys").iterdir()
    key.write_bytes(bytes(32))


def short_key(path: Path) -> None:
    (key,) = (path.parents[2] / "keys").iterdir()
    key.write_bytes(b"short")


@pytest.mark.parametrize("damage", [cut_off, scribbled, other_key, short_key])
async def test_a_damaged_profile_says_which_it_is_and_no_word_of_it_and_can_be_erased(
    make: Made, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    first = make()
    await first.put(WEI, [shelved(f"p{at}", f"zq9first{at} " * 50, seed=at) for at in range(50)])
    await first.close()
    damage(tmp_path / "profiles" / profile_of(WEI) / "words.db")
    shelf = make()
    await shelf.put(LIN, [shelved("p1", author=LIN)])
    for search in (
        lambda: shelf.browse(WEI, sources=[OPS_CHAT]),
        lambda: shelf.nearest(vector(1), {WEI: frozenset({OPS_CHAT})}, limit=100),
    ):
        with pytest.raises(ShelfDamaged) as raised:
            await search()
        assert profile_of(WEI) in str(raised.value)
        assert "zq9" not in str(raised.value)
    assert await shelf.count(LIN) == 1
    await shelf.erase(WEI)
    assert await shelf.put(WEI, [shelved("p1")]) == 1


async def test_a_folder_that_may_not_be_written_is_the_operators_to_mend(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("a file where a folder belongs")
    with pytest.raises(SetupError, match="see to space and rights"):
        await shelf.put(WEI, [shelved("p1")])


async def test_a_file_of_a_later_version_is_left_alone(make: Made, tmp_path: Path) -> None:
    first = make(unlock=plainly)
    await first.put(WEI, [shelved("p1")])
    await first.close()
    connection = plainly(tmp_path / "profiles" / profile_of(WEI) / "words.db", b"")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SetupError, match="later"):
        await make(unlock=plainly).count(WEI)


# ── two processes ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_another_process_sees_what_was_put_and_what_was_erased_at_once(make: Made) -> None:
    here, there = make(), make()
    await fill(here, WEI, 20)
    assert await names_by_vector(there, 3) == await names_by_vector(here, 3)
    await fill(here, WEI, 20, start=20)
    assert (await names_by_vector(there, 33))[0] == "wei33"
    await here.erase_messages(WEI, ["message of wei33"])
    assert "wei33" not in await names_by_vector(there, 33, limit=100)
    assert await names_by_words(there, ["word33"]) == []
    await here.put(WEI, [shelved("wei3", "put differently", source=DEPLOYS_CHAT, seed=77)])
    assert (await names_by_vector(there, 77))[0] == "wei3"


@pytest.mark.promise("B12")
async def test_another_process_that_has_the_profile_open_sees_nothing_of_it_once_erased(make: Made) -> None:
    here, there = make(), make()
    await fill(here, WEI, 20)
    assert await names_by_vector(there, 3)
    await here.erase(WEI)
    assert await names_by_vector(there, 3) == []
    assert await there.count(WEI) == 0
    await here.put(WEI, [shelved("again", seed=3)])
    assert await names_by_vector(there, 3) == ["again"]
    assert await there.put(WEI, [shelved("there", seed=4)]) == 1
    assert await here.count(WEI) == 2


async def test_nothing_acknowledged_is_lost_or_doubled_when_the_process_is_killed(make: Made, tmp_path: Path) -> None:
    acknowledged = 0
    for acknowledge in (3, 5, 4):
        child = subprocess.Popen(  # noqa: ASYNC220, S603  (nothing else runs in this loop; our own module)
            [sys.executable, "-m", "tests.crash_shelf", str(tmp_path), str(acknowledged), "0"],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert child.stdout is not None
        with child, child.stdout as lines:
            for _ in range(acknowledge):
                acknowledged = int(lines.readline())
            child.kill()
        shelf = make()
        kept = [passage.id for passage in await shelf.browse(LIN, sources=[OPS_CHAT])]
        assert len(kept) == len(set(kept)) == await shelf.count(LIN)
        assert set(kept) >= {f"p{at}" for at in range(acknowledged)}
        assert len((await shelf.matching(["all"], {LIN: frozenset({OPS_CHAT})}, limit=1000)).found) == len(kept)
        assert len(await shelf.nearest(vector(1), {LIN: frozenset({OPS_CHAT})}, limit=1000)) == len(kept)


# ── Chroma ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def chroma_below(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "profiles" / profile_of(WEI) / "chroma").glob("*") if path.is_dir()]


@pytest.mark.promise("B12")
async def test_chroma_answers_unrestricted_searches_forgets_what_is_erased_and_heals_itself(
    make: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stores.shelf.indexer.BATCH", 1000)
    filling = make()
    await fill(filling, WEI, 79)
    await filling.put(WEI, [SECRET])
    await fill(filling, WEI, 1, start=79)
    shelf = make(chroma_from=50)
    everything = [(f"wei{at}", at) for at in range(80)]
    await names_by_vector(shelf, 1)
    await shelf.settle()
    (before,) = chroma_below(tmp_path)
    assert found_of(SECRET, before) == ["vector, single"]
    asked = shelf._index.nearest(WEI, int(before.name), np.asarray(vector(900), dtype=np.float32), 1)
    assert asked is not None
    assert asked[0][1] == pytest.approx(1, abs=0.001)
    # What is new is found before Chroma is told of it, and what was replaced is not found though Chroma knows it.
    await shelf.put(WEI, [shelved("newest", seed=901), shelved("zq9id", messages=["zq9msg"], seed=902)])
    everything = [("newest", 901), ("zq9id", 902), *everything]
    for query in (1, 900, 901, 902):
        assert await names_by_vector(shelf, query) == exactly(query, everything, 10)

    # What it knows of the words before they were replaced goes too.
    assert await shelf.erase_messages(WEI, ["zq9msg"]) == 1
    assert before not in chroma_below(tmp_path)
    await shelf.settle()
    everything.remove(("zq9id", 902))
    assert found_of(SECRET, tmp_path) == []
    assert await names_by_vector(shelf, 900) == exactly(900, everything, 10)
    await shelf.close()

    (broken,) = chroma_below(tmp_path)
    for path in files_below(broken):
        path.write_bytes(b"no vectors here")
    again = make(chroma_from=50)
    assert await names_by_vector(again, 3) == exactly(3, everything, 10)
    await again.settle()
    assert chroma_below(tmp_path) not in ([broken], [])
    assert "made again" in caplog.text
    assert await names_by_vector(again, 3) == exactly(3, everything, 10)
    # Chroma's process dies, and with it every answer that it would give.
    assert again._index._chroma._process is not None
    again._index._chroma._process.kill()
    assert await names_by_vector(again, 3) == exactly(3, everything, 10)
    await again.erase(WEI)
    assert not (tmp_path / "profiles" / profile_of(WEI)).exists()


class Remembering(Chroma):
    """Knows what it is told and starts nothing; `meanwhile` happens while it is being told."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.known: dict[Path, bytes] = {}
        self.meanwhile = meanwhile

    def start(self) -> None:
        pass

    def check(self, directory: Path, told: int, most: int, probes: Sequence[int]) -> bool:
        self.known[directory] = b""
        return True

    def add(self, directory: Path, rows: Sequence[int], halves: bytes) -> None:
        self.meanwhile()
        self.known[directory] += halves

    def drop(self, directory: Path) -> None:
        self.known.pop(directory, None)


@pytest.mark.promise("B12")
async def test_words_that_are_replaced_while_chroma_is_told_of_them_are_forgotten_with_those_that_replaced_them(
    make: Made,
) -> None:
    filling, shelf = make(), make(chroma_from=10)
    await fill(filling, WEI, 10)
    await filling.put(WEI, [SECRET])

    async def put_later() -> None:
        await filling.put(WEI, [replace(SECRET, vector=vector(901))])

    chroma = shelf._index._chroma = Remembering(lambda: asyncio.run(put_later()))
    await names_by_vector(shelf, 1)
    await shelf.settle()
    assert traces(SECRET)["vector, half"] in b"".join(chroma.known.values())
    assert await shelf.erase_messages(WEI, ["zq9msg"]) == 1
    await shelf.settle()
    (known,) = chroma.known.values()
    assert known
    assert traces(SECRET)["vector, half"] not in known


async def test_where_chroma_cannot_start_every_search_is_exact(
    make: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    shelf = make(chroma_from=5)
    await fill(shelf, WEI, 30)
    everything = [(f"wei{at}", at) for at in range(30)]
    for query in (1, 2):
        assert await names_by_vector(shelf, query) == exactly(query, everything, 10)
        await shelf.settle()
    assert caplog.text.count("made again") == 3
    assert profile_of(WEI) in caplog.text


async def test_a_small_profile_has_no_chroma(make: Made, tmp_path: Path) -> None:
    shelf = make(chroma_from=50)
    await fill(shelf, WEI, 49)
    await names_by_vector(shelf, 1)
    await shelf.settle()
    assert chroma_below(tmp_path) == []


def test_chroma_is_imported_in_its_own_process_alone() -> None:
    code = "import sys, bot.stores.shelf; sys.exit('chromadb' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)  # noqa: S603  (our own words)
    assert run.returncode == 0
