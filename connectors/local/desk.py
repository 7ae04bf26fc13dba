"""What a local chat, in a terminal or on a web page, needs of the app, and what it hands over.

Decides nothing about answers. That somebody speaks only where they read is held by whoever seats them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.messages import Message
from bot.core.people import Person, PersonId, Place, PlaceId
from bot.core.questions import Language
from connectors.local.names import Names
from connectors.local.team import LocalTeam


class Desk(Protocol):
    def people(self) -> Sequence[Person]:
        """Everybody one can speak as."""

    def places_of(self, person: PersonId) -> Sequence[Place]:
        """Where this person reads and speaks, as it is offered; at least their one-to-one chat with the assistant."""

    def readers_of(self, place: PlaceId) -> Sequence[Person]: ...

    def language_of(self, person: PersonId) -> Language | None: ...

    async def say(self, message: Message, place: Place) -> None:
        """Hand over what was said; returns when it has been dealt with. The app answers through its Voice.

        Raises BylineError where it could not be dealt with.
        """


@dataclass(frozen=True, slots=True)
class TeamDesk:
    """The desk of a LocalTeam; `hand_over` takes what is said to the app."""

    team: LocalTeam
    hand_over: Callable[[Message, Place], Awaitable[object]]

    def people(self) -> Sequence[Person]:
        return self.team.everybody()

    def places_of(self, person: PersonId) -> Sequence[Place]:
        return self.team.readable(person)

    def readers_of(self, place: PlaceId) -> Sequence[Person]:
        return self.team.readers(place)

    def language_of(self, person: PersonId) -> Language | None:
        return self.team.language(person)

    async def say(self, message: Message, place: Place) -> None:
        await self.hand_over(message, place)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who speaks, and where."""

    person: Person
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """Something said in a place in this sitting. `author` None: the assistant. `to`: that person alone may read it."""

    id: str
    place: PlaceId
    author: Person | None
    text: str
    at: datetime
    to: PersonId | None = None
    reply_to: str | None = None

    def is_seen_from(self, seat: Seat) -> bool:
        return self.place == seat.place.id and self.to in (None, seat.person.id)


def spoken(line: Line, *, seat: Seat, names: Names, to_assistant: bool) -> Message:
    """What was said at a seat, as the app takes it. Alone with the assistant, all is said to it."""
    mentions, written = names.find(line.text)
    return Message(
        id=line.id,
        source=seat.place.id.as_source(),
        author=seat.person.id,
        sent_at=line.at,
        text=line.text,
        mentions=mentions,
        names=written,
        to_assistant=to_assistant or seat.place.one_to_one,
    )
