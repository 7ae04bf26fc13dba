"""The search by vectors in one profile's file, and what Chroma has been told of it.

Exact wherever the search is restricted to some of the profile's sources, the profile is small, or Chroma cannot answer.
Else Chroma names the nearest of those it knows, and the rest, always few, are searched exactly beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.stores.shelf.file import Connection
from bot.stores.shelf.vectors import Block, Blocks, Floats, nearest

Approximate = Callable[[int, Floats, int], Sequence[tuple[int, float]] | None]
"""Asks Chroma: generation, vector, limit → row numbers and cosines; None where it cannot say now."""

TO_SPARE = 32
"""How many more than needed Chroma is asked for, since it may name passages that are gone."""

TELL_FROM = 1_000
"""Chroma is told of new passages once they are this many: until then, searching them exactly takes 0.1 ms."""

_UNTOLD = 0  # the part of a profile that Chroma has not been told of; sources are numbered from 1


# CROSS JOIN has SQLite read the tables in this order: along the vectors of the source, or along the newest passages.
_OF_SOURCE = """
SELECT passage.id, passage.name, vector.halves FROM vector CROSS JOIN passage ON passage.id = vector.passage
WHERE vector.source = ? AND vector.passage > ? AND vector.embedder = ? AND length(vector.halves) = ?
ORDER BY vector.passage
"""
_OF_ALL = """
SELECT passage.id, passage.name, vector.halves
FROM passage CROSS JOIN vector ON vector.source = passage.source AND vector.passage = passage.id
WHERE passage.id > ? AND vector.embedder = ? AND length(vector.halves) = ?
ORDER BY passage.id
"""


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
    them up to row `told_to`, `told` in number. Of passages that were replaced since, it still knows the old vectors.
    """

    removals: int
    generation: int
    embedder: str
    told_to: int
    told: int


def state(connection: Connection) -> State:
    return State(*connection.execute("SELECT removals, generation, embedder, told_to, told FROM state").fetchone())


def sources(connection: Connection) -> dict[str, Source]:
    rows = connection.execute("SELECT name, id, passages, length, vectors, newest_vector FROM source ORDER BY id")
    return {name: Source(*figures) for name, *figures in rows}


def search(
    connection: Connection,
    profile: str,
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
    now = state(connection)
    kept = {name: source for name, source in sources(connection).items() if source.vectors}
    held = _Held(connection, profile, embedder, len(vector), now.removals, blocks)
    if kept.keys() <= set(within) and sum(source.vectors for source in kept.values()) >= chroma_from:
        found = _with_chroma(held, now, kept.values(), vector, approximate, limit)
        if found is not None:
            return found
    return nearest([held.source(source) for name, source in kept.items() if name in within], vector, limit)


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
    found += nearest([held.untold(now.told_to, max(source.newest_vector for source in kept))], vector, limit)
    return found if len(found) >= min(limit, sum(source.vectors for source in kept)) else None


@dataclass(frozen=True, slots=True)
class _Held:
    """The profile's blocks, brought up to date with its file as they are asked for."""

    connection: Connection
    profile: str
    embedder: str
    dimensions: int
    removals: int
    blocks: Blocks

    def source(self, source: Source) -> Block:
        return self._block(source.id, 0, source.newest_vector, _OF_SOURCE, source.id)

    def untold(self, told_to: int, newest: int) -> Block:
        return self._block(_UNTOLD, told_to, newest, _OF_ALL)

    def _block(self, part: int, after: int, newest: int, select: str, *of: int) -> Block:
        block = self.blocks.get(self.profile, part)
        if block is None or (block.removals, block.dimensions, block.after) != (self.removals, self.dimensions, after):
            block = Block(self.dimensions, self.removals, after)
        if block.newest < newest:
            values = (*of, block.newest, self.embedder, 2 * self.dimensions)
            block.extend(self.connection.execute(select, values).fetchall())
            block.newest = newest
            self.blocks.keep(self.profile, part, block)
        return block


def count_untold(connection: Connection, told_to: int) -> int:
    """How many passages came since."""
    return int(connection.execute("SELECT count(*) FROM passage WHERE id > ?", (told_to,)).fetchone()[0])


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
        "SELECT passage.id, vector.halves FROM passage CROSS JOIN vector"
        " ON vector.source = passage.source AND vector.passage = passage.id"
        " WHERE passage.id > ? AND vector.embedder = ? ORDER BY passage.id LIMIT ?",
        (after, embedder, limit),
    ).fetchall()


def told(connection: Connection, generation: int, to: int, number: int) -> bool:
    """Note what Chroma has been told. False, and nothing noted, where that generation is over."""
    return bool(
        connection.execute(
            "UPDATE state SET told_to = ?, told = told + ? WHERE generation = ?", (to, number, generation)
        ).rowcount
    )


def begin_generation(connection: Connection, embedder: str) -> None:
    """Forget what Chroma was told: its directory is to be made anew."""
    connection.execute("UPDATE state SET generation = generation + 1, embedder = ?, told_to = 0, told = 0", (embedder,))
