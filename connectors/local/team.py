"""The local team: who is who and who reads where, on a machine that has no other platform.

One JSON file is this platform's own server state. Decides nothing about consent: that somebody reads a place does not
mean that anything may be shown there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bot.core.people import Person, PersonId, Place, PlaceId
from bot.core.questions import Language
from bot.errors import BadInput, Lack, PlatformError, SetupError

PLATFORM, TENANT = "local", "team"
ONE_TO_ONE = "dm-"
"""What the id of somebody's one-to-one chat with the assistant begins with; no other place's id does."""

MAX_LISTED = 20
"""An error that says what there is lists so many ids: an import may bring thousands."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the local team. The first name is the one shown. `language` None: not known."""

    user: str
    names: tuple[str, ...]
    role: str = ""
    language: Language | None = None
    outsider: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A group chat of the local team. `members` None: open, everyone at this machine but outsiders reads it."""

    chat: str
    name: str
    members: frozenset[str] | None = None
    marked: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    members: dict[str, Member]
    rooms: dict[str, Room]


class LocalTeam:
    """A Roster kept in one file; everybody in it is of one tenant, TENANT.

    The file is read again when another process has written it. Writing replaces it whole, so a reader never sees half;
    of two processes that register in the same instant one may lose its entry, and must register again.
    """

    def __init__(self, path: Path) -> None:
        """The file need not exist yet. Raises SetupError where it is damaged."""
        self._path = path
        self._version: tuple[int, int] | None = None
        self._state = _State({}, {})
        self._now()

    @staticmethod
    def person_id(user: str) -> PersonId:
        """The id that somebody with this account has, whether they are here or not."""
        return PersonId(PLATFORM, TENANT, user)

    @staticmethod
    def place_id(chat: str) -> PlaceId:
        """The id that a chat of this name has, whether it is here or not."""
        return PlaceId(PLATFORM, TENANT, chat)

    # What there is, for whoever is at this machine.

    def everybody(self) -> tuple[Person, ...]:
        """In the order in which they were registered."""
        return tuple(self._person(member) for member in self._now().members.values())

    def readable(self, person: PersonId) -> tuple[Place, ...]:
        """The places that this person reads: group chats as they were registered, then their own one-to-one chat."""
        state = self._now()
        member = self._member(person, state)
        if member is None:
            return ()
        rooms = (room for room in state.rooms.values() if _reads(member, room))
        return (*(self._place(room, state) for room in rooms), self._one_to_one(member))

    def readers(self, place: PlaceId) -> tuple[Person, ...]:
        """Everybody who reads this place; nobody reads one that does not exist."""
        state = self._now()
        if place != self.place_id(place.chat):
            return ()
        room = state.rooms.get(place.chat)
        if room is None:
            alone = self._alone(place, state)
            return (self._person(alone),) if alone is not None else ()
        return tuple(self._person(member) for member in state.members.values() if _reads(member, room))

    def language(self, person: PersonId) -> Language | None:
        member = self._member(person, self._now())
        return member.language if member is not None else None

    def find_person(self, wanted: str) -> Person:
        """By id (`wei`, or in full) or by exact name. Raises BadInput where nobody, or more than one, fits."""
        everybody = [((person.id.user, str(person.id)), person.names, person) for person in self.everybody()]
        return _only("person", wanted, everybody)

    def find_place(self, wanted: str) -> Place:
        """By id (`ops`, or in full) or by exact name; one-to-one chats by id only. Raises BadInput as `find_person`."""
        state = self._now()
        alone = [self._one_to_one(member) for member in state.members.values()]
        if wanted.startswith((ONE_TO_ONE, str(self.place_id(ONE_TO_ONE)))):
            return _only("place", wanted, [((place.id.chat, str(place.id)), (), place) for place in alone])
        rooms = [self._place(room, state) for room in state.rooms.values()]
        return _only("place", wanted, [((place.id.chat, str(place.id)), (place.name,), place) for place in rooms])

    # The Roster.

    async def place(self, place: PlaceId) -> Place | None:
        state = self._at_work()
        if place != self.place_id(place.chat):
            return None
        if place.chat in state.rooms:
            return self._place(state.rooms[place.chat], state)
        alone = self._alone(place, state)
        return self._one_to_one(alone) if alone is not None else None

    async def person(self, person: PersonId) -> Person | None:
        member = self._member(person, self._at_work())
        return self._person(member) if member is not None else None

    async def people(self) -> Sequence[Person]:
        return tuple(self._person(member) for member in self._at_work().members.values())

    async def places_of(self, person: PersonId) -> frozenset[PlaceId]:
        self._at_work()
        return frozenset(place.id for place in self.readable(person))

    async def is_outsider(self, person: PersonId) -> bool:
        """Whoever is not of this team is an outsider too."""
        member = self._member(person, self._at_work())
        return member is None or member.outsider

    # Registering: for the demo and for imports.

    def register_person(
        self,
        user: str,
        *,
        names: Collection[str],
        role: str = "",
        language: Language | None = None,
        outsider: bool = False,
    ) -> Person:
        """Take somebody in. As `register`."""
        self.register([Member(user, tuple(names), role, language, outsider)])
        return self._person(self._state.members[user])

    def register_place(self, chat: str, *, name: str, members: Collection[str] | None, marked: bool = False) -> Place:
        """Open a place to these users; None opens it to everyone at this machine but outsiders. As `register`."""
        self.register(rooms=[Room(chat, name, None if members is None else frozenset(members), marked)])
        return self._place(self._state.rooms[chat], self._state)

    def register(self, members: Iterable[Member] = (), rooms: Iterable[Room] = ()) -> None:
        """Take in many at once: all or none, durable on return.

        Somebody who is here keeps what is known of them and gains the names that are new. A place that is here keeps
        its readers: registering it with others raises BadInput, for an import must not open a chat to more people than
        read it. So does an id that cannot be one, and a member whom nobody knows.
        """
        state = self._now()
        after = _State(dict(state.members), dict(state.rooms))
        for member in members:
            _check_id("person", member.user)
            known = after.members.get(member.user)
            after.members[member.user] = member if known is None else _merge(known, member)
        for room in rooms:
            _check_room(room, after)
            known_room = after.rooms.get(room.chat)
            marked = room.marked or (known_room is not None and known_room.marked)
            after.rooms[room.chat] = replace(room, marked=marked)
        if after != state:
            self._write(after)

    def _person(self, member: Member) -> Person:
        return Person(self.person_id(member.user), member.names)

    def _place(self, room: Room, state: _State) -> Place:
        outsiders = any(state.members[user].outsider for user in room.members or ())
        return Place(self.place_id(room.chat), room.name, has_outsiders=outsiders, marked=room.marked)

    def _one_to_one(self, member: Member) -> Place:
        name = self._person(member).name
        return Place(self.place_id(ONE_TO_ONE + member.user), name, one_to_one=True, has_outsiders=member.outsider)

    def _alone(self, place: PlaceId, state: _State) -> Member | None:
        """Whose one-to-one chat this place is."""
        return state.members.get(place.chat.removeprefix(ONE_TO_ONE)) if place.chat.startswith(ONE_TO_ONE) else None

    def _member(self, person: PersonId, state: _State) -> Member | None:
        return state.members.get(person.user) if person == self.person_id(person.user) else None

    def _at_work(self) -> _State:
        try:
            return self._now()
        except (SetupError, OSError) as error:
            raise PlatformError("the local team cannot be read") from error

    def _now(self) -> _State:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return self._state
        version = (found.st_ino, found.st_mtime_ns)
        if version != self._version:
            self._state = _read(self._path)
            self._version = version
        return self._state

    def _write(self, state: _State) -> None:
        content = {
            "people": [asdict(member) for member in state.members.values()],
            "places": [asdict(room) | {"members": _listed(room)} for room in state.rooms.values()],
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                # Imported names may hold a lone surrogate, which UTF-8 has no way to write: escapes do.
                json.dump(content, file, ensure_ascii=True, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._version = None
        self._now()


_Found = TypeVar("_Found")


def fitting(wanted: str, there: Iterable[tuple[Collection[str], Collection[str], _Found]]) -> list[_Found]:
    """Of things with their ids and names: the one that has this id, else all that have exactly this name."""
    named: list[_Found] = []
    for ids, names, found in there:
        if wanted in ids:
            return [found]
        if wanted in names:
            named.append(found)
    return named


def _only(what: str, wanted: str, there: Sequence[tuple[tuple[str, str], Collection[str], _Found]]) -> _Found:
    found = fitting(wanted, there)
    if len(found) == 1:
        return found[0]
    ids = [short for (short, _), _, each in there if not found or each in found]
    listed = ", ".join(ids[:MAX_LISTED]) + (f" and {len(ids) - MAX_LISTED} more" if len(ids) > MAX_LISTED else "")
    if found:
        raise BadInput(what, f"several bear this name; say which by id: {listed}")
    raise BadInput(what, f"none here has this id or name; known: {listed or 'none yet'}")


def _reads(member: Member, room: Room) -> bool:
    return not member.outsider if room.members is None else member.user in room.members


def _merge(known: Member, new: Member) -> Member:
    return replace(
        known,
        names=tuple(dict.fromkeys((*known.names, *new.names))),
        role=known.role or new.role,
        language=known.language or new.language,
        outsider=known.outsider or new.outsider,
    )


def _check_id(what: str, text: str) -> None:
    if not text or not text.isprintable() or text != text.strip():
        raise BadInput(what, "an id is made of printable characters, without blanks at its ends")


def _check_room(room: Room, state: _State) -> None:
    _check_id("place", room.chat)
    if room.chat.startswith(ONE_TO_ONE):
        raise BadInput(f"place {room.chat}", f"ids that begin with {ONE_TO_ONE} are those of one-to-one chats")
    strangers = sorted(user for user in room.members or () if user not in state.members)
    if strangers:
        raise BadInput(f"place {room.chat}", f"nobody here has these ids: {', '.join(strangers[:MAX_LISTED])}")
    known = state.rooms.get(room.chat)
    if known is not None and known.members != room.members:
        raise BadInput(f"place {room.chat}", "is here already, with other readers")


def _listed(room: Room) -> list[str] | None:
    return None if room.members is None else sorted(room.members)


def _read(path: Path) -> _State:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        members = [Member(**{**entry, "names": tuple(entry["names"])}) for entry in content["people"]]
        rooms = [Room(**{**entry, "members": _as_set(entry["members"])}) for entry in content["places"]]
    except (ValueError, TypeError, KeyError) as error:
        raise SetupError(
            Lack(f"the local team in {path} cannot be read", "restore it from a backup, or remove it")
        ) from error
    return _State({member.user: member for member in members}, {room.chat: room for room in rooms})


def _as_set(members: list[str] | None) -> frozenset[str] | None:
    return None if members is None else frozenset(members)
