"""The search by words in one profile's file: which passages have any of the terms, its best by BM25.

FTS5 says which passages have a term; the counting is done here, in the stored terms of the few that may be best. (To
let FTS5 rank costs 2-3 µs for every passage that has a term, fifteen times what naming them does.) Scores leave this
module only as an order: `core.rank` weighs anew over all profiles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.core.people import PersonId
from bot.core.rank import LENGTH_WEIGHT, SATURATION, Match, Matches, bm25
from bot.stores.shelf.file import TERM_CHARACTERS, Connection

BUDGET = 30_000
"""How many passages a search in one profile follows its terms to, about 5 ms. The rarest terms come first, so what
falls out is the commonest, which say least; a term that alone exceeds it is followed all the same."""

CLOSER_LOOK = 2
"""How many times `limit` are counted exactly. Before, every term that occurs is taken to occur once."""

Rows = npt.NDArray[np.int64]

# FTS5 splits at any other ASCII character and folds the case of ASCII letters; a lone surrogate is no UTF-8.
_PLAIN = rf"a-z0-9{re.escape(TERM_CHARACTERS.replace('%', ''))}\x80-\ud7ff\ue000-\U0010ffff"
_NOT_PLAIN = re.compile(rf"[^{_PLAIN}]")
_ALL_PLAIN = re.compile(rf"[{_PLAIN} ]*")


def encode(term: str) -> str:
    """The term as one token of FTS5: what its tokenizer would split at or fold is written as `%hex.`."""
    return _NOT_PLAIN.sub(lambda found: f"%{ord(found.group()):x}.", term)


def joined(terms: Sequence[str]) -> str:
    """Terms as they are stored: encoded, in order, one space between."""
    text = " ".join(terms)
    # One look at all of them tells most often that none needs encoding.
    return text if _ALL_PLAIN.fullmatch(text) and text.count(" ") == len(terms) - 1 else " ".join(map(encode, terms))


def occurring(connection: Connection, terms: Collection[str]) -> frozenset[str]:
    """Those of these terms that occur in the text of some passage."""
    listed = list(terms)
    rows = connection.execute(
        "SELECT key FROM json_each(?)"
        " WHERE EXISTS (SELECT 1 FROM words WHERE words MATCH 'text : \"' || value || '\"')",
        (json.dumps([encode(term) for term in listed]),),
    )
    return frozenset(listed[at] for (at,) in rows)


@dataclass(slots=True)
class Figures:
    """The source and the length of every passage, by row number, so that a search need not read them one by one.

    Rows that are gone stay here until the file is closed: FTS5 no longer names them.
    """

    sources: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]

    @classmethod
    def none(cls) -> Figures:
        return cls(np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))

    def refresh(self, connection: Connection) -> None:
        """Add the passages that came since."""
        known = len(self.sources) - 1
        rows = connection.execute(
            "SELECT id, source, length FROM passage WHERE id > ? ORDER BY id", (known,)
        ).fetchall()
        if not rows:
            return
        ids, sources, lengths = np.array(rows, dtype=np.int32).T
        grown = np.zeros((2, ids[-1] - known), dtype=np.int32)
        grown[:, ids - known - 1] = sources, lengths
        self.sources = np.concatenate([self.sources, grown[0]])
        self.lengths = np.concatenate([self.lengths, grown[1]])


@dataclass(frozen=True, slots=True)
class Collected:
    """How many passages the profile has, and how many terms they have together."""

    passages: int
    length: int


def search(
    connection: Connection,
    terms: Sequence[str],
    figures: Figures,
    *,
    sources: Collection[int],
    collected: Collected,
    colleague: PersonId,
    limit: int,
) -> Matches:
    """The best passages of these sources. The collection's figures count the whole profile, not only these sources:
    how rare a word is does not depend on who asks, and then it is read off the index."""
    tokens = [encode(term) for term in terms]
    rows_of, having = _follow(connection, tokens, collected.passages)
    rows = _promising(list(rows_of.values()), figures, sources, collected, limit=limit * CLOSER_LOOK)
    stored = connection.execute(
        # FTS5's own table of what it was given; to ask for it through `words` costs three times as much a row.
        "SELECT passage.id, passage.name, stored.c0, stored.c1 FROM passage JOIN words_content AS stored USING (id)"
        " WHERE passage.id IN (SELECT value FROM json_each(?))",
        (json.dumps(rows.tolist()),),
    )
    to_count = _to_count(rows, tokens, rows_of)
    found = [
        Match(name, colleague, *_counts(tokens, to_count[row], text := stored_text.split(), topics.split()), len(text))
        for row, name, stored_text, topics in stored
    ]
    matches = Matches(tuple(found), collected.passages, collected.length, tuple(having))
    best = tuple(match for match, _ in bm25(matches)[:limit])
    return Matches(best, matches.passages, matches.total_length, matches.having)


def _follow(connection: Connection, tokens: Sequence[str], passages: int) -> tuple[dict[str, Rows], list[int]]:
    """For the terms that are followed the rows that have them, in order; for all of them how many those are."""
    followed = set(tokens)
    frequency: dict[str, int] = {}
    if passages * len(followed) > BUDGET:
        frequency = dict(
            connection.execute(
                "SELECT term, doc FROM frequency WHERE term IN (SELECT value FROM json_each(?))",
                (json.dumps(list(tokens)),),
            ).fetchall()
        )
        followed, spent = set(), 0
        for token in sorted(frequency, key=lambda token: (frequency[token], token)):
            spent += frequency[token]
            if followed and spent > BUDGET:
                break
            followed.add(token)
    rows_of = {
        token: np.fromstring(rows or "", dtype=np.int64, sep=",")
        for token, rows in connection.execute(
            "SELECT value, (SELECT group_concat(rowid) FROM words WHERE words MATCH '\"' || value || '\"')"
            " FROM json_each(?)",
            (json.dumps(sorted(followed)),),
        )
    }
    having = [len(rows_of[token]) if token in rows_of else frequency.get(token, 0) for token in tokens]
    return rows_of, having


def _promising(
    rows_of: Sequence[Rows],
    figures: Figures,
    sources: Collection[int],
    collected: Collected,
    *,
    limit: int,
) -> Rows:
    """The rows that would be best if every term that occurs occurred once: BM25 without its counts."""
    weights = np.zeros(len(figures.sources), dtype=np.float32)
    for rows in rows_of:
        weights[rows] += np.log(1 + (collected.passages - len(rows) + 0.5) / (len(rows) + 0.5))
    rows = np.flatnonzero(weights)
    allowed = np.zeros(int(figures.sources.max()) + 1, dtype=np.bool_)
    allowed[list(sources)] = True
    rows = rows[allowed[figures.sources[rows]]]
    if len(rows) > limit:
        average = max(1.0, collected.length / max(1, collected.passages))
        norm = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * figures.lengths[rows] / average)
        scores = weights[rows] / (1 + norm)
        rows = rows[np.argpartition(scores, len(scores) - limit)[-limit:]]
    return rows


def _to_count(rows: Rows, tokens: Sequence[str], rows_of: Mapping[str, Rows]) -> dict[int, list[int]]:
    """For each row which of the tokens (by place) may be in it: most have one or two, and counting costs."""
    to_count: dict[int, list[int]] = {row: [] for row in rows.tolist()}
    for place, token in enumerate(tokens):
        having = rows_of.get(token)
        for row in (rows if having is None else rows[_among(rows, having)]).tolist():
            to_count[row].append(place)
    return to_count


def _among(rows: Rows, having: Rows) -> npt.NDArray[np.bool_]:
    """Which of the rows are among `having`, which is in order and may be far longer."""
    if not len(having):
        return np.zeros(len(rows), dtype=np.bool_)
    found: npt.NDArray[np.bool_] = having[np.minimum(np.searchsorted(having, rows), len(having) - 1)] == rows
    return found


def _counts(
    tokens: Sequence[str], to_count: Collection[int], text: list[str], topics: list[str]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    in_text, in_topics = [0] * len(tokens), [0] * len(tokens)
    for place in to_count:
        in_text[place], in_topics[place] = text.count(tokens[place]), topics.count(tokens[place])
    return tuple(in_text), tuple(in_topics)
