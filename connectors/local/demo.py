"""The invented team of `byline demo`, read from the files in demo/: who, where, what was said, what is worth asking.

Gives words and wishes; that a colleague ticks something is for the demo to play through the real enrolment.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any

from bot.core.messages import Message
from bot.core.people import Audience, Person, PersonId, PlaceId, SourceId, Team
from bot.core.questions import Language
from bot.errors import BadInput, PlatformError
from connectors.local.names import Names
from connectors.local.team import PLATFORM, TENANT, LocalTeam, Member, Room

BEIJING = timezone(timedelta(hours=8))

_LINE = re.compile(
    r"(?P<id>\w+) (?P<at>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<author>\w+)(?: > (?P<reply_to>\w+))?"
    r"(?P<recalled> \(recalled\))?: (?P<text>.+)"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a colleague of the demo ticks: words of this source, to this audience."""

    colleague: PersonId
    source: SourceId
    audience: Audience


@dataclass(frozen=True, slots=True)
class Example:
    """A question worth trying. `colleague` wrote the messages `rests_on`; None and empty where it is to be declined."""

    text: str
    language: Language
    asker: PersonId
    place: PlaceId
    colleague: PersonId | None = None
    rests_on: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        return bool(self.rests_on)


class DemoArchive:
    """The chats of the invented team as an Archive: everybody's messages, but none that was taken back."""

    def __init__(self, chats: Mapping[SourceId, Sequence[Message]]) -> None:
        self._chats = chats

    async def history(self, source: SourceId) -> AsyncIterator[Message]:
        if source not in self._chats:
            raise PlatformError(f"the demo has no chat {source}")
        for message in self._chats[source]:
            yield message


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything that is invented. `colleagues` are those who take part, `wishes` what each of them ticks."""

    members: tuple[Member, ...]
    rooms: tuple[Room, ...]
    colleagues: tuple[PersonId, ...]
    wishes: tuple[Wish, ...]
    examples: tuple[Example, ...]
    archive: DemoArchive

    def seed(self, team: LocalTeam) -> None:
        """Make this the local team; again changes nothing. Raises BadInput where another team is in the way."""
        team.register(self.members, self.rooms)


@cache
def read() -> Demo:
    """Read all files. Raises BadInput naming file and line."""
    about = _toml("team.toml")
    members = tuple(
        Member(each["id"], tuple(each["names"]), each["role"], each["language"], each.get("outsider", False))
        for each in about["people"]
    )
    rooms = tuple(Room(each["id"], each["name"], frozenset(each["members"])) for each in about["places"])
    sources = [LocalTeam.place_id(room.chat).as_source() for room in rooms]
    names = Names(Person(LocalTeam.person_id(member.user), member.names) for member in members)
    return Demo(
        members=members,
        rooms=rooms,
        colleagues=tuple(LocalTeam.person_id(each["id"]) for each in about["people"] if each.get("colleague")),
        wishes=tuple(
            Wish(
                LocalTeam.person_id(each["colleague"]),
                LocalTeam.place_id(each["source"]).as_source(),
                _audience(each["audience"]),
            )
            for each in about["grants"]
        ),
        examples=tuple(
            Example(
                text=each["text"],
                language=each["language"],
                asker=LocalTeam.person_id(each["asker"]),
                place=LocalTeam.place_id(each["place"]),
                colleague=LocalTeam.person_id(each["colleague"]) if each["expect"] == "answered" else None,
                rests_on=tuple(each.get("rests_on", ())),
            )
            for each in _toml("questions.toml")["questions"]
        ),
        archive=DemoArchive({source: _chat(source, names) for source in sources}),
    )


def _audience(name: str) -> Audience:
    return Team(PLATFORM, TENANT) if name == "team" else LocalTeam.place_id(name)


def _chat(source: SourceId, names: Names) -> tuple[Message, ...]:
    """One chat, oldest first, without what was recalled: no platform hands that out."""
    file = f"{source.key}.txt"
    said: list[Message] = []
    recalled: set[str] = set()
    for number, line in enumerate(_text(file).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("    ") and said:
            said[-1] = replace(said[-1], text=f"{said[-1].text}\n{line[4:]}")
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadInput(f"{file}:{number}", "is neither a message nor the continuation of one")
        if found["recalled"]:
            recalled.add(found["id"])
        said.append(
            Message(
                id=found["id"],
                source=source,
                author=LocalTeam.person_id(found["author"]),
                sent_at=datetime.strptime(found["at"], "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING),
                text=found["text"],
                reply_to=found["reply_to"],
            )
        )
    return tuple(_with_names(message, names) for message in said if message.id not in recalled)


def _with_names(message: Message, names: Names) -> Message:
    mentions, written = names.find(message.text)
    return replace(message, mentions=mentions, names=written)


def _toml(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(file, str(error)) from error


def _text(file: str) -> str:
    return (resources.files("connectors.local") / "demo" / file).read_text(encoding="utf-8")
