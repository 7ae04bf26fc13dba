"""How fast the shelf is, beside what it cannot be faster than; run by hand: `python -m tests.bench.shelf --passages N`.

Words are invented and follow Zipf's law, vectors are random round some thousand centres, all from fixed seeds. Compare
the ratios of one run: times depend on the machine and on who else is using it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import sqlcipher3.dbapi2 as sqlcipher

from bot.core.passages import Passage, Piece
from bot.core.people import PersonId, SourceId
from bot.ports import Shelved
from bot.stores.shelf import DiskShelf, file
from bot.stores.shelf.vectors import Floats

WEI = PersonId("local", "acme", "wei")
SOURCES = [SourceId("local", "acme", f"chat{number}") for number in range(30)]
EVERYWHERE = {WEI: frozenset(SOURCES)}
DIMENSIONS, LENGTH, VOCABULARY = 384, 40, 50_000
NEAREST, MATCHING = 200, 100  # as many as the library asks for
BATCH = 100
START = datetime(2026, 1, 1, tzinfo=UTC)
_ZIPF = 1 / np.arange(1, VOCABULARY + 1)


def vectors(number: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((2_000, DIMENSIONS))
    made = centres[rng.integers(0, len(centres), number)] + 0.7 * rng.standard_normal((number, DIMENSIONS))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def texts(number: int, length: int, seed: int) -> Iterator[tuple[str, ...]]:
    drawn = np.random.default_rng(seed).choice(VOCABULARY, size=(number, length), p=_ZIPF / _ZIPF.sum())
    return (tuple(f"w{word:x}" for word in words) for words in drawn.tolist())


def name(at: int) -> str:
    """Ids come in no order."""
    return hashlib.blake2b(str(at).encode(), digest_size=16).hexdigest()


def passages(number: int) -> list[Shelved]:
    return [
        Shelved(
            Passage(
                name(at),
                WEI,
                SOURCES[at % len(SOURCES)],
                f"thread{at // 10}",
                (Piece(f"om_{name(at)}", " ".join(words), START + timedelta(minutes=at)),),
                words[:3],
            ),
            words,
            words[:3],
            vector,
        )
        for at, (words, vector) in enumerate(zip(texts(number, LENGTH, 1), vectors(number, 1), strict=True))
    ]


def say(what: str, *figures: str) -> None:
    sys.stdout.write(f"{what:<58}" + "  ".join(f"{figure:>16}" for figure in figures) + "\n")
    sys.stdout.flush()


def ms(seconds: Sequence[float], percent: float) -> str:
    return f"p{percent:g} {1e3 * float(np.percentile(seconds, percent)):.1f} ms"


async def timed(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def put_all(shelf: DiskShelf, shelved: Sequence[Shelved]) -> float:
    spent = 0.0
    for at in range(0, len(shelved), BATCH):
        spent += await timed(shelf.put(WEI, shelved[at : at + BATCH]))
    return spent


def put_raw(folder: Path, shelved: Sequence[Shelved]) -> float:
    """From the same passages the same rows into the same tables, by SQLite alone: not encrypted, nothing looked up or
    compared, no terms looked at, no figures kept."""
    connection = sqlcipher.connect(folder / "raw.db", isolation_level=None)
    connection.executescript(file.SETTINGS + file.TABLES + file.WORDS)
    connection.executemany("INSERT INTO source(name) VALUES (?)", [(str(source),) for source in SOURCES])
    started = time.perf_counter()
    rows = []
    for at, each in enumerate(shelved, start=1):
        passage, piece, source = each.passage, each.passage.pieces[0], (at - 1) % len(SOURCES) + 1
        halves = np.asarray(each.vector, dtype=np.float16).tobytes()
        rows.append(
            (
                (at, passage.id, source, passage.thread, str(passage.topics), at, at, LENGTH, bytes(16)),
                (at, 0, piece.message, piece.text.encode(), str(piece.sent_at), None),
                (at, source, "bench", halves),
                (at, " ".join(each.terms), " ".join(each.topic_terms)),
            )
        )
    statements = (
        "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "INSERT INTO piece VALUES (?, ?, ?, ?, ?, ?)",
        "INSERT INTO vector VALUES (?, ?, ?, ?)",
        "INSERT INTO words(rowid, text, topics) VALUES (?, ?, ?)",
    )
    for at in range(0, len(rows), BATCH):
        connection.execute("BEGIN IMMEDIATE")
        for statement, column in zip(statements, zip(*rows[at : at + BATCH], strict=True), strict=True):
            connection.executemany(statement, column)
        connection.execute("COMMIT")
    spent = time.perf_counter() - started
    connection.close()
    return spent


async def writing(folder: Path, shelved: Sequence[Shelved]) -> None:
    """In turns of 2,000 rows, so that both meet the same machine."""
    ours, raw = 0.0, 0.0
    for turn, at in enumerate(range(0, min(len(shelved), 10_000), 2_000)):
        some = shelved[at : at + 2_000]
        (place := folder / f"turn{turn}").mkdir()
        shelf = DiskShelf(place, embedder="bench")
        await shelf.put(WEI, some[:1])  # the file is made
        raw += put_raw(place, some)
        ours += await put_all(shelf, some)
        await shelf.close()
    number = min(len(shelved), 10_000)
    say("durable writes: raw SQLite", f"{number / raw:.0f} rows/s")
    say("durable writes: the shelf (to reach: 0.5 of it)", f"{number / ours:.0f} rows/s", f"{raw / ours:.2f} of it")


async def searching(shelf: DiskShelf, number: int, stored: Floats) -> None:
    queries = vectors(200, 2)
    words = list(texts(200, 6, 3))
    for which, sources in (("all", SOURCES), ("half the", SOURCES[::2]), ("one of the", SOURCES[:1])):
        within = {WEI: frozenset(sources)}
        allowed = np.ascontiguousarray(
            stored[np.isin(np.arange(number) % len(SOURCES), [SOURCES.index(source) for source in sources])]
        )
        await shelf.nearest(queries[0], within, limit=NEAREST)
        await shelf.matching(words[0], within, limit=MATCHING)
        legs: dict[str, list[float]] = {"scan": [], "nearest": [], "matching": [], "both": []}
        for query, terms in zip(queries, words, strict=True):
            started = time.perf_counter()
            cosines = allowed @ query
            np.argpartition(cosines, max(0, len(cosines) - NEAREST))[-NEAREST:]
            legs["scan"].append(time.perf_counter() - started)
            legs["nearest"].append(await timed(shelf.nearest(query, within, limit=NEAREST)))
            legs["matching"].append(await timed(shelf.matching(terms, within, limit=MATCHING)))
            legs["both"].append(legs["nearest"][-1] + legs["matching"][-1])
        say(f"search in {which} sources: numpy scan of allowed rows", ms(legs["scan"], 50), ms(legs["scan"], 95))
        ratio = float(np.median(legs["nearest"]) / np.median(legs["scan"]))
        say("  nearest (to reach: 2 of it)", ms(legs["nearest"], 50), ms(legs["nearest"], 95), f"{ratio:.2f} of it")
        say("  matching, six terms", ms(legs["matching"], 50), ms(legs["matching"], 95))
        say("  both (to reach: p95 15 ms at 10k, 60 ms at 100k)", ms(legs["both"], 50), ms(legs["both"], 95))


async def chroma_against_exact(folder: Path, exact: DiskShelf, number: int) -> None:
    shelf = DiskShelf(folder, embedder="bench", chroma_from=1)
    queries = vectors(100, 4)
    await shelf.nearest(queries[0], EVERYWHERE, limit=NEAREST)
    spent = await timed(shelf.settle())
    say("Chroma: told of everything, live searches going on", f"{number / spent:.0f} rows/s")
    by_chroma, by_scan, shared = [], [], 0
    for query in queries:
        by_scan.append(await timed(exact.nearest(query, EVERYWHERE, limit=NEAREST)))
        by_chroma.append(await timed(shelf.nearest(query, EVERYWHERE, limit=NEAREST)))
        found = [await each.nearest(query, EVERYWHERE, limit=50) for each in (shelf, exact)]
        shared += len({near.passage for near in found[0]} & {near.passage for near in found[1]})
    say("  nearest by exact scan", ms(by_scan, 50), ms(by_scan, 95))
    say("  nearest by Chroma", ms(by_chroma, 50), ms(by_chroma, 95), f"recall@50 {shared / 50 / len(queries):.3f}")
    await shelf.close()


async def lag(stop: asyncio.Event, interval_s: float = 0.005) -> list[float]:
    """How much later than asked the event loop wakes up, each time."""
    late = []
    while not stop.is_set():
        asked = time.perf_counter() + interval_s
        await asyncio.sleep(interval_s)
        late.append(time.perf_counter() - asked)
    return late


async def idling(seconds: float) -> None:
    """The same while nothing is done: what the machine and its other users do to it."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        lags = tasks.create_task(lag(stop))
        await asyncio.sleep(seconds)
        stop.set()
    say("idle: event loop's lag", *(ms(lags.result(), percent) for percent in (50, 99, 100)))


async def living(folder: Path, number: int) -> None:
    """Messages arrive one by one, a question after each, and Chroma is told of all there is from the beginning."""
    shelf = DiskShelf(folder, embedder="bench", chroma_from=1)
    await shelf.erase_messages(WEI, [f"om_{name(number // 2)}"])  # Chroma starts anew
    stop, query = asyncio.Event(), vectors(1, 5)[0]
    putting: list[float] = []
    asking: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        lags = tasks.create_task(lag(stop))
        for each in passages(number + 400)[number:]:
            putting.append(await timed(shelf.put(WEI, [each])))
            asking.append(await timed(shelf.nearest(query, EVERYWHERE, limit=NEAREST)))
        stop.set()
    say("live: event loop's lag (to reach: p99 20 ms)", *(ms(lags.result(), percent) for percent in (50, 99, 100)))
    say("live: put of one message", ms(putting, 50), ms(putting, 95))
    say("live: nearest, after each message", ms(asking, 50), ms(asking, 95))
    await shelf.close()


async def opening_and_erasing(folder: Path) -> None:
    shelf = DiskShelf(folder, embedder="bench")
    query, terms = vectors(1, 6)[0], next(texts(1, 6, 7))
    one = {WEI: frozenset(SOURCES[:1])}
    for what, work in (
        ("cold: count", shelf.count(WEI)),
        ("cold: matching", shelf.matching(terms, EVERYWHERE, limit=MATCHING)),
        ("cold: nearest in 1 source", shelf.nearest(query, one, limit=NEAREST)),
        ("cold: nearest in all", shelf.nearest(query, EVERYWHERE, limit=NEAREST)),
        ("erase one message", shelf.erase_messages(WEI, [f"om_{name(7)}"])),
        ("erase one source", shelf.erase_source(WEI, SOURCES[3])),
        ("erase everything", shelf.erase(WEI)),
    ):
        say(what, f"{1e3 * await timed(work):.1f} ms")
    await shelf.close()


async def many_profiles(folder: Path, number: int) -> None:
    shelf = DiskShelf(folder, embedder="bench", max_open=number)
    people = [PersonId("local", "acme", f"person{at}") for at in range(number)]
    some = passages(20)
    for person in people:
        await shelf.put(
            person, [Shelved(_by(each.passage, person), each.terms, each.topic_terms, each.vector) for each in some]
        )
    await shelf.close()
    shelf = DiskShelf(folder, embedder="bench", max_open=number)
    within = {person: frozenset(SOURCES) for person in people}
    query, terms = vectors(1, 6)[0], next(texts(1, 6, 7))
    for state in ("cold", "warm"):
        say(
            f"{number} profiles, {state}: nearest, matching",
            f"{1e3 * await timed(shelf.nearest(query, within, limit=NEAREST)):.0f} ms",
            f"{1e3 * await timed(shelf.matching(terms, within, limit=MATCHING)):.0f} ms",
        )
    await shelf.close()


def _by(passage: Passage, author: PersonId) -> Passage:
    return Passage(passage.id, author, passage.source, passage.thread, passage.pieces, passage.topics)


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--passages", type=int, default=10_000)
    arguments.add_argument("--profiles", type=int, default=1_000)
    number = arguments.parse_args().passages
    say(f"{number} passages of {LENGTH} terms, {len(SOURCES)} sources, {DIMENSIONS} dimensions")
    shelved = passages(number)
    gc.freeze()  # what is only here to be measured with is not the garbage collector's to walk through meanwhile
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        folder = Path(temporary)
        await writing(folder, shelved)
        exact = DiskShelf(folder / "data", embedder="bench", chroma_from=sys.maxsize)
        await put_all(exact, shelved)
        await searching(exact, number, vectors(number, 1))
        await chroma_against_exact(folder / "data", exact, number)
        await exact.close()
        await idling(5)
        await living(folder / "data", number)
        await opening_and_erasing(folder / "data")
        if profiles := arguments.parse_args().profiles:
            await many_profiles(folder / "many", profiles)
    say("load average, last minute", f"{os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
