"""One profile's file: its passages written, read and erased.

Everything here is one thread's work at a time; __init__.py sees to that. Nothing here knows of consent: what is put has
been admitted, what is asked for is judged elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.passages import Passage, Piece
from bot.core.people import PersonId, SourceId
from bot.core.rank import Matches
from bot.errors import PlatformError
from bot.ports import Shelved
from bot.stores.shelf import near, words
from bot.stores.shelf.file import Connection, reading, writing
from bot.stores.shelf.keys import Key
from bot.stores.shelf.vectors import Blocks, Floats, halves


@dataclass(frozen=True, slots=True)
class _Row:
    """A passage as it is written. Two with the same digest are the same in all that is kept of them."""

    passage: Passage
    topics: str
    pieces: list[tuple[int, str, bytes, str | None, str | None]]
    terms: str
    topic_terms: str
    length: int
    halves: bytes | None
    digest: bytes


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

    def close(self) -> None:
        self.connection.close()
        self.key.close()

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, shelved: Sequence[Shelved]) -> int:
        rows = self._rows(shelved)
        with writing(self.connection):
            struck = self._struck({message for row in rows for message in row.passage.messages})
            before = self._known([row.passage.id for row in rows])
            changed = [
                row
                for row in rows
                if row.digest != before.get(row.passage.id, (0, 0, b""))[2] and struck.isdisjoint(row.passage.messages)
            ]
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

    def _row(self, shelved: Shelved, vector: bytes | None) -> _Row:
        passage = shelved.passage
        topics = json.dumps(passage.topics)
        pieces = [
            (at, piece.message, _bytes(piece.text), piece.sent_at.isoformat() if piece.sent_at else None, piece.link)
            for at, piece in enumerate(passage.pieces)
        ]
        terms, topic_terms = words.joined(shelved.terms), words.joined(shelved.topic_terms)
        everything = (str(passage.source), passage.thread, topics, pieces, terms, topic_terms, self._embedder)
        digest = hashlib.blake2b(repr(everything).encode(), digest_size=16)
        digest.update(vector or b"")
        return _Row(passage, topics, pieces, terms, topic_terms, len(shelved.terms), vector, digest.digest())

    def _insert(self, rows: Sequence[_Row], positions: Mapping[str, int]) -> None:
        """Write rows whose ids are not there. One that replaces another keeps its position among its like."""
        insert = self.connection.executemany
        sources = self._source_ids({str(row.passage.source) for row in rows})
        last = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passage'").fetchone()
        numbered = [
            (number, row, row.passage, sources[str(row.passage.source)])
            for number, row in enumerate(rows, start=last[0] + 1 if last else 1)
        ]
        insert(
            "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number,
                    passage.id,
                    source,
                    passage.thread,
                    row.topics,
                    positions.get(passage.id, number),
                    _microseconds(passage.sent_at),
                    row.length,
                    row.digest,
                )
                for number, row, passage, source in numbered
            ],
        )
        insert(
            "INSERT INTO piece VALUES (?, ?, ?, ?, ?, ?)",
            [(number, *piece) for number, row, _, _ in numbered for piece in row.pieces],
        )
        insert(
            "INSERT INTO vector VALUES (?, ?, ?, ?)",
            [
                (number, source, self._embedder, row.halves)
                for number, row, _, source in numbered
                if row.halves is not None
            ],
        )
        insert(
            "INSERT INTO words(rowid, text, topics) VALUES (?, ?, ?)",
            [(number, row.terms, row.topic_terms) for number, row, _, _ in numbered],
        )
        self._tally([(source, 1, row.length, row.halves is not None, number) for number, row, _, source in numbered])

    def _remove(self, rows: Collection[int]) -> None:
        """Take passages out, inside a transaction."""
        if not rows:
            return
        gone = self.connection.execute(
            "SELECT passage.source, -1, -length, -(vector.passage IS NOT NULL), 0"
            " FROM passage LEFT JOIN vector ON vector.passage = passage.id"
            " WHERE passage.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(rows)),),
        )
        self._tally(gone.fetchall())
        each = [(row,) for row in rows]
        delete = self.connection.executemany
        delete("DELETE FROM vector WHERE passage = ?", each)
        delete("DELETE FROM words WHERE rowid = ?", each)
        delete("DELETE FROM piece WHERE passage = ?", each)
        delete("DELETE FROM passage WHERE id = ?", each)
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

    def _erase(self, rows: Collection[int]) -> int:
        """Take passages out so that nothing of them stays in the file, inside a transaction. Gives state's removals."""
        if rows:
            self._remove(rows)
            self.connection.execute("DELETE FROM source WHERE passages = 0")
            # Until its index is written anew, FTS5 keeps the words of what it was told to delete.
            self.connection.execute("INSERT INTO words(words) VALUES ('optimize')")
            if min(rows) <= near.state(self.connection).told_to:
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
        return int(self.connection.execute("SELECT coalesce(sum(passages), 0) FROM source").fetchone()[0])

    def vectors(self) -> int:
        return int(self.connection.execute("SELECT coalesce(sum(vectors), 0) FROM source").fetchone()[0])

    def generation(self) -> int:
        """Of Chroma's directory; another one, if there is, is to go."""
        return near.state(self.connection).generation

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
            kept = near.sources(self.connection)
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
            found = {passage.id: passage for passage in self._passages(rows)}
        return [found[name] for name in dict.fromkeys(names) if name in found]

    def browse(self, sources: Collection[SourceId]) -> list[Passage]:
        with reading(self.connection):
            rows = self.connection.execute(
                "SELECT passage.id FROM passage JOIN source ON source.id = passage.source"
                " WHERE source.name IN (SELECT value FROM json_each(?))",
                (json.dumps([str(source) for source in sources]),),
            )
            return self._passages([row for (row,) in rows])

    def _passages(self, rows: Collection[int]) -> list[Passage]:
        """Oldest first, those without a time before; then as they came."""
        wanted = (json.dumps(list(rows)),)
        pieces: dict[int, list[Piece]] = {}
        for row, message, text, sent_at, link in self.connection.execute(
            "SELECT passage, message, text, sent_at, link FROM piece"
            " WHERE passage IN (SELECT value FROM json_each(?)) ORDER BY passage, ordinal",
            wanted,
        ):
            when = datetime.fromisoformat(sent_at) if sent_at else None
            pieces.setdefault(row, []).append(Piece(message, text.decode("utf-8", "surrogatepass"), when, link))
        found = self.connection.execute(
            "SELECT passage.id, passage.name, source.name, passage.thread, passage.topics"
            " FROM passage JOIN source ON source.id = passage.source"
            " WHERE passage.id IN (SELECT value FROM json_each(?))"
            " ORDER BY passage.sent_at IS NOT NULL, passage.sent_at, passage.position",
            wanted,
        )
        return [
            Passage(
                name,
                self.colleague,
                SourceId.parse(source),
                thread,
                tuple(pieces.get(row, ())),
                tuple(json.loads(topics)),
            )
            for row, name, source, thread, topics in found
        ]

    def _known(self, names: Collection[str]) -> dict[str, tuple[int, int, bytes]]:
        """Row number, position and digest, by id, of those that are there."""
        rows = self.connection.execute(
            "SELECT name, id, position, digest FROM passage WHERE name IN (SELECT value FROM json_each(?))",
            (json.dumps(list(names)),),
        )
        return {name: (id_, position, digest) for name, id_, position, digest in rows}

    def _source_ids(self, names: Collection[str]) -> dict[str, int]:
        """Their numbers, given now where they have none."""
        self.connection.executemany(
            "INSERT INTO source(name) VALUES (?) ON CONFLICT DO NOTHING", [(name,) for name in sorted(names)]
        )
        return dict(
            self.connection.execute(
                "SELECT name, id FROM source WHERE name IN (SELECT value FROM json_each(?))",
                (json.dumps(list(names)),),
            ).fetchall()
        )

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
        return hashlib.blake2b(_bytes(message), key=salt, digest_size=16).digest()


def _bytes(text: str) -> bytes:
    """As kept: every character of a text, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def _microseconds(when: datetime | None) -> int | None:
    return None if when is None else round(when.timestamp() * 1_000_000)
