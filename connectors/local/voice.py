"""The terminal's Voice: where answers, and what people say in this sitting, come out.

Prints for whoever sits at the terminal only what they may read, where they are; of the rest it says that it is there.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import TextIO

from rich.console import Console

from bot.core.label import Labelled
from bot.core.people import PersonId, PlaceId
from bot.ports import Clock
from connectors.local.desk import Line, Seat
from connectors.local.screen import Screen
from connectors.local.team import ONE_TO_ONE
from connectors.local.words import Words, words_in


def new_message_id() -> str:
    return f"t-{secrets.token_hex(8)}"


class TerminalVoice:
    """Prints what the assistant posts, for whoever sits at the terminal: only what they may read, where they are."""

    max_chars = 8000

    def __init__(self, *, clock: Clock, new_id: Callable[[], str] = new_message_id, file: TextIO | None = None) -> None:
        """`file` None: standard output, as it is at the time of printing."""
        out = sys.stdout if file is None else file
        if isinstance(out, TextIOWrapper):
            # What an old terminal cannot show must not end the chat.
            out.reconfigure(errors="replace")
        self.screen = Screen(Console(file=file))
        self.clock, self.new_id = clock, new_id
        self._lines: list[Line] = []
        self._printed: set[str] = set()
        self._seat: Seat | None = None
        self._words = words_in("en")

    async def post(self, text: Labelled, *, place: PlaceId, to: PersonId | None, reply_to: str | None) -> str:
        line = Line(self.new_id(), place, None, text.text, self.clock.now(), to, reply_to)
        self.take(line)
        return line.id

    def take(self, line: Line) -> None:
        """Somebody, or the assistant, said this: print it where it may be seen, else say where it is to be found."""
        self._lines.append(line)
        if self._seat is not None and line.is_seen_from(self._seat):
            self._print(line, self._seat)
        else:
            self.screen.note(self._words.say("elsewhere", place=line.place.chat, how=_way_to(line, self._seat)))

    def sit(self, seat: Seat, words: Words) -> None:
        """Look from this seat: what was said here meanwhile is printed now."""
        self._seat, self._words = seat, words
        for line in self._lines:
            if line.id not in self._printed and line.is_seen_from(seat):
                self._print(line, seat)

    def _print(self, line: Line, seat: Seat) -> None:
        seen = [other for other in self._lines if other.id in self._printed and other.is_seen_from(seat)]
        answers = next((other for other in seen if other.id == line.reply_to), None)
        self._printed.add(line.id)
        self.screen.line(line, words=self._words, answers=answers if seen and answers is not seen[-1] else None)


def _way_to(line: Line, seat: Seat | None) -> str:
    """The commands that lead to where a line can be read."""
    alone = line.place.chat.removeprefix(ONE_TO_ONE) if line.place.chat.startswith(ONE_TO_ONE) else None
    reader = line.to.user if line.to is not None else alone
    steps = [f"/as {reader}"] if reader is not None else []
    if seat is None or seat.place.id != line.place:
        steps.append(f"/in {line.place.chat}")
    return ", ".join(steps)
