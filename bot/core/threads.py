"""Threads: which messages of one place belong together.

Decides by what the platform says (reply and thread ids), else by who is addressed, who goes on speaking, and time gaps.
Reads everybody's messages, so it works in memory alone and stores nothing. Looks only backwards: later messages never
change how earlier ones were put together, so reading the same history again gives the same threads.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.messages import Form, Message
from bot.core.people import PersonId

QUIET = timedelta(minutes=30)
"""After so long a silence a place has changed the subject."""

REPLY_WITHIN = timedelta(minutes=45)
"""How long an answer to somebody by name may take."""

GO_ON_WITHIN = timedelta(minutes=5)
"""How long somebody's next words still belong to their last ones where several subjects run at once."""

RECENT = 40
"""Messages by which a place is judged busy or not."""

_ADDRESS = re.compile(r"\s*@?([^\s:,，：]{1,40})\s*[:,，：]|\s*@([^\s:,，：]{1,40})")
_ASKS = re.compile(r"[?？]")


@dataclass(slots=True)
class _Room:
    """What is remembered of one place while its messages go by."""

    threads: list[list[Message]] = field(default_factory=list)
    thread_of: dict[str, int] = field(default_factory=dict)
    platform_threads: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, PersonId] = field(default_factory=dict)
    last_by: dict[PersonId, Message] = field(default_factory=dict)
    last_to: dict[tuple[PersonId, PersonId], Message] = field(default_factory=dict)
    called: dict[PersonId, Message] = field(default_factory=dict)
    addressing: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    last: Message | None = None


def weave(messages: Sequence[Message]) -> list[list[Message]]:
    """Put the messages of one source, oldest first, into threads, each in order, by their first message.

    Documents stand alone, or together where they share a `thread`.
    """
    room = _Room()
    for message in messages:
        addressed = _addressed(message, room)
        index = _by_platform(message, room)
        if index is None and message.form is Form.CHAT:
            index = _by_talk(message, addressed, room)
        if index is None:
            index = len(room.threads)
            room.threads.append([])
        room.threads[index].append(message)
        _remember(message, addressed, index, room)
    return room.threads


def _by_platform(message: Message, room: _Room) -> int | None:
    if message.reply_to is not None and message.reply_to in room.thread_of:
        return room.thread_of[message.reply_to]
    if message.thread is not None:
        return room.platform_threads.get(message.thread, room.thread_of.get(message.thread))
    return None


def _by_talk(message: Message, addressed: Sequence[PersonId], room: _Room) -> int | None:
    """The thread that the way people talk suggests, None for a new one."""
    # A platform that knows threads says so for every message in one: this one opens its own.
    if message.thread is not None or message.author is None or room.last is None:
        return None
    if message.sent_at is None and room.last.sent_at is not None:
        return None
    me = message.author
    for them in addressed:
        # What they said to me comes before what they said last: helpful people talk to several at once.
        for earlier in (room.last_to.get((them, me)), room.last_by.get(them)):
            if earlier is not None and _within(earlier, message, REPLY_WITHIN):
                return room.thread_of[earlier.id]
    if not _is_busy(room):
        return room.thread_of[room.last.id] if _within(room.last, message, QUIET) else None
    mine, call = room.last_by.get(me), room.called.get(me)
    if call is not None and _within(call, message, REPLY_WITHIN):
        return room.thread_of[call.id]
    if mine is not None and _within(mine, message, GO_ON_WITHIN):
        return room.thread_of[mine.id]
    # Somebody new who calls nobody and asks nothing answers the question just asked, or speaks of something else.
    answers = _ASKS.search(room.last.text) and not _ASKS.search(message.text) and not addressed
    return room.thread_of[room.last.id] if answers and _within(room.last, message, GO_ON_WITHIN) else None


def _addressed(message: Message, room: _Room) -> tuple[PersonId, ...]:
    """Whom a message speaks to: accounts that the platform names, else a name at its beginning."""
    if message.mentions:
        return tuple(person for person in message.mentions if person != message.author)
    found = _ADDRESS.match(message.text)
    if found is None:
        return ()
    them = room.by_name.get((found[1] or found[2]).casefold())
    return () if them is None or them == message.author else (them,)


def _remember(message: Message, addressed: Sequence[PersonId], index: int, room: _Room) -> None:
    room.thread_of[message.id] = index
    if message.thread is not None:
        room.platform_threads.setdefault(message.thread, index)
    me = message.author
    if me is None or message.form is Form.DOCUMENT:
        return
    # Where others bear a time, what bears none was written by the platform ("joined", "renamed"), not said by anybody.
    if message.sent_at is None and room.last is not None and room.last.sent_at is not None:
        return
    room.last = room.last_by[me] = message
    room.by_name[me.user.casefold()] = me
    room.addressing.append(bool(addressed))
    room.called.pop(me, None)
    for them in addressed:
        room.last_to[me, them] = room.called[them] = message


def _is_busy(room: _Room) -> bool:
    """Do people here call each other by name, as they do where several subjects run at once?"""
    return len(room.addressing) >= RECENT // 2 and sum(room.addressing) * 5 >= len(room.addressing)


def _within(earlier: Message, later: Message, span: timedelta) -> bool:
    # Without times there is nothing to tell a gap by; nearness in order then has to do.
    if earlier.sent_at is None or later.sent_at is None:
        return True
    return later.sent_at - earlier.sent_at <= span
