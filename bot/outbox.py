"""The door out: last look at consent · label · split · post · record. The only holder of a Voice.

Decides nothing about what is said, except that words whose grant has ended in the meantime are not said any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.gate import Permitted, still_holds
from bot.core.label import label
from bot.core.people import PersonId, PlaceId
from bot.core.questions import Language, Question
from bot.ports import Clock, Ledger, Refused, Shown, Voice
from bot.wording import Wording


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be said to somebody, before it is labelled.

    `about` is the name of the colleague whose assistant speaks, None where the assistant speaks for itself. `backing`
    is what the body rests on: if any of it may no longer be shown, the reply is declined instead. `denials` counts why
    the gate said no, for the ledger alone. `alone` keeps it from everybody but the asker.
    """

    id: str
    body: str
    language: Language
    place: PlaceId
    asker: PersonId
    alone: bool
    about: str | None = None
    question: Question | None = None
    backing: Sequence[Permitted] = ()
    denials: Mapping[str, int] = field(default_factory=dict)
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What left: the texts as posted, in order, and whether the reply was declined at the last look."""

    texts: tuple[str, ...]
    declined: bool


class Outbox:
    def __init__(self, voice: Voice, *, ledger: Ledger, wording: Wording, clock: Clock) -> None:
        self._voice, self._ledger, self._wording, self._clock = voice, ledger, wording, clock

    async def say(self, reply: Reply) -> Sent:
        """Post a reply and record it. Raises PlatformError where the platform does not take it."""
        holds = await self._holds(reply)
        body = reply.body if holds else self._wording.say("declined", language=reply.language, reference=reply.id)
        about = reply.about if holds else None
        if not await self._ledger.spoke_in(reply.place):
            body = f"{body}\n\n{self._wording.say('first_contact', language=reply.language)}"
        parts = label(
            body,
            words=self._wording.label(reply.language, somebody=about is not None),
            name=about or "",
            max_chars=self._voice.max_chars,
        )
        for part in parts:
            await self._voice.post(
                part, place=reply.place, to=reply.asker if reply.alone else None, reply_to=reply.reply_to
            )
        texts = tuple(part.text for part in parts)
        await self._record(reply, texts, shown=holds and bool(reply.backing))
        return Sent(texts, declined=not holds)

    async def _holds(self, reply: Reply) -> bool:
        """A model takes seconds to reply, and a colleague may have withdrawn in that time."""
        if not reply.backing:
            return True
        if reply.question is None:
            return False
        authors = {permitted.passage.author for permitted in reply.backing}
        consents = {author: await self._ledger.consent(author) for author in authors}
        now = self._clock.now()
        return all(
            still_holds(permitted, reply.question, consents[permitted.passage.author], now=now)
            for permitted in reply.backing
        )

    async def _record(self, reply: Reply, texts: Sequence[str], *, shown: bool) -> None:
        hashes = tuple(text_hash(text) for text in texts)
        now = self._clock.now()
        if shown:
            passages = tuple(permitted.passage for permitted in reply.backing)
            await self._ledger.append(
                Shown(
                    answer=reply.id,
                    at=now,
                    colleague=passages[0].author,
                    asker=reply.asker,
                    place=reply.place,
                    passages=tuple(passage.id for passage in passages),
                    grants=tuple(dict.fromkeys(permitted.grant.id for permitted in reply.backing)),
                    text_sha256=hashes,
                )
            )
        else:
            await self._ledger.append(
                Refused(reply.id, now, asker=reply.asker, place=reply.place, denials=reply.denials, text_sha256=hashes)
            )


def text_hash(text: str) -> str:
    """The hash under which a posted text can be verified later. How its white space looks does not count: chats that
    it is copied out of, and lines that it is pasted into, change it."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()
