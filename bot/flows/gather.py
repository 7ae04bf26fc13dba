"""Gather: gate → redact → threads → passages → topic terms → embed → put. One path for history and live messages.

Other people's messages are read here, in memory, to see which words belong together and what a thread was about; they
go nowhere (C3). Gathering the same messages again changes nothing, so a run that was killed is simply run again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.consent import Consent
from bot.core.gate import Denial, Kept, keep, may_keep
from bot.core.messages import Edited, Message, Recalled
from bot.core.passages import Draft, cut
from bot.core.people import PersonId, Place, SourceId
from bot.core.terms import content
from bot.core.threads import weave
from bot.library import Library
from bot.ports import Clock, Ledger

BATCH = 64
"""Passages that are embedded and put together, about; what a kill can cost is at most one batch."""

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

    `place` is the chat it is, None for a document or an import; `name` is how people call it. Of messages with the same
    id the last one counts.
    """
    now = clock.now()
    read, messages = len(messages), list({message.id: message for message in messages}.values())
    consents = {consent.colleague: consent for consent in await ledger.consents()}
    kept: dict[PersonId, dict[str, Kept]] = {}
    dropped: Counter[str] = Counter(duplicate=read - len(messages))
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
        for batch in _batches(of_colleague):
            changed += await library.put(colleague, batch)
            done += len(batch)
            if progress is not None:
                progress(done, total)
    in_passages = sum(len({m for d in of for m in d.passage.messages}) for of in drafts.values())
    dropped["no content"] += sum(map(len, kept.values())) - in_passages
    return Gathered(read, in_passages, total, changed, +dropped)


@dataclass(slots=True)
class _Lately:
    """What was said last in one source. Events there are taken one after another: what is being gathered when a message
    is recalled would otherwise be shelved after it was forgotten. `unshelved`: gathering it failed the last time."""

    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=WINDOW))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    unshelved: bool = False


class Live:
    """What is being said now, gathered as it comes; the last WINDOW messages of each source stay in memory alone."""

    def __init__(self, *, library: Library, ledger: Ledger, clock: Clock) -> None:
        self._library, self._ledger, self._clock = library, ledger, clock
        self._lately: dict[SourceId, _Lately] = {}

    async def hear(self, event: Message | Recalled | Edited, place: Place) -> Gathered:
        """Take in one event. A recalled message is forgotten before this returns, an edited one read again (C7)."""
        source = event.message.source if isinstance(event, Edited) else event.source
        lately = self._lately.setdefault(source, _Lately())
        async with lately.turn:
            match event:
                case Message():
                    # Platforms deliver again what they think was lost; what stands here may have been edited since.
                    if all(each.id != event.id for each in lately.messages):
                        lately.messages.append(event)
                    denial = await self._denial(event, place)
                    # Words that may not be kept change nothing of what is shelved: threads look only backwards.
                    if denial is not None and not lately.unshelved:
                        return Gathered(1, dropped=Counter([denial.value]))
                    lately.unshelved = True
                    gathered = await self._gather(source, lately.messages, place)
                    lately.unshelved = False
                    return gathered
                case Recalled():
                    _replace(lately.messages, event.id, ())
                    await self._forget(event.id, source)
                    return Gathered()
                case Edited(message):
                    known = _replace(lately.messages, message.id, (message,))
                    await self._forget(message.id, source)
                    # One from before the window stands alone: what was said round it is not known any more.
                    return await self._gather(source, lately.messages if known else (message,), place)

    async def _denial(self, message: Message, place: Place) -> Denial | None:
        if message.author is None:
            return Denial.NOT_THEIR_WORDS
        verdict = may_keep(message, place, await self._ledger.consent(message.author), now=self._clock.now())
        return verdict if isinstance(verdict, Denial) else None

    async def _gather(self, source: SourceId, messages: Iterable[Message], place: Place) -> Gathered:
        return await gather(
            source,
            tuple(messages),
            place=place,
            name=place.name,
            library=self._library,
            ledger=self._ledger,
            clock=self._clock,
        )

    async def _forget(self, message: str, source: SourceId) -> None:
        for consent in await self._ledger.consents():
            if any(grant.source == source for grant in consent.grants):
                await self._library.forget(consent.colleague, {message})


def _replace(messages: deque[Message], message_id: str, by: Sequence[Message]) -> bool:
    """Put these where the message with this id stands; says whether it is there."""
    before = list(messages)
    messages.clear()
    for each in before:
        messages.extend(by if each.id == message_id else (each,))
    return any(each.id == message_id for each in before)


def _batches(drafts: Sequence[Draft]) -> Iterator[Sequence[Draft]]:
    """In order, about BATCH at a time. The parts of one long message stay together: the library takes what of a message
    is shelved already for all of it."""
    batch: list[Draft] = []
    for draft in drafts:
        if len(batch) >= BATCH and draft.passage.messages[0] != batch[-1].passage.messages[-1]:
            yield batch
            batch = []
        batch.append(draft)
    if batch:
        yield batch


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
