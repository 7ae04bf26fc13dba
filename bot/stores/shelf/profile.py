"""One profile's file: its passages written, read and erased.

Everything here is one thread's work at a time; __init__.py sees to that. Nothing here knows of consent: what is put has
been admitted, what is asked for is judged elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.core.passages import Passage, Piece
from bot.core.people import PersonId, SourceId
from bot.core.rank import Matches
from bot.errors import PlatformError
from bot.ports import Shelved
from bot.stores.shelf import near, words
from bot.stores.shelf.file import Connection, reading, writing
from bot.stores.shelf.keys import Key
from bot.stores.shelf.vectors import Blocks, Floats, halves


class Profile:
    """A profile's open file. `id` names it on the disk, and in errors."""

    def __init__(
        self,
        id: str,  # noqa: A002  (what it is called on the disk)
        colleague: PersonId,
        key: Key,
        connection: Connection,
        embedder: str,
        blocks: Blocks,
    ) -> None:
        self.id, self.colleague, self.key, self.connection = id, colleague, key, connection
        self._embedder, self._blocks = embedder, blocks
        self._figures = words.Figures.none()
        self._seen: near.Overview | None = None

    def close(self) -> None:
        self.connection.close()
        self.key.close()

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, shelved: Sequence[Shelved]) -> int:
        rows = self._rows(shelved)
        with writing(self.connection):
            before = self._known([row.passage.id for row in rows])
            changed = [row for row in rows if row.digest != before.get(row.passage.id, (0, 0, b""))[2]]
            if struck := self._struck({message for row in changed for _, message, *_ in row.pieces}):
                changed = [row for row in changed if struck.isdisjoint(row.passage.messages)]
            replaced = {before[name][0] for row in changed if (name := row.passage.id) in before}
            self._remove(replaced)
            self._insert(changed, {name: position for name, (_, position, _) in before.items()})
            removals = near.state(self.connection).removals
        if replaced:
            self._blocks.discard(self.id, replaced, removals=removals)
        return len(changed)

    def strike(self, passages: Collection[str]) -> int:
        with writing(self.connection):
            rows = [row for row, _, _ in self._known(passages).values()]
            messages = self.connection.execute(
                "SELECT DISTINCT message FROM piece WHERE passage IN (SELECT value FROM json_each(?))",
                (json.dumps(rows),),
            ).fetchall()
            self.connection.executemany(
                "INSERT OR IGNORE INTO tombstone VALUES (?)", [(self._mark(message),) for (message,) in messages]
            )
            removals = self._erase(rows)
        return self._after_erasing(rows, removals)

    def erase_messages(self, messages: Collection[str]) -> int:
        return self._erase_all(
            "SELECT DISTINCT passage FROM piece WHERE message IN (SELECT value FROM json_each(?))",
            json.dumps(list(messages)),
        )

    def erase_source(self, source: SourceId) -> int:
        return self._erase_all(
            "SELECT id FROM passage WHERE source = (SELECT id FROM source WHERE name = ?)", str(source)
        )

    def _rows(self, shelved: Sequence[Shelved]) -> list[_Row]:
        """One row for each id, the last one given. Raises ValueError for words that are not the colleague's own."""
        for each in shelved:
            if each.passage.author != self.colleague:
                raise ValueError(f"passage {each.passage.id} is not by the colleague of profile {self.id}")
        each_once = list({each.passage.id: each for each in shelved}.values())
        vectors = iter(halves([each.vector for each in each_once if each.vector is not None]))
        return [self._row(each, next(vectors) if each.vector is not None else None) for each in each_once]

    def _insert(self, new: Sequence[Row], positions: Mapping[str, int]) -> None:
        sources = self._source_ids({str(row.passage.source) for row in new})
        last = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passage'").fetchone()
        numbered = list(enumerate(new, start=last[0] + 1 if last else 1))
        rows.insert(self.connection, numbered, sources, self._embedder, positions)
        self._tally(
            [
                (sources[str(row.passage.source)], 1, row.length, row.halves is not None, number)
                for number, row in numbered
            ]
        )

    def _remove(self, numbers: Collection[int]) -> None:
        """Take passages out, inside a transaction."""
        if not numbers:
            return
        gone = self.connection.execute(
            "SELECT passage.source, -1, -length, -(vector.passage IS NOT NULL), passage.id"
            " FROM passage LEFT JOIN vector ON vector.passage = passage.id"
            " WHERE passage.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        ).fetchall()
        self._tally(gone)
        rows.delete(self.connection, numbers)
        self.connection.executemany(
            "UPDATE state SET stale = stale + 1 WHERE told_to >= ?",
            [(number,) for _, _, _, vectors, number in gone if vectors],
        )
        self.connection.execute("UPDATE state SET removals = removals + 1")

    def _tally(self, changes: Iterable[tuple[int, int, int, int, int]]) -> None:
        """Keep the sources' figures. Each change: source; what came (negative: went) of passages, length and vectors;
        number of the row."""
        sums: dict[int, list[int]] = {}
        for source, passages, length, vectors, number in changes:
            figures = sums.setdefault(source, [0, 0, 0, 0])
            figures[0] += passages
            figures[1] += length
            figures[2] += vectors
            figures[3] = max(figures[3], number if vectors > 0 else 0)
        self.connection.executemany(
            "UPDATE source SET passages = passages + ?, length = length + ?, vectors = vectors + ?,"
            " newest_vector = max(newest_vector, ?) WHERE id = ?",
            [(*figures, source) for source, figures in sums.items()],
        )

    def _erase_all(self, select: str, value: str) -> int:
        with writing(self.connection):
            rows = [row for (row,) in self.connection.execute(select, (value,))]
            removals = self._erase(rows)
        return self._after_erasing(rows, removals)

    def _erase(self, numbers: Collection[int]) -> int:
        """Take passages out so that nothing of them stays in the file, inside a transaction. Gives state's removals."""
        if numbers:
            self._remove(numbers)
            self.connection.execute("DELETE FROM source WHERE passages = 0")
            # Until its index is written anew, FTS5 keeps the words of what it was told to delete.
            self.connection.execute("INSERT INTO words(words) VALUES ('optimize')")
            # Chroma may know these, or what they have replaced; it cannot forget but as a whole.
            if near.state(self.connection).stale:
                near.begin_generation(self.connection, self._embedder)
        return near.state(self.connection).removals

    def _after_erasing(self, rows: Collection[int], removals: int) -> int:
        if rows:
            self._blocks.discard(self.id, rows, removals=removals)
        # The log holds pages from before. Done even where nothing went: an earlier try may have stopped short of it.
        (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise PlatformError(f"profile {self.id} is being read by another process", retry_after_s=1)
        return len(rows)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def cut_into(self, messages: Collection[str]) -> Mapping[str, frozenset[str]]:
        rows = self.connection.execute(
            "SELECT piece.message, passage.name FROM piece JOIN passage ON passage.id = piece.passage"
            " WHERE piece.message IN (SELECT value FROM json_each(?))",
            (json.dumps(list(messages)),),
        )
        cut: dict[str, set[str]] = {}
        for message, name in rows:
            cut.setdefault(message, set()).add(name)
        return {message: frozenset(names) for message, names in cut.items()}

    def vocabulary(self, terms: Collection[str]) -> frozenset[str]:
        return words.occurring(self.connection, terms)

    def struck(self, messages: Collection[str]) -> frozenset[str]:
        return self._struck(messages)

    def count(self) -> int:
        return sum(source.passages for source in self.overview().sources.values())

    def overview(self) -> near.Overview:
        self._seen = near.overview(self.connection, self._seen)
        return self._seen

    def nearest(
        self,
        vector: Floats,
        sources: Collection[SourceId],
        *,
        approximate: near.Approximate,
        chroma_from: int,
        limit: int,
    ) -> list[tuple[float, str]]:
        with reading(self.connection):
            return near.search(
                self.connection,
                self.id,
                self.overview(),
                vector,
                {str(source) for source in sources},
                embedder=self._embedder,
                blocks=self._blocks,
                approximate=approximate,
                chroma_from=chroma_from,
                limit=limit,
            )

    def matching(self, terms: Sequence[str], sources: Collection[SourceId], *, limit: int) -> Matches:
        with reading(self.connection):
            self._figures.refresh(self.connection)
            kept = self.overview().sources
            return words.search(
                self.connection,
                terms,
                self._figures,
                sources=[kept[name].id for source in sources if (name := str(source)) in kept],
                collected=words.Collected(
                    sum(source.passages for source in kept.values()), sum(source.length for source in kept.values())
                ),
                colleague=self.colleague,
                limit=limit,
            )

    def read(self, names: Collection[str]) -> list[Passage]:
        """In the order asked for."""
        with reading(self.connection):
            rows = [row for row, _, _ in self._known(names).values()]
            found = {passage.id: passage for passage in rows.passages(self.connection, self.colleague, rows)}
        return [found[name] for name in dict.fromkeys(names) if name in found]

    def browse(self, sources: Collection[SourceId]) -> list[Passage]:
        with reading(self.connection):
            rows = self.connection.execute(
                "SELECT passage.id FROM passage JOIN source ON source.id = passage.source"
                " WHERE source.name IN (SELECT value FROM json_each(?))",
                (json.dumps([str(source) for source in sources]),),
            )
            return rows.passages(self.connection, self.colleague, [row for (row,) in rows])

    def _known(self, names: Collection[str]) -> dict[str, tuple[int, int, bytes]]:
        """Row number, position and digest, by id, of those that are there."""
        rows = self.connection.execute(
            "SELECT name, id, position, digest FROM passage WHERE name IN (SELECT value FROM json_each(?))",
            (json.dumps(list(names)),),
        )
        return {name: (id_, position, digest) for name, id_, position, digest in rows}

    def _source_ids(self, names: Collection[str]) -> dict[str, int]:
        """Their numbers, given now where they have none."""
        find = "SELECT name, id FROM source WHERE name IN (SELECT value FROM json_each(?))"
        wanted = (json.dumps(list(names)),)
        known = dict(self.connection.execute(find, wanted).fetchall())
        if len(known) < len(names):
            new = [(name,) for name in sorted(names) if name not in known]
            self.connection.executemany("INSERT INTO source(name) VALUES (?)", new)
            known = dict(self.connection.execute(find, wanted).fetchall())
        return known

    def _struck(self, messages: Collection[str]) -> frozenset[str]:
        """Those of these messages that have a tombstone."""
        if self.connection.execute("SELECT 1 FROM tombstone LIMIT 1").fetchone() is None:
            return frozenset()
        find = "SELECT 1 FROM tombstone WHERE mark = ?"
        return frozenset(
            message for message in messages if self.connection.execute(find, (self._mark(message),)).fetchone()
        )

    def _mark(self, message: str) -> bytes:
        """What a tombstone says of a message: nothing to anyone who does not have its id and this file's salt."""
        (salt,) = self.connection.execute("SELECT salt FROM state").fetchone()
        return hashlib.blake2b(rows.encoded(message), key=salt, digest_size=16).digest()
