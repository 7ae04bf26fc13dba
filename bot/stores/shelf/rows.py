"""Passages as rows, and rows as passages.

A text is kept byte for byte, whatever is in it (A2); a time with the offset that it came with.
"""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from bot.core.passages import Passage, Piece
from bot.core.people import PersonId, SourceId
from bot.ports import Shelved
from bot.stores.shelf import words
from bot.stores.shelf.file import Connection


class Row(NamedTuple):
    """A passage as it is written. Two with the same digest are the same in all that is kept of them."""

    passage: Passage
    source: str
    topics: str
    pieces: list[tuple[int, str, bytes, str | None, str | None]]
    terms: str
    topic_terms: str
    length: int
    halves: bytes | None
    digest: bytes


def row_of(shelved: Shelved, halves: bytes | None, embedder: str) -> Row:
    passage, source = shelved.passage, str(shelved.passage.source)
    topics = json.dumps(passage.topics) if passage.topics else "[]"
    pieces = [
        (at, piece.message, encoded(piece.text), piece.sent_at.isoformat() if piece.sent_at else None, piece.link)
        for at, piece in enumerate(passage.pieces)
    ]
    terms, topic_terms = words.joined(shelved.terms), words.joined(shelved.topic_terms)
    everything = (source, passage.thread, topics, pieces, terms, topic_terms, embedder, halves)
    # Version 2 of the format says the same of equal values always; later ones do not.
    digest = hashlib.blake2b(marshal.dumps(everything, 2), digest_size=16).digest()
    return Row(passage, source, topics, pieces, terms, topic_terms, len(shelved.terms), halves, digest)


def insert_rows(
    connection: Connection,
    numbered: Collection[tuple[int, int, Row]],
    embedder: str,
    positions: Mapping[str, int],
) -> None:
    """Write rows, each with its number and its source's. `positions`, by id, are those of the rows they replace."""
    write = connection.executemany
    write(
        "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number,
                row.passage.id,
                source,
                row.passage.thread,
                row.topics,
                positions.get(row.passage.id, number),
                _microseconds(row.passage.sent_at),
                row.length,
                row.digest,
            )
            for number, source, row in numbered
        ],
    )
    write(
        "INSERT INTO piece VALUES (?, ?, ?, ?, ?, ?)",
        [(number, *piece) for number, _, row in numbered for piece in row.pieces],
    )
    write(
        "INSERT INTO vector VALUES (?, ?, ?, ?)",
        [(number, source, embedder, row.halves) for number, source, row in numbered if row.halves is not None],
    )
    write(
        "INSERT INTO words(rowid, text, topics) VALUES (?, ?, ?)",
        [(number, row.terms, row.topic_terms) for number, _, row in numbered],
    )


def delete_rows(connection: Connection, numbers: Collection[int]) -> None:
    each = [(number,) for number in numbers]
    remove = connection.executemany
    remove("DELETE FROM vector WHERE passage = ?", each)
    remove("DELETE FROM words WHERE rowid = ?", each)
    remove("DELETE FROM piece WHERE passage = ?", each)
    remove("DELETE FROM passage WHERE id = ?", each)


def read_passages(connection: Connection, author: PersonId, numbers: Collection[int]) -> list[Passage]:
    """By row number: oldest first, those without a time before; of the same time as they came."""
    wanted = (json.dumps(list(numbers)),)
    pieces: dict[int, list[Piece]] = {}
    for row, message, text, sent_at, link in connection.execute(
        "SELECT passage, message, text, sent_at, link FROM piece"
        " WHERE passage IN (SELECT value FROM json_each(?)) ORDER BY passage, ordinal",
        wanted,
    ):
        when = datetime.fromisoformat(sent_at) if sent_at else None
        pieces.setdefault(row, []).append(Piece(message, text.decode("utf-8", "surrogatepass"), when, link))
    found = connection.execute(
        "SELECT passage.id, passage.name, source.name, passage.thread, passage.topics"
        " FROM passage JOIN source ON source.id = passage.source"
        " WHERE passage.id IN (SELECT value FROM json_each(?))"
        " ORDER BY passage.sent_at IS NOT NULL, passage.sent_at, passage.position",
        wanted,
    )
    return [
        Passage(
            name,
            author,
            SourceId.parse(source),
            thread,
            tuple(pieces.get(row, ())),
            tuple(json.loads(topics)),
        )
        for row, name, source, thread, topics in found
    ]


def encoded(text: str) -> bytes:
    """As kept: every character of a text, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def _microseconds(when: datetime | None) -> int | None:
    return None if when is None else round(when.timestamp() * 1_000_000)
