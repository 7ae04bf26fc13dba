"""One profile's file: what is put into it, asked of it, and erased from it.

Everything here is one thread's work at a time; profiles.py sees to that. Nothing here knows of consent: what is put has
been admitted, what is asked for is judged elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.core.passages import Passage
from bot.core.people import PersonId, SourceId
from bot.core.rank import Matches
from bot.errors import PlatformError
from bot.ports import Shelved
from bot.stores.shelf import near, words
from bot.stores.shelf.file import Connection, reading, writing
from bot.stores.shelf.keys import Key
from bot.stores.shelf.rows import Row, delete_rows, encoded, insert_rows, read_passages, row_of
from bot.stores.shelf.vectors import Blocks, Floats, halves


class Profile:
    """A profile's open file. `name` is what it is called on the disk, and in errors."""

    def __init__(
        self, name: str, colleague: PersonId, key: Key, connection: Connection, embedder: str, blocks: Blocks
    ) -> None:
        self.name, self.colleague, self.key, self.connection = name, colleague, key, connection
        self._embedder, self._blocks = embedder, blocks
        self._figures = words.Figures.none()
        self._seen: near.Overview | None = None

    def close(self) -> None:
        self.connection.close()
        self.key.close()

    # ── putting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, shelved: Sequence[Shelved]) -> int:
        """Raises ValueError for words that are not the colleague's own. Of two with one id the last counts."""
        for each in shelved:
            if each.passage.author != self.colleague:
                raise ValueError(f"passage {each.passage.id} is not by the colleague of profile {self.name}")
        each_once = list({each.passage.id: each for each in shelved}.values())
        vectors = iter(halves([each.vector for each in each_once if each.vector is not None]))
        rows = [row_of(each, next(vectors) if each.vector is not None else None, self._embedder) for each in each_once]
        with writing(self.connection):
            before = self._known([row.passage.id for row in rows])
            changed = [row for row in rows if row.digest != before.get(row.passage.id, (0, 0, b""))[2]]
            if struck := self.struck({message for row in changed for _, message, *_ in row.pieces}):
                changed = [row for row in changed if struck.isdisjoint(row.passage.messages)]
            replaced = {before[name][0] for row in changed if (name := row.passage.id) in before}
            self._remove(replaced)
            self._insert(changed, {name: position for name, (_, position, _) in before.items()})
            removals = near.state(self.connection).removals
        if replaced:
            self._blocks.discard(self.name, replaced, removals=removals)
        return len(changed)

    def _insert(self, rows: Sequence[Row], positions: Mapping[str, int]) -> None:
        sources = self._source_ids({row.source for row in rows})
        last = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passage'").fetchone()
        numbered = [
            (number, sources[row.source], row) for number, row in enumerate(rows, start=last[0] + 1 if last else 1)
        ]
        insert_rows(self.connection, numbered, self._embedder, positions)
        self._tally((source, 1, row.length, row.halves is not None, number) for number, source, row in numbered)

    def _remove(self, numbers: Collection[int]) -> None:
        """Take passages out by their row numbers, inside a transaction."""
        if not numbers:
            return
        gone = self.connection.execute(
            "SELECT passage.source, -1, -length, -(vector.passage IS NOT NULL), passage.id"
            " FROM passage LEFT JOIN vector ON vector.passage = passage.id"
            " WHERE passage.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        ).fetchall()
        delete_rows(self.connection, numbers)
        self._tally(gone)
        self.connection.executemany(
            "UPDATE state SET stale = stale + 1 WHERE telling_to >= ?",
            [(number,) for _, _, _, vectors, number in gone if vectors],
        )
        self.connection.execute("UPDATE state SET removals = removals + 1")

    def _tally(self, changes: Iterable[tuple[int, int, int, int, int]]) -> None:
        """Keep the sources' figures. Each change: source; what came (negative: went) of passages, length and vectors;
        row number."""
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

    # ── erasing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def strike(self, passages: Collection[str]) -> int:
        with writing(self.connection):
            numbers = [number for number, _, _ in self._known(passages).values()]
            messages = self.connection.execute(
                "SELECT DISTINCT message FROM piece WHERE passage IN (SELECT value FROM json_each(?))",
                (json.dumps(numbers),),
            ).fetchall()
            self.connection.executemany(
                "INSERT OR IGNORE INTO tombstone VALUES (?)", [(self._mark(message),) for (message,) in messages]
            )
            removals = self._erase(numbers)
        return self._after_erasing(numbers, removals)

    def erase_messages(self, messages: Collection[str]) -> int:
        return self._erase_selected(
            "SELECT DISTINCT passage FROM piece WHERE message IN (SELECT value FROM json_each(?))",
            json.dumps(list(messages)),
        )

    def erase_source(self, source: SourceId) -> int:
        return self._erase_selected(
            "SELECT id FROM passage WHERE source = (SELECT id FROM source WHERE name = ?)", str(source)
        )

    def _erase_selected(self, select: str, value: str) -> int:
        with writing(self.connection):
            numbers = [number for (number,) in self.connection.execute(select, (value,))]
            removals = self._erase(numbers)
        return self._after_erasing(numbers, removals)

    def _erase(self, numbers: Collection[int]) -> int:
        """Take passages out so that nothing of them stays in the file, inside a transaction. Gives state's removals."""
        if numbers:
            self._remove(numbers)
            self.connection.execute("DELETE FROM source WHERE passages = 0")
            # Until its index is written anew, FTS5 keeps the words of what it was told to delete.
            self.connection.execute("INSERT INTO words(words) VALUES ('optimize')")
            # Chroma knows some of these, or what they have replaced, and cannot forget but as a whole.
            if near.state(self.connection).stale:
                near.begin_generation(self.connection, self._embedder)
        return near.state(self.connection).removals

    def _after_erasing(self, numbers: Collection[int], removals: int) -> int:
        if numbers:
            self._blocks.discard(self.name, numbers, removals=removals)
        # The log holds pages from before. Done even where nothing went: an earlier try may have stopped short of it.
        (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise PlatformError(f"profile {self.name} is being read by another process", retry_after_s=1)
        return len(numbers)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def overview(self) -> near.Overview:
        self._seen = near.overview(self.connection, self._seen)
        return self._seen

    def count(self) -> int:
        return sum(source.passages for source in self.overview().sources.values())

    def cut_into(self, messages: Collection[str]) -> Mapping[str, frozenset[str]]:
        found = self.connection.execute(
            "SELECT piece.message, passage.name FROM piece JOIN passage ON passage.id = piece.passage"
            " WHERE piece.message IN (SELECT value FROM json_each(?))",
            (json.dumps(list(messages)),),
        )
        cut: dict[str, set[str]] = {}
        for message, name in found:
            cut.setdefault(message, set()).add(name)
        return {message: frozenset(names) for message, names in cut.items()}

    def struck(self, messages: Collection[str]) -> frozenset[str]:
        """Those of these messages that have a tombstone."""
        if self.connection.execute("SELECT 1 FROM tombstone LIMIT 1").fetchone() is None:
            return frozenset()
        find = "SELECT 1 FROM tombstone WHERE mark = ?"
        return frozenset(
            message for message in messages if self.connection.execute(find, (self._mark(message),)).fetchone()
        )

    def vocabulary(self, terms: Collection[str]) -> frozenset[str]:
        return words.occurring(self.connection, terms)

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
                self.name,
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
            numbers = [number for number, _, _ in self._known(names).values()]
            found = {passage.id: passage for passage in read_passages(self.connection, self.colleague, numbers)}
        return [found[name] for name in dict.fromkeys(names) if name in found]

    def browse(self, sources: Collection[SourceId]) -> list[Passage]:
        with reading(self.connection):
            found = self.connection.execute(
                "SELECT passage.id FROM passage JOIN source ON source.id = passage.source"
                " WHERE source.name IN (SELECT value FROM json_each(?))",
                (json.dumps([str(source) for source in sources]),),
            )
            return read_passages(self.connection, self.colleague, [number for (number,) in found])

    def _known(self, names: Collection[str]) -> dict[str, tuple[int, int, bytes]]:
        """Row number, position and digest, by id, of those that are there."""
        found = self.connection.execute(
            "SELECT name, id, position, digest FROM passage WHERE name IN (SELECT value FROM json_each(?))",
            (json.dumps(list(names)),),
        )
        return {name: (number, position, digest) for name, number, position, digest in found}

    def _mark(self, message: str) -> bytes:
        """What a tombstone says of a message: nothing to anyone who does not have its id and this file's salt."""
        (salt,) = self.connection.execute("SELECT salt FROM state").fetchone()
        return hashlib.blake2b(encoded(message), key=salt, digest_size=16).digest()
