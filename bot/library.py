"""THE door to passages: put (gated) · search (gated) · erase. The only holder of the Shelf.

A search's filter is for speed; the gate is the law. What the shelf finds is judged again, passage by passage, against
consent as it is now, and what may not be shown is gone before anything is ranked finally or counted (D2).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import compress
from time import perf_counter

from bot.core import rank
from bot.core.consent import Consent, Grant
from bot.core.gate import Denial, Permitted, admit, searchable
from bot.core.passages import Draft, Passage, without
from bot.core.people import PersonId, SourceId
from bot.core.questions import Question
from bot.core.rank import Matches, Ranked
from bot.core.terms import content, terms
from bot.errors import PlatformError, ShelfDamaged
from bot.ports import Clock, Embedder, Ledger, Shelf, Shelved, Vector

NEIGHBOURS = 1000
"""Passages that lose topic terms when a message is forgotten: terms that nothing else uses stand in few."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: permitted passages, best first, each with how it was found.

    `denials` counts what the gate refused among the hits, for the ledger. `without_vectors` says that only words were
    searched, because no embedder is there or it failed. Times are in milliseconds.
    """

    permitted: tuple[Permitted, ...]
    ranked: tuple[Ranked, ...]
    matches: Matches
    denials: Mapping[str, int]
    without_vectors: bool
    embed_ms: float
    search_ms: float

    def of(self, colleague: PersonId) -> Found:
        """The same, with the passages of one colleague only (D6)."""
        return self.only([ranked.colleague == colleague for ranked in self.ranked])

    def only(self, keep: Sequence[bool]) -> Found:
        """The same, with those passages for which `keep`, in their order, says so."""
        return replace(self, permitted=tuple(compress(self.permitted, keep)), ranked=tuple(compress(self.ranked, keep)))


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasing did, and what a scan of the data directory's bytes found afterwards."""

    passages: int
    files_scanned: int
    residue: int


Scan = Callable[[Collection[str]], tuple[int, int]]
"""Scan the data directory's bytes for these texts: gives the files read and how often one of the texts was found."""


class Library:
    def __init__(self, shelf: Shelf, *, embedder: Embedder | None, ledger: Ledger, clock: Clock, scan: Scan) -> None:
        self._shelf, self._embedder, self._ledger, self._clock, self._scan = shelf, embedder, ledger, clock, scan

    async def put(self, colleague: PersonId, drafts: Sequence[Draft]) -> int:
        """Shelve drafts of a colleague's words; gives how many passages changed.

        Putting the same drafts again changes nothing. A message that was already cut into another passage stays there,
        and a passage never shrinks: overlapping exports lose and double nothing.
        """
        consent = await self._ledger.consent(colleague)
        recipients = _recipients(consent.live(self._clock.now()))
        granted = [
            draft for draft in drafts if draft.passage.author == colleague and draft.passage.source in recipients
        ]
        fresh = await self._not_yet_shelved(colleague, granted)
        return await self._shelve(colleague, fresh, await self._vectors(fresh, recipients)) if fresh else 0

    async def vocabulary(self, colleague: PersonId, words: Collection[str]) -> frozenset[str]:
        """Those of these words that the colleague's own shelved text uses (C4)."""
        return await self._shelf.vocabulary(colleague, words)

    async def struck(self, colleague: PersonId, messages: Collection[str]) -> frozenset[str]:
        """Those of these messages that the colleague struck: not to be taken again."""
        return await self._shelf.struck(colleague, messages)

    async def search(self, question: Question, *, limit: int) -> Found:
        """Permitted passages for a question, best first, at most `limit`; the one way to read anybody's words."""
        now = self._clock.now()
        consents = {
            consent.colleague: consent
            for consent in await self._ledger.consents()
            if question.colleague in (None, consent.colleague)
        }
        within = {
            colleague: sources
            for colleague, consent in consents.items()
            if (sources := searchable(question, consent, now=now))
        }
        started = perf_counter()
        vector = await self._question_vector(question) if within else None
        embedded = perf_counter()
        near = await self._shelf.nearest(vector, within, limit=rank.NEAREST) if vector is not None else ()
        matches = await self._shelf.matching(
            rank.sought(question.searched), within, limit=rank.matching_limit(len(within))
        )
        ranked = rank.fuse(near, matches, named=question.named)
        permitted, denials = await self._admit(ranked, question, consents)
        settled = rank.settle(ranked, [each.passage for each in permitted.values()])[:limit]
        return Found(
            permitted=tuple(permitted[each.colleague, each.passage] for each in settled),
            ranked=tuple(settled),
            matches=matches,
            denials=denials,
            without_vectors=vector is None,
            embed_ms=(embedded - started) * 1000,
            search_ms=(perf_counter() - embedded) * 1000,
        )

    async def browse(self, colleague: PersonId, *, sources: Collection[SourceId]) -> Sequence[Passage]:
        """All passages of these sources, for the colleague's own eyes: preview and `/mydata`."""
        return await self._shelf.browse(colleague, sources=sources)

    async def count(self, colleague: PersonId) -> int:
        return await self._shelf.count(colleague)

    async def strike(self, colleague: PersonId, passages: Collection[str]) -> int:
        """Erase passages; their messages are never taken again."""
        return await self._shelf.strike(colleague, passages)

    async def forget(self, colleague: PersonId, messages: Collection[str]) -> int:
        """Erase what came from these messages: recalled or edited (C7). Gives how many passages it stood in.

        What else stood in those passages stays, and topic terms that no words of the colleague's are left to use go
        (C4). Erasing comes first: a crash after it leaves less, not more.
        """
        cut_into = await self._shelf.cut_into(colleague, messages)
        hit = await self._shelf.read({colleague: frozenset().union(*cut_into.values())})
        gone = await self._shelf.erase_messages(colleague, messages)
        said = {
            term
            for passage in hit
            for piece in passage.pieces
            if piece.message in messages
            for term in content(piece.text)
        }
        rest = [draft for passage in hit if (draft := without(passage, messages)) is not None]
        unused = said - await self._shelf.vocabulary(colleague, said)
        unused = unused.difference(*(terms(draft.passage.text) for draft in rest))
        consent = await self._ledger.consent(colleague)
        neighbours = await self._with_topics(unused, consent)
        drafts = [
            draft
            for passage in (*(draft.passage for draft in rest), *neighbours)
            if (draft := without(_without_topics(passage, unused), ())) is not None
        ]
        try:
            vectors = await self._vectors(drafts, _recipients(consent.live(self._clock.now())))
        except PlatformError:
            # Their words alone find them from now on, but they are not lost.
            vectors = [None] * len(drafts)
        await self._shelve(colleague, drafts, vectors)
        return gone

    async def erase(self, colleague: PersonId, *, sources: Collection[SourceId]) -> Erasure:
        """Erase a whole profile, then scan the data directory's bytes for what it held of these sources (B12)."""
        held: Sequence[Passage] = ()
        # What cannot be read any more can be erased all the same.
        with suppress(ShelfDamaged):
            held = await self._shelf.browse(colleague, sources=sources)
        gone = await self._shelf.erase(colleague)
        files, residue = await asyncio.to_thread(self._scan, [passage.text for passage in held])
        return Erasure(gone, files, residue)

    async def close(self) -> None:
        await self._shelf.close()

    async def _not_yet_shelved(self, colleague: PersonId, drafts: Sequence[Draft]) -> list[Draft]:
        planned: dict[str, set[str]] = {}
        for draft in drafts:
            for message in draft.passage.messages:
                planned.setdefault(message, set()).add(draft.passage.id)
        cut_into = await self._shelf.cut_into(colleague, planned)
        standing = {
            passage.id: passage
            for passage in await self._shelf.read({colleague: {draft.passage.id for draft in drafts}})
        }
        fresh = []
        for draft in drafts:
            passage = draft.passage
            old = standing.get(passage.id)
            taken = {message for message in passage.messages if cut_into.get(message, frozenset()) - planned[message]}
            if old is not None and not set(old.messages) <= set(passage.messages):
                taken.update(old.messages)
            left = without(passage, taken) if taken else draft
            if left is not None and (old is None or (left.passage.id, left.passage.text) != (old.id, old.text)):
                fresh.append(left)
        return fresh

    async def _with_topics(self, topics: Collection[str], consent: Consent) -> Sequence[Passage]:
        """Passages that have any of these as topic terms, in whatever source was granted."""
        if not topics:
            return ()
        within = {consent.colleague: frozenset(grant.source for grant in consent.grants)}
        matches = await self._shelf.matching(sorted(topics), within, limit=NEIGHBOURS)
        return await self._shelf.read(
            {consent.colleague: [match.passage for match in matches.found if any(match.topic_counts)]}
        )

    async def _shelve(self, colleague: PersonId, drafts: Sequence[Draft], vectors: Sequence[Vector | None]) -> int:
        return await self._shelf.put(
            colleague,
            [
                Shelved(
                    draft.passage,
                    terms=terms(draft.passage.text),
                    topic_terms=draft.passage.topics,
                    vector=vector,
                )
                for draft, vector in zip(drafts, vectors, strict=True)
            ],
        )

    async def _vectors(
        self, drafts: Sequence[Draft], recipients: Mapping[SourceId, frozenset[str]]
    ) -> list[Vector | None]:
        """A vector for each draft whose author lets the embedder read it; its words alone find the others."""
        embedder = self._embedder
        if embedder is None:
            return [None] * len(drafts)
        may = [embedder.recipient in (None, *recipients.get(draft.passage.source, ())) for draft in drafts]
        texts = [draft.embed for draft, allowed in zip(drafts, may, strict=True) if allowed]
        vectors = iter(await embedder.passages(texts) if texts else ())
        return [next(vectors) if allowed else None for allowed in may]

    async def _question_vector(self, question: Question) -> Vector | None:
        if self._embedder is None:
            return None
        try:
            return await self._embedder.question(question.searched)
        except PlatformError:
            # Words alone still find a good deal; the asker is told (Found.without_vectors).
            return None

    async def _admit(
        self, ranked: Sequence[Ranked], question: Question, consents: Mapping[PersonId, Consent]
    ) -> tuple[dict[tuple[PersonId, str], Permitted], Counter[str]]:
        wanted: dict[PersonId, list[str]] = {}
        for each in ranked:
            wanted.setdefault(each.colleague, []).append(each.passage)
        now = self._clock.now()
        permitted: dict[tuple[PersonId, str], Permitted] = {}
        denials: Counter[str] = Counter()
        for passage in await self._shelf.read(wanted):
            verdict = admit(passage, question, consents[passage.author], now=now)
            if isinstance(verdict, Denial):
                denials[verdict.value] += 1
            else:
                permitted[passage.author, passage.id] = verdict
        return permitted, denials


def _recipients(grants: Collection[Grant]) -> dict[SourceId, frozenset[str]]:
    """Who outside may read the words of each source: whom every grant of it names, since a passage has one vector."""
    recipients: dict[SourceId, frozenset[str]] = {}
    for grant in grants:
        recipients[grant.source] = recipients.get(grant.source, grant.recipients) & grant.recipients
    return recipients


def _without_topics(passage: Passage, topics: Collection[str]) -> Passage:
    return replace(passage, topics=tuple(topic for topic in passage.topics if topic not in topics))
