"""Gather: gate → redact → threads → passages → topic terms → embed → put. One path for history and live messages.

Other people's messages are read here, in memory, to see which words belong together and what a thread was about; they
go nowhere (C3). Gathering the same messages again changes nothing, so a run that was killed is simply run again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.consent import Consent
from bot.core.gate import Denial, Kept, keep
from bot.core.messages import Edited, Message, Recalled
from bot.core.passages import Draft, cut
from bot.core.people import PersonId, Place, SourceId
from bot.core.terms import content
from bot.core.threads import weave
from bot.library import Library
from bot.ports import Clock, Ledger

BATCH = 64
"""Passages that are embedded and put together; what a kill can cost is at most one batch."""

WINDOW = 60
"""Live messages of a source kept in memory, so that words said one after another become one passage."""

Progress = Callable[[int, int], None]
"""Told the passages done and their number after each batch."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of the messages of one source: how many were read, kept and dropped, and why."""

    read: int = 0
    kept: int = 0
    passages: int = 0
    changed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Gathered) -> Gathered:
        return Gathered(
            self.read + other.read,
            self.kept + other.kept,
            self.passages + other.passages,
            self.changed + other.changed,
            self.dropped + other.dropped,
        )


async def gather(
    source: SourceId,
    messages: Sequence[Message],
    *,
    place: Place | None,
    name: str,
    library: Library,
    ledger: Ledger,
    clock: Clock,
    progress: Progress | None = None,
) -> Gathered:
    """Gather messages of one source, oldest first, for every colleague who has granted it.

    `place` is the chat it is, None for a document or an import; `name` is how people call it.
    """
    now = clock.now()
    consents = {
        consent.colleague: consent
        for consent in await ledger.consents()
        if any(grant.source == source for grant in consent.live(now))
    }
    kept: dict[PersonId, dict[str, Kept]] = {}
    dropped: Counter[str] = Counter()
    for number, message in enumerate(messages):
        if number % BATCH == 0:
            await asyncio.sleep(0)  # questions are answered meanwhile
        verdict = _keep(message, place, consents, now=now)
        if isinstance(verdict, Kept):
            kept.setdefault(verdict.author, {})[message.id] = verdict
        else:
            dropped[verdict.value] += 1
    # Pure computation that takes a moment on a long history: off the loop, where others are being answered.
    threads = await asyncio.to_thread(weave, messages)
    drafts: dict[PersonId, list[Draft]] = {}
    for colleague, theirs in kept.items():
        struck = await library.struck(colleague, theirs)
        dropped["struck"] += len(struck)
        for message_id in struck:
            del theirs[message_id]
        drafts[colleague] = await _cut(colleague, threads, theirs, name=name, library=library)
    total, done, changed = sum(map(len, drafts.values())), 0, 0
    for colleague, of_colleague in drafts.items():
        for start in range(0, len(of_colleague), BATCH):
            batch = of_colleague[start : start + BATCH]
            changed += await library.put(colleague, batch)
            done += len(batch)
            if progress is not None:
                progress(done, total)
    in_passages = sum(len({m for d in of for m in d.passage.messages}) for of in drafts.values())
    dropped["no content"] += sum(map(len, kept.values())) - in_passages
    return Gathered(len(messages), in_passages, total, changed, +dropped)


class Live:
    """What is being said now, gathered as it comes; the last WINDOW messages of each source stay in memory alone."""

    def __init__(self, *, library: Library, ledger: Ledger, clock: Clock) -> None:
        self._library, self._ledger, self._clock = library, ledger, clock
        self._recent: dict[SourceId, deque[Message]] = {}

    async def hear(self, event: Message | Recalled | Edited, place: Place) -> Gathered:
        """Take in one event. A recalled message is forgotten before this returns, an edited one read again (C7)."""
        changed_id = (
            event.id if isinstance(event, Recalled) else event.message.id if isinstance(event, Edited) else None
        )
        source = event.message.source if isinstance(event, Edited) else event.source
        recent = self._recent.setdefault(source, deque(maxlen=WINDOW))
        if changed_id is not None:
            await self._forget(changed_id, source, recent)
        if isinstance(event, Recalled):
            return Gathered()
        recent.append(event.message if isinstance(event, Edited) else event)
        return await gather(
            source,
            tuple(recent),
            place=place,
            name=place.name,
            library=self._library,
            ledger=self._ledger,
            clock=self._clock,
        )

    async def _forget(self, message: str, source: SourceId, recent: deque[Message]) -> None:
        left = [each for each in recent if each.id != message]
        recent.clear()
        recent.extend(left)
        for consent in await self._ledger.consents():
            if any(grant.source == source for grant in consent.grants):
                await self._library.forget(consent.colleague, {message})


def _keep(
    message: Message, place: Place | None, consents: Mapping[PersonId, Consent], *, now: datetime
) -> Kept | Denial:
    consent = consents.get(message.author) if message.author is not None else None
    return Denial.NOT_THEIR_WORDS if consent is None else keep(message, place, consent, now=now)


async def _cut(
    colleague: PersonId, threads: Sequence[Sequence[Message]], kept: dict[str, Kept], *, name: str, library: Library
) -> list[Draft]:
    theirs = [thread for thread in threads if any(message.id in kept for message in thread)]
    own = {word for each in kept.values() for word in content(each.text)}
    around = {word for thread in theirs for message in thread for word in content(message.text)} - own
    vocabulary = own | await library.vocabulary(colleague, around)
    return [draft for thread in theirs for draft in cut(thread, kept, vocabulary=vocabulary, place=name)]
