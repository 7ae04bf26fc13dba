"""Enrolment at this machine: shows the notice, takes the colleague's ticks, and goes through the preview with them.

Only asks and shows; that a yes counts is for the flows. Nothing is ticked beforehand, and an input that ends is a no.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

from bot.core.passages import Passage
from bot.core.people import Audience, PlaceId, SourceId, Team
from connectors.local.screen import harmless

PAGED_FROM = 20
"""Passages from which a terminal shows the preview in a pager."""


class Say(Protocol):
    """The assistant's words, by key, in the colleague's language."""

    def __call__(self, key: str, /, **variables: str | int) -> str: ...


@dataclass(frozen=True, slots=True)
class Ticked:
    """What the colleague ticked: sources with the audiences of each, and outside recipients."""

    audiences: Mapping[SourceId, tuple[Audience, ...]]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """Questions on `out`, answers from `answers`, a line each; both may be a terminal, a pipe or a file."""

    answers: TextIO
    out: TextIO
    say: Say

    def ask(
        self,
        notice: str,
        *,
        sources: Mapping[SourceId, str],
        team: Team,
        places: Mapping[PlaceId, str],
        recipients: Sequence[str],
    ) -> Ticked:
        """Show the notice, then ask for each source, each of its audiences and each outside recipient, one by one.

        `sources` and `places` map to how they are called. Nothing is ticked where the notice was not accepted.
        """
        self.show(self.say("enrol.notice_intro"))
        self.show(f"\n{notice}\n")
        if not self._yes(self.say("enrol.notice_read")):
            self.show(self.say("enrol.declined"))
            return Ticked({}, ())
        self.show(self.say("enrol.tick_intro"))
        ticked: dict[SourceId, tuple[Audience, ...]] = {}
        for source, name in sources.items():
            if self._yes(self.say("enrol.tick_source", source=harmless(name))):
                audiences = self._audiences(harmless(name), team, places)
                if audiences:
                    ticked[source] = audiences
        if not ticked:
            self.show(self.say("enrol.not_granted"))
            return Ticked({}, ())
        yes = (each for each in recipients if self._yes(self.say("enrol.tick_recipient", recipient=each)))
        return Ticked(ticked, tuple(yes))

    def preview(self, passages: Sequence[Passage], *, sources: Mapping[SourceId, str]) -> frozenset[str] | None:
        """Show every passage; gives the ids struck, or None where the colleague does not let the rest answer."""
        if not passages:
            self.show(self.say("enrol.nothing_to_preview"))
        else:
            self.show(self.say("enrol.preview_intro", passages=len(passages)))
            self._show_all([self._item(n, passage, sources) for n, passage in enumerate(passages, start=1)])
        numbers = self._numbers(len(passages)) if passages else ()
        if numbers is None:
            return None
        if numbers:
            self.show(self.say("enrol.struck", struck=len(numbers)))
        if not self._yes(self.say("enrol.confirm", passages=len(passages) - len(numbers))):
            self.show(self.say("enrol.not_confirmed"))
            return None
        return frozenset(passages[number - 1].id for number in numbers)

    def show(self, text: str) -> None:
        print(text, file=self.out)

    def _audiences(self, source: str, team: Team, places: Mapping[PlaceId, str]) -> tuple[Audience, ...]:
        if self._yes(self.say("enrol.tick_team", source=source)):
            return (team,)
        return tuple(
            place
            for place, name in places.items()
            if self._yes(self.say("enrol.tick_place", source=source, place=harmless(name)))
        )

    def _item(self, number: int, passage: Passage, sources: Mapping[SourceId, str]) -> str:
        date = passage.sent_at.date().isoformat() if passage.sent_at is not None else self.say("reply.undated")
        place = harmless(sources.get(passage.source, "")) or self.say("reply.somewhere")
        return self.say("enrol.preview_item", n=number, place=place, date=date, text=harmless(passage.text))

    def _show_all(self, items: Sequence[str]) -> None:
        # A pager writes to standard output, which must stay free where something else is printed there.
        if self.out is sys.stdout and self.out.isatty() and len(items) >= PAGED_FROM:
            import click

            click.echo_via_pager(f"{item}\n\n" for item in items)
        else:
            for item in items:
                self.show(f"{item}\n")

    def _numbers(self, most: int) -> frozenset[int] | None:
        """Numbers of passages, each once; None where the input ended."""
        while True:
            typed = self._answer(self.say("enrol.strike"))
            if typed is None:
                return None
            words = typed.replace(",", " ").replace("，", " ").split()
            unknown = [word for word in words if not (word.isdecimal() and len(word) < 10 and 1 <= int(word) <= most)]
            if not unknown:
                return frozenset(map(int, words))
            self.show(self.say("enrol.strike_unknown", numbers=" ".join(unknown)))

    def _yes(self, question: str) -> bool:
        while True:
            typed = self._answer(question)
            match (typed or "n").casefold():
                case "y" | "yes" | "是" | "好":
                    return True
                case "n" | "no" | "否" | "不":
                    return False
            self.show(self.say("enrol.answer_y_or_n"))

    def _answer(self, question: str) -> str | None:
        """A line without white space at its ends, None where the input has ended."""
        print(question, end=" ", file=self.out, flush=True)
        line = self.answers.readline()
        return line.strip() if line else None
