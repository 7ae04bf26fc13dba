"""Ranking: which of the passages that were found come first.

Decides the order, and whose words fit best; not who may read them (`core.gate`) nor whether they answer the question
(`core.evidence`). The library calls, in this order:

1. `naming(question, people)`: whom the question names, and its text without those names. What is searched, by both
   legs, is that text: names are role tokens in what is kept, and whoever speaks seldom names themselves.
2. `shelf.nearest(vector, within, limit=NEAREST)` and `shelf.matching(sought(text), within, limit=…)`.
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
from dataclasses import dataclass
from datetime import timedelta

from bot.core.bilingual import translated
from bot.core.passages import Passage
from bot.core.people import Person, PersonId
from bot.core.terms import content, terms

NEAREST = 200
"""Passages to ask the vector leg for, over all profiles."""

MATCHING = 100
"""Passages to ask the word leg for, of each profile at most; see `matching_limit`."""

CANDIDATES = 200
"""Passages that go on to be read and judged."""

SATURATION, LENGTH_WEIGHT = 1.2, 0.6
"""BM25's k1 and b; chat passages are short, so their length says little."""

TOPIC_WEIGHT = 0.3
"""What a term in the topic terms counts beside one in the text."""

SPAN = 0.09
"""Cosines that differ by no more than this between the best and the last hit tell passages apart badly, as where
thousands resemble each other; then the words decide. In E5's scale (0.79 to 0.97); others spread wider."""

NAMED = 0.3
"""What it adds that the question names the author; each leg gives at most 0.5."""

LENDS = 0.4
"""The share of its score that a passage lends to the others of its thread: an answer seldom repeats the question's
words, but stands beside the message that has them."""

LENDS_BACK = 0.5
"""What of that goes to passages before it: answers come after."""

LENDS_FOR = timedelta(minutes=10)
"""How far apart in time two passages of a thread are when half of it is lent."""

_LENDS_FOR_S = LENDS_FOR.total_seconds()

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
    """The terms to search for, each once: those with content, or all where none has any; then what the other language
    calls them."""
    return tuple(dict.fromkeys((*(content(question) or terms(question)), *translated(question))))


def matching_limit(profiles: int) -> int:
    """How many passages to ask the word leg for, of each of so many profiles: about a thousand in all."""
    return min(MATCHING, max(5, 1000 // max(1, profiles)))


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

    The longest name that fits counts (张三丰 is not 张三). A name in Latin letters must stand as a word, written as the
    roster writes it; one without a capital could be any word and needs an @.
    """
    folded = question.casefold()
    bearers: dict[str, set[PersonId]] = defaultdict(set)
    for person in people:
        for name in person.names:
            if len(name) > 1 and name.casefold() in folded:
                bearers[name].add(person.id)
    named: set[PersonId] = set()
    for name in sorted(bearers, key=lambda name: (-len(name), name)):
        question, times = re.subn(_spelt(name), " ", question)
        if times:
            named |= bearers[name]
    return " ".join(question.split()), frozenset(named)


def _spelt(name: str) -> str:
    """How a name stands in a text, its possessive with it."""
    if not re.search("[A-Za-z]", name):
        return f"@?{re.escape(name)}"
    at = "@?" if any(letter.isupper() for letter in name) else "@"
    return rf"(?<![A-Za-z0-9_@]){at}{re.escape(name)}(?:['’]s)?(?![A-Za-z0-9_])"


def fuse(near: Sequence[Near], matches: Matches, *, named: Collection[PersonId] = ()) -> list[Ranked]:
    """Put both legs together, best first, at most CANDIDATES; `named` are the colleagues whom the question names.

    Each leg's scores are stretched from nothing to its best: cosines lie so close together, and BM25 scores so far
    apart, that ranks alone (RRF) lose how much better the best ones are. What its vector did not find is taken to be as
    close as the last that was.
    """
    words = {match.passage: score for match, score in bm25(matches)}
    cosines = {each.passage: each.cosine for each in near}
    authors = {each.passage: each.colleague for each in near}
    authors |= {match.passage: match.colleague for match in matches.found}
    most = max(words.values(), default=0.0) or 1.0
    best, last = max(cosines.values(), default=0.0), min(cosines.values(), default=0.0)
    span = max(best - last, SPAN)
    scored = [
        (
            (1 - (best - cosines.get(passage, last)) / span + words.get(passage, 0.0) / most) / 2
            + (NAMED if colleague in named else 0.0),
            passage,
        )
        for passage, colleague in authors.items()
    ]
    scored.sort(key=lambda one: (-one[0], one[1]))
    return [
        Ranked(passage, authors[passage], score, cosines.get(passage), words.get(passage, 0.0))
        for score, passage in scored[:CANDIDATES]
    ]


def settle(ranked: Sequence[Ranked], passages: Sequence[Passage]) -> list[Ranked]:
    """The final order of what was read and admitted; what is not among `passages` is left out.

    Passages of one thread, whoever wrote them, lend each other part of their scores, the less the further apart they
    are. Newer comes first among equals (D8).
    """
    read = {passage.id: (passage.thread, _seconds(passage)) for passage in passages}
    found = [(each, *read[each.passage]) for each in ranked if each.passage in read]
    lenders: dict[str, list[tuple[Ranked, float | None]]] = defaultdict(list)
    for each, thread, at in sorted(found, key=lambda one: -one[0].score)[:LENDERS]:
        lenders[thread].append((each, at))
    settled = []
    for each, thread, at in found:
        lent = _lent(each, at, lenders[thread])
        raised = Ranked(each.passage, each.colleague, each.score + lent, each.cosine, each.words)
        settled.append((-round(raised.score, 6), -(at or 0.0), each.passage, raised))
    settled.sort(key=lambda one: one[:3])
    return [raised for *_, raised in settled]


def _lent(borrower: Ranked, at: float | None, lenders: Sequence[tuple[Ranked, float | None]]) -> float:
    """The most that any other passage of its thread lends to one."""
    most = 0.0
    for lender, lender_at in lenders:
        if lender is borrower:
            continue
        share = LENDS * lender.score
        if at is not None and lender_at is not None:
            apart = (at - lender_at) / _LENDS_FOR_S
            share *= 1 / (1 + apart) if apart >= 0 else LENDS_BACK / (1 - apart)
        if share > most:
            most = share
    return most


def _seconds(passage: Passage) -> float | None:
    sent_at = passage.sent_at
    return None if sent_at is None else sent_at.timestamp()


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
