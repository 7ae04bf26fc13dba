"""Names: whom a text addresses, and how it writes the names of people, so that they can be replaced (C3).

Finds what the roster knows, as the roster writes it. Decides nothing about what happens to a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.core.people import Person, PersonId

_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"[A-Za-z0-9_]")


class Names:
    """The names of some people, ready to be looked for. Thousands cost no more to look for than ten.

    A name in Latin letters must stand as a word of its own, in the roster's case; after an @ case does not matter, and
    an account's id will do. Where names overlap, the longest counts: 张三 is not found in 张三丰.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self._names: set[str] = set()
        self._bearers: dict[str, set[PersonId]] = {}
        for person in people:
            names = [name for name in person.names if len(name) > 1]
            self._names.update(names)
            for name in (*names, person.id.user):
                self._bearers.setdefault(name.casefold(), set()).add(person.id)
        self._lengths = sorted({len(name) for name in (*self._names, *self._bearers)}, reverse=True)

    def find(self, text: str) -> tuple[tuple[PersonId, ...], tuple[str, ...]]:
        """The accounts that are addressed with an @, and all names as the text writes them; each once, in order.

        An @ before a name that several people bear is a name, but addresses nobody.
        """
        mentions: dict[PersonId, None] = {}
        names: dict[str, None] = {}
        at = 0
        while at < len(text):
            end = self._end_of_name(text, at)
            if end is None:
                at += 1
                continue
            names[text[at:end]] = None
            if text[at] in "@＠":
                bearers = self._bearers[text[at + 1 : end].casefold()]
                if len(bearers) == 1:
                    mentions |= dict.fromkeys(bearers)
            at = end
        return tuple(mentions), tuple(names)

    def _end_of_name(self, text: str, at: int) -> int | None:
        """Where the longest name that begins at `at`, with an @ or without, ends."""
        addressed = text[at] in "@＠"
        begin = at + addressed
        for length in self._lengths:
            end = begin + length
            name = text[begin:end]
            known = name.casefold() in self._bearers if addressed else name in self._names
            if known and end <= len(text) and not (_LATIN.search(name) and _within_a_word(text, at, end)):
                return end
        return None


@lru_cache(maxsize=4)
def names_of(people: tuple[Person, ...]) -> Names:
    """The names of these people, made ready once."""
    return Names(people)


def _within_a_word(text: str, begin: int, end: int) -> bool:
    return bool((begin and _WORD.match(text[begin - 1])) or (end < len(text) and _WORD.match(text[end])))
