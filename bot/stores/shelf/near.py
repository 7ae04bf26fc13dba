"""The search by vectors in one profile's file, and what Chroma has been told of it.

Exact wherever the search is restricted to some of the profile's sources, the profile is small, or Chroma cannot answer.
Else Chroma names the nearest of those it knows, and the rest, always few, are searched exactly beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.stores.shelf.file import Connection
from bot.stores.shelf.vectors import Block, Blocks, Floats, Row, floats, nearest

Approximate = Callable[[int, Floats, int], Sequence[tuple[int, float]] | None]
"""Asks Chroma: generation, vector, limit → row numbers and cosines; None where it cannot say now."""

TO_SPARE = 32
"""How many more than needed Chroma is asked for, since it may name passages that are gone."""

TELL_FROM = 1_000
"""Chroma is told of new passages once they are this many: until then, searching them exactly takes 0.1 ms."""

_UNTOLD = 0  # the part of a profile that Chroma has not been told of; sources are numbered from 1


# CROSS JOIN has SQLite read the tables in this order: all vectors as they lie, or the passages of each source in turn.
_SCAN = """
SELECT vector.source, passage.id, passage.name, vector.halves
FROM vector CROSS JOIN passage ON passage.id = vector.passage
WHERE vector.passage > ?1 AND vector.source IN (SELECT value FROM json_each(?2))
AND vector.embedder = ?3 AND length(vector.halves) = ?4
"""
_SEEK = """
SELECT vector.source, passage.id, passage.name, vector.halves
FROM passage CROSS JOIN vector ON vector.passage = passage.id
WHERE passage.id > ?1 AND passage.source IN (SELECT value FROM json_each(?2))
AND vector.embedder = ?3 AND length(vector.halves) = ?4
"""
_SEEKING_COSTS = 4  # times as much, while a page holds four vectors


@dataclass(frozen=True, slots=True)
class Source:
    """A source by its number in the file, and what is kept of it."""

    id: int
    passages: int
    length: int
    vectors: int
    newest_vector: int


@dataclass(frozen=True, slots=True)
class State:
    """How far the derived things are. `removals` counts the times that passages went.

    Chroma's directory is named by `generation` and made for the vectors of one `embedder`; it has been told of all of
    them up to row `told_to`, `told` in number. `stale` of those that it may know have been replaced: it still does.
    """

    removals: int
    generation: int
    embedder: str
    told_to: int
    told: int
    stale: int


def state(connection: Connection) -> State:
    return State(
        *connection.execute("SELECT removals, generation, embedder, told_to, told, stale FROM state").fetchone()
    )


@dataclass(frozen=True, slots=True)
class Overview:
    """The file's state and its sources by name, as of `version`: another one when anybody has written since."""

    version: tuple[int, int]
    state: State
    sources: dict[str, Source]

    @property
    def vectors(self) -> int:
        return sum(source.vectors for source in self.sources.values())


def overview(connection: Connection, known: Overview | None = None) -> Overview:
    """What is in the file now; what is known of it already is not read again where nobody wrote since."""
    version = (connection.execute("PRAGMA data_version").fetchone()[0], connection.total_changes)
    if known is not None and known.version == version:
        return known
    rows = connection.execute("SELECT name, id, passages, length, vectors, newest_vector FROM source ORDER BY id")
    return Overview(version, state(connection), {name: Source(*figures) for name, *figures in rows})


def search(
    connection: Connection,
    profile: str,
    seen: Overview,
    vector: Floats,
    within: Collection[str],
    *,
    embedder: str,
    blocks: Blocks,
    approximate: Approximate,
    chroma_from: int,
    limit: int,
) -> list[tuple[float, str]]:
    """Cosine and id of the `limit` nearest in these sources, in no order."""
    kept = {name: source for name, source in seen.sources.items() if source.vectors}
    held = _Held(connection, profile, embedder, len(vector), seen.state.removals, seen.vectors, blocks)
    if kept.keys() <= set(within) and held.total >= chroma_from:
        found = _with_chroma(held, seen.state, kept.values(), vector, approximate, limit)
        if found is not None:
            return found
    return nearest(held.sources([source for name, source in kept.items() if name in within]), vector, limit)


def _with_chroma(
    held: _Held,
    now: State,
    kept: Collection[Source],
    vector: Floats,
    approximate: Approximate,
    limit: int,
) -> list[tuple[float, str]] | None:
    """As `search`; None where Chroma cannot answer, or too few of its answers still stand."""
    hits = approximate(now.generation, vector, limit + TO_SPARE)
    if hits is None:
        return None
    names = dict(
        held.connection.execute(
            "SELECT id, name FROM passage WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([row for row, _ in hits]),),
        ).fetchall()
    )
    found = [(cosine, names[row]) for row, cosine in hits if row in names][:limit]
    found += nearest([held.untold(now.told_to, kept)], vector, limit)
    return found if len(found) >= min(limit, held.total) else None


@dataclass(frozen=True, slots=True)
class _Held:
    """The profile's blocks, brought up to date with its file as they are asked for."""

    connection: Connection
    profile: str
    embedder: str
    dimensions: int
    removals: int
    total: int
    blocks: Blocks

    def sources(self, sources: Sequence[Source]) -> list[Block]:
        blocks = self._valid([source.id for source in sources], after=0)
        stale = [source for source in sources if blocks[source.id].newest < source.newest_vector]
        fresh = [source for source in stale if blocks[source.id].newest == 0]
        if fresh:
            rows = self._read(0, fresh)
            # In one piece of memory: many small ones take half as long again to scan.
            matrix = floats([halves for each in rows.values() for _, _, halves in each], self.dimensions)
            start = 0
            for source in fresh:
                end = start + len(rows[source.id])
                blocks[source.id].fill(rows[source.id], matrix[start:end])
                start = end
        if grown := [source for source in stale if source not in fresh]:
            # Read from where the first of them grew.
            rows = self._read(min(blocks[source.id].newest for source in grown), grown)
            for source in grown:
                block = blocks[source.id]
                block.extend([row for row in rows[source.id] if row[0] > block.newest])
        for source in stale:
            blocks[source.id].newest = source.newest_vector
        if stale:
            self.blocks.keep(self.profile, blocks)
        return list(blocks.values())

    def untold(self, told_to: int, sources: Collection[Source]) -> Block:
        """What Chroma has not been told of yet, of all sources together."""
        blocks = self._valid([_UNTOLD], after=told_to)
        newest = max(source.newest_vector for source in sources)
        if blocks[_UNTOLD].newest < newest:
            for rows in self._read(blocks[_UNTOLD].newest, sources).values():
                blocks[_UNTOLD].extend(rows)
            blocks[_UNTOLD].newest = newest
            self.blocks.keep(self.profile, blocks)
        return blocks[_UNTOLD]

    def _valid(self, parts: Sequence[int], *, after: int) -> dict[int, Block]:
        """The blocks in memory; an empty one for each that is not there or is out of date."""
        known, state = self.blocks.of(self.profile), (self.removals, self.dimensions, after)
        valid = {}
        for part in parts:
            block = known.get(part)
            if block is None or (block.removals, block.dimensions, block.after) != state:
                block = Block(self.dimensions, self.removals, after)
            valid[part] = block
        return valid

    def _read(self, after: int, sources: Collection[Source]) -> dict[int, list[Row]]:
        """The vectors of these sources beyond a row, by source."""
        select = _SCAN if sum(source.vectors for source in sources) * _SEEKING_COSTS >= self.total else _SEEK
        values = (after, json.dumps([source.id for source in sources]), self.embedder, 2 * self.dimensions)
        rows: dict[int, list[Row]] = {source.id: [] for source in sources}
        for source, row, name, halves in self.connection.execute(select, values):
            rows[source].append((row, name, halves))
        return rows


def many_untold(connection: Connection, told_to: int) -> bool:
    """Whether enough passages came since for Chroma to be told."""
    rows = connection.execute("SELECT 1 FROM passage WHERE id > ? LIMIT 1 OFFSET ?", (told_to, TELL_FROM - 1))
    return rows.fetchone() is not None


def some_told(connection: Connection, embedder: str, told_to: int) -> list[int]:
    """A few rows that Chroma must know, the last and the first: what a kill loses is at either end."""
    rows = connection.execute(
        "SELECT passage FROM (SELECT min(passage) AS passage FROM vector WHERE passage <= ?1 AND embedder = ?2 UNION"
        " SELECT max(passage) FROM vector WHERE passage <= ?1 AND embedder = ?2) WHERE passage IS NOT NULL",
        (told_to, embedder),
    )
    return [row for (row,) in rows]


def untold(connection: Connection, embedder: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    """What Chroma is to be told next: row numbers and vectors, in order."""
    return connection.execute(
        "SELECT passage, halves FROM vector WHERE passage > ? AND embedder = ? ORDER BY passage LIMIT ?",
        (after, embedder, limit),
    ).fetchall()


def begin_telling(connection: Connection, now: State, to: int) -> bool:
    """Note what Chroma is about to be told: from here on it may know that. False, and nothing noted, if any of that may
    be gone since it was looked up."""
    return bool(
        connection.execute(
            "UPDATE state SET telling_to = ? WHERE generation = ? AND removals = ?", (to, now.generation, now.removals)
        ).rowcount
    )


def end_telling(connection: Connection, now: State, to: int, number: int) -> None:
    """Note what Chroma knows by now, unless its directory is over."""
    connection.execute(
        "UPDATE state SET told_to = ?, told = told + ? WHERE generation = ?", (to, number, now.generation)
    )


def begin_generation(connection: Connection, embedder: str) -> None:
    """Forget what Chroma was told: its directory is to be made anew."""
    connection.execute(
        "UPDATE state SET generation = generation + 1, embedder = ?, telling_to = 0, told_to = 0, told = 0, stale = 0",
        (embedder,),
    )
