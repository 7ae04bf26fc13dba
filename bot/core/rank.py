"""Ranking: which of the passages that were found come first.

Decides the order, and whose words fit best; not who may read them (`core.gate`) nor whether they answer the question
(`core.evidence`). The library calls, in this order:

1. `naming(question, people)`: whom the question names, and its text without those names. What is searched, by both
   legs, is that text: names are role tokens in what is kept, and whoever speaks seldom names themselves.
2. `shelf.nearest(vector, within, limit=NEAREST)` and `shelf.matching(sought(text), within, limit=MATCHING)`.
3. `fuse(near, matches, named=…)`: the candidates, best first, at most CANDIDATES.
4. `shelf.read(…)` of the candidates and `gate.admit` on each: nothing that may not be shown goes on from here, so that
   it cannot move what may.
5. `settle(ranked, passages)`: the admitted ones in their final order.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.passages import Passage
from bot.core.people import Person, PersonId
from bot.core.terms import content, terms

NEAREST = 200
"""Passages to ask the vector leg for, over all profiles."""

MATCHING = 100
"""Passages to ask the word leg for, of each profile."""

CANDIDATES = 200
"""Passages that go on to be read and judged."""

SATURATION, LENGTH_WEIGHT = 1.2, 0.6
"""BM25's k1 and b; chat passages are short, so their length says little."""

TOPIC_WEIGHT = 0.3
"""What a term in the topic terms counts beside one in the text."""

NAMED = 0.3
"""What it adds that the question names the author; each leg gives at most 0.5."""

LENDS = 0.4
"""The share of its score that a passage lends to the others of its thread: an answer seldom repeats the question's
words, but stands beside the message that has them."""

LENDS_BACK = 0.5
"""What of that goes to passages before it: answers come after."""

LENDS_FOR = timedelta(minutes=10)
"""How far apart in time two passages of a thread are when half of it is lent."""

LENDERS = 40
"""Only so many of the best candidates lend."""


@dataclass(frozen=True, slots=True)
class Near:
    """A passage found by its vector; `cosine` is comparable across profiles."""

    passage: str
    colleague: PersonId
    cosine: float


@dataclass(frozen=True, slots=True)
class Match:
    """A passage found by its words. `counts` is how often each searched term occurs in its text, `topic_counts` in its
    topic terms (both in the order of the search), `length` how many terms its text has."""

    passage: str
    colleague: PersonId
    counts: tuple[int, ...]
    topic_counts: tuple[int, ...]
    length: int


@dataclass(frozen=True, slots=True)
class Matches:
    """What searching words gave over all profiles, with the collection's figures that BM25 needs.

    `passages` and `total_length` count the searched profiles' passages and their terms; `having` is, for each searched
    term, how many of those passages have it.
    """

    found: tuple[Match, ...]
    passages: int
    total_length: int
    having: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with what speaks for it. `score` orders; it is no probability and never shown.

    `cosine` is None where only its words found it; `words` is its BM25 score, 0 where only its vector did.
    """

    passage: str
    colleague: PersonId
    score: float
    cosine: float | None
    words: float


def sought(question: str) -> tuple[str, ...]:
    """The terms to search for, each once: those with content, or all where none has any."""
    return tuple(dict.fromkeys(content(question) or terms(question)))


def bm25(matches: Matches) -> list[tuple[Match, float]]:
    """Score by words, best first, with the figures of the whole collection: comparable across profiles."""
    if not matches.found:
        return []
    weights = idf(matches)
    average = max(1.0, matches.total_length / max(1, matches.passages))
    scored = [(match, _bm25_of(match, weights, average)) for match in matches.found]
    scored.sort(key=lambda pair: (-pair[1], pair[0].passage))
    return scored


def idf(matches: Matches) -> tuple[float, ...]:
    """How telling each searched term is, never negative."""
    return tuple(math.log(1 + (matches.passages - have + 0.5) / (have + 0.5)) for have in matches.having)


def naming(question: str, people: Iterable[Person]) -> tuple[str, frozenset[PersonId]]:
    """The question without the people's names in it, and who they are: all who bear such a name.

    The longest name that fits counts (张三丰 is not 张三). A name in Latin script must be written with the same
    capitals, since many nicknames are words of the language too, unless an @ precedes it.
    """
    bearers: dict[str, set[PersonId]] = defaultdict(set)
    for person in people:
        for name in person.names:
            bearers[name].add(person.id)
    named: set[PersonId] = set()
    for name in sorted(filter(None, bearers), key=lambda name: (-len(name), name)):
        if name.casefold() not in question.casefold():
            continue
        edge = r"(?![A-Za-z0-9_])" if name[-1].isascii() else ""
        start = r"(?<![A-Za-z0-9_@])" if name[0].isascii() else ""
        found = rf"(?:@(?i:{re.escape(name)})|{start}{re.escape(name)})(?:['’]s\b|{edge})"
        question, times = re.subn(found, " ", question)
        if times:
            named |= bearers[name]
    return " ".join(question.split()), frozenset(named)


def fuse(near: Sequence[Near], matches: Matches, *, named: Collection[PersonId] = ()) -> list[Ranked]:
    """Put both legs together, best first, at most CANDIDATES; `named` are the colleagues whom the question names.

    Each leg's scores are stretched from nothing to its best: cosines lie so close together, and BM25 scores so far
    apart, that ranks alone (RRF) lose how much better the best ones are.
    """
    worded = {(match.colleague, match.passage): score for match, score in bm25(matches)}
    cosines = {(each.colleague, each.passage): each.cosine for each in near}
    most = max(worded.values(), default=0.0) or 1.0
    low = min(cosines.values(), default=0.0)
    span = max(cosines.values(), default=0.0) - low or 1.0
    ranked = []
    for key in cosines.keys() | worded.keys():
        colleague, passage = key
        cosine, words = cosines.get(key), worded.get(key, 0.0)
        closeness = 0.0 if cosine is None else (cosine - low) / span
        score = (closeness + words / most) / 2 + (NAMED if colleague in named else 0.0)
        ranked.append(Ranked(passage, colleague, score, cosine, words))
    ranked.sort(key=lambda each: (-each.score, each.colleague, each.passage))
    return ranked[:CANDIDATES]


def settle(ranked: Sequence[Ranked], passages: Sequence[Passage]) -> list[Ranked]:
    """The final order of what was read and admitted; what is not among `passages` is left out.

    Passages of one thread, whoever wrote them, lend each other part of their scores, the less the further apart they
    are. Newer comes first among equals (D8).
    """
    read = {(passage.author, passage.id): passage for passage in passages}
    found = [(each, read[each.colleague, each.passage]) for each in ranked if (each.colleague, each.passage) in read]
    threads: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    for each, passage in sorted(found, key=lambda pair: -pair[0].score)[:LENDERS]:
        threads[passage.thread].append((each.score, _seconds(passage)))
    settled = [
        (replace(each, score=each.score + _lent(each.score, _seconds(passage), threads[passage.thread])), passage)
        for each, passage in found
    ]
    settled.sort(key=lambda pair: (-round(pair[0].score, 6), -(_seconds(pair[1]) or 0.0), pair[1].id))
    return [each for each, _ in settled]


def _lent(score: float, at: float | None, lenders: Sequence[tuple[float, float | None]]) -> float:
    """The most that any one of the thread lends to the passage with this score and time."""
    most, itself = 0.0, True
    for lender_score, lender_at in lenders:
        if itself and lender_score == score and lender_at == at:
            itself = False  # once: others may stand at the same time with the same score
            continue
        share = LENDS
        if at is not None and lender_at is not None:
            apart = at - lender_at
            share *= (1.0 if apart >= 0 else LENDS_BACK) / (1 + abs(apart) / LENDS_FOR.total_seconds())
        most = max(most, share * lender_score)
    return most


def _seconds(passage: Passage) -> float | None:
    return None if passage.sent_at is None else passage.sent_at.timestamp()


def best_colleague(ranked: Sequence[Ranked]) -> PersonId | None:
    """Who has documented it best: whose passages stand highest among the first ones. None where nothing was found."""
    standing: dict[PersonId, float] = defaultdict(float)
    for place, each in enumerate(ranked[:20]):
        standing[each.colleague] += each.score / (place + 1)
    return max(standing, key=lambda colleague: (standing[colleague], colleague), default=None)


def _bm25_of(match: Match, weights: Sequence[float], average: float) -> float:
    norm = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * match.length / average)
    total = 0.0
    for weight, count, topic_count in zip(weights, match.counts, match.topic_counts, strict=True):
        frequency = count + TOPIC_WEIGHT * topic_count
        if frequency:
            total += weight * frequency * (SATURATION + 1) / (frequency + norm)
    return total
