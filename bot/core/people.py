"""Who and where: people, places and the sources their words come from.

Ids are equal only when every part is equal. Nothing here compares names: 张三 is not 张三丰, and two people may share
one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class PersonId:
    """An account on a platform. `str()` gives `platform:tenant:user`."""

    platform: str
    tenant: str
    user: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.user}"

    @classmethod
    def parse(cls, text: str) -> PersonId:
        """Read `platform:tenant:user`; the user part may hold further colons. Raises ValueError."""
        return cls(*_three_parts(text))


@dataclass(frozen=True, slots=True, order=True)
class SourceId:
    """The chat, document or folder that a text came from. `str()` gives `platform:tenant:key`."""

    platform: str
    tenant: str
    key: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.key}"

    @classmethod
    def parse(cls, text: str) -> SourceId:
        """Read `platform:tenant:key`; the key may hold further colons. Raises ValueError."""
        return cls(*_three_parts(text))

    def as_place(self) -> PlaceId:
        """The chat that it is, if it is one."""
        return PlaceId(self.platform, self.tenant, self.key)


@dataclass(frozen=True, slots=True, order=True)
class PlaceId:
    """A chat. `str()` gives `platform:tenant:chat`."""

    platform: str
    tenant: str
    chat: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.chat}"

    @classmethod
    def parse(cls, text: str) -> PlaceId:
        """Read `platform:tenant:chat`; the chat part may hold further colons. Raises ValueError."""
        return cls(*_three_parts(text))

    def as_source(self) -> SourceId:
        """The same chat, as somewhere words come from."""
        return SourceId(self.platform, self.tenant, self.chat)


@dataclass(frozen=True, slots=True, order=True)
class Team:
    """Everyone of one tenant, outsiders never. An audience that a colleague may name in a grant."""

    platform: str
    tenant: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.tenant}:*"


Audience = PlaceId | Team
"""To whom a grant lets words be shown: the readers of one place, or the whole team."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a platform, with the names they are addressed by. The first name is the one shown."""

    id: PersonId
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.names[0] if self.names else self.id.user


@dataclass(frozen=True, slots=True)
class Place:
    """A chat as its platform describes it now.

    `has_outsiders`: somebody who is not of the tenant reads here. `marked`: the space is HR, legal, union,
    whistle-blowing, health or recruitment, and nothing may be kept from it (C2).
    """

    id: PlaceId
    name: str
    one_to_one: bool = False
    has_outsiders: bool = False
    marked: bool = False


def _three_parts(text: str) -> tuple[str, str, str]:
    parts = text.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"{text!r} is not of the form platform:tenant:name")
    return parts[0], parts[1], parts[2]
