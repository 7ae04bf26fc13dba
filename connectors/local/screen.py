"""How the local chat looks: in colour and wrapped on a terminal, as plain lines everywhere else.

Decides nothing but looks. Whatever was written by others is shown as it is, except that it cannot steer the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.core.people import Person, Place
from connectors.local.demo import Example
from connectors.local.desk import Line, Seat
from connectors.local.words import Words

_ASSISTANT = "magenta"
_PEOPLE = ("cyan", "green", "yellow", "blue", "bright_cyan", "bright_green", "bright_yellow", "bright_blue")
_QUOTE = re.compile(r"\s*[>＞] ?")
_REFERENCE = re.compile(r"\s*\[\d+\]\s")
_FIRST_WORDS = 24

_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_CLINGS = "，。、；：？！）】》”’」』…"
_PIECE = re.compile(rf"\s+|(?:[（【《“‘「『]*[{_WIDE}]|[^\s{_WIDE}]+)[{_CLINGS}]*")
"""What a line is broken between: one Chinese character with the marks that cling to it, or a word of others."""


def harmless(text: str) -> str:
    """Without what steers a terminal or hides text: control characters become visible pictures of themselves.

    An escape sequence in a quoted log line must not move the cursor; a bidi mark must not turn a command round.
    """
    return "".join(_picture(character) for character in text.replace("\r\n", "\n"))


def _picture(character: str) -> str:
    if character in "\n\t":
        return character
    match unicodedata.category(character):
        case "Cc":
            return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "\N{REPLACEMENT CHARACTER}"
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case "Cf" if unicodedata.bidirectional(character) in _TURNING:
            return ""
        case _:
            return character


_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "L", "R", "AL"})


@dataclass(frozen=True, slots=True)
class _Barred:
    """Something with a bar down its left side."""

    body: RenderableType
    bar: str
    style: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bar = Segment(f"{self.bar} ", Style.parse(self.style))
        inner = options.update(width=max(8, options.max_width - len(self.bar) - 1))
        for line in console.render_lines(self.body, inner, pad=False):
            yield bar
            yield from line
            yield Segment.line()


@dataclass(frozen=True, slots=True)
class _Flowing:
    """Text wrapped to the width there is, between Chinese characters too: rich breaks at blanks alone."""

    text: str
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in flow(self.text, options.max_width):
            yield Text(line, self.style, no_wrap=True, overflow="ignore")


def flow(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells. A closing mark never begins one, nor does an opening one end it."""
    lines: list[str] = []
    for paragraph in text.expandtabs(4).split("\n"):
        line = ""
        for piece in _PIECE.findall(paragraph):
            if cell_len(line) + cell_len(piece) <= width:
                line += piece
                continue
            if line:
                lines.append(line.rstrip())
            *full, line = chop_cells(piece.lstrip(), width) or [""]
            lines += full
        lines.append(line.rstrip())
    return lines


class Screen:
    """Prints what is said and the chat's own words. `console` decides whether there is colour, and how wide it is."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def rich(self) -> bool:
        return self._console.is_terminal

    def line(self, line: Line, *, words: Words, answers: Line | None = None) -> None:
        """One thing said. `answers` is what it replies to, where that is not the line just above."""
        if not self.rich:
            return self._plain_line(line)
        notes = []
        if line.to is not None:
            notes.append(words.say("only_you", person=line.to.user))
        if answers is not None:
            notes.append(words.say("answers", text=_beginning(answers.text)))
        if line.author is None:
            return self._show("", _Barred(Group(*map(_note, notes), _labelled(line.text)), "┃", _ASSISTANT))
        head = Text.assemble((harmless(line.author.name), f"bold {_colour(line.author)}"), (f"  {_clock(line)}", "dim"))
        return self._show("", head, *map(_note, notes), Padding(_Flowing(harmless(line.text)), (0, 0, 0, 2)))

    def place(self, seat: Seat, readers: Sequence[Person], words: Words) -> None:
        """Where one is now, and who reads there."""
        title = harmless(place_name(seat.place, words))
        if seat.place.has_outsiders:
            title += f" · {words.say('outsiders')}"
        if not self.rich:
            return self._write(f"── {title} · {seat.place.id.chat} · {harmless(seat.person.name)}")
        rule = Rule(Text(title, "bold"), align="left", style="dim", characters="─")
        if seat.place.one_to_one:
            return self._show("", rule)
        return self._show("", rule, self._readers(seat, readers, words))

    def readers(self, seat: Seat, readers: Sequence[Person], words: Words) -> None:
        self._show(self._readers(seat, readers, words))

    def note(self, text: str) -> None:
        self._show(_note(text))

    def wrong(self, text: str) -> None:
        self._show(Text(f"! {text}", "yellow"))

    def help(self, words: Words, *, commands: Sequence[str], examples: Sequence[tuple[int, Example, str]]) -> None:
        """Keys, the assistant's commands, and numbered examples, each with where to ask it."""
        keys = Table.grid(padding=(0, 3))
        for key, does in words.keys:
            keys.add_row(Text(key, "bold"), Text(does))
        parts: list[RenderableType] = ["", Text(words.say("help_keys"), "bold underline"), keys]
        if commands:
            parts += ["", Text(words.say("help_assistant"), "bold underline"), Text("  ".join(commands))]
        if examples:
            questions = Table.grid(padding=(0, 2))
            for number, example, where in examples:
                asked = Text.assemble(example.text, "  ", (where, "dim"))
                if not example.answered:
                    asked.append(f" · {words.say('help_declined')}", "yellow")
                questions.add_row(Text(str(number), "bold"), asked)
            parts += ["", Text(words.say("help_examples"), "bold underline"), questions]
        self._show(*parts)

    def _readers(self, seat: Seat, readers: Sequence[Person], words: Words) -> Text:
        names = [
            f"{harmless(person.name)} ({words.say('you')})" if person == seat.person else harmless(person.name)
            for person in readers
        ]
        return _note(words.say("readers", names=", ".join(names)))

    def _plain_line(self, line: Line) -> None:
        text = harmless(line.text)
        self._write(f"{text}\n" if line.author is None else f"{harmless(line.author.name)}: {text}")

    def _show(self, *parts: RenderableType) -> None:
        for part in parts:
            self._console.print(part, soft_wrap=not self.rich, highlight=False, markup=False, emoji=False)

    def _write(self, text: str) -> None:
        self._show(Text(text))


def place_name(place: Place, words: Words) -> str:
    return words.say("one_to_one") if place.one_to_one else place.name


def _labelled(text: str) -> RenderableType:
    """Label and answer, quotes set off by a bar of their own, references dimmed."""
    head, _, body = harmless(text).partition("\n")
    parts: list[RenderableType] = [_Flowing(head, f"bold {_ASSISTANT}")]
    quoted: list[str] = []
    for line in [*body.split("\n"), None]:
        found = _QUOTE.match(line) if line is not None else None
        if found is not None and line is not None:
            quoted.append(line[found.end() :])
            continue
        if quoted:
            parts.append(_Barred(_Flowing("\n".join(quoted), "bold"), "▌", "cyan"))
            quoted = []
        if line is not None:
            parts.append(_Flowing(line, "dim" if _REFERENCE.match(line) else ""))
    return Group(*parts)


def _note(text: str) -> Text:
    return Text(text, "dim")


def _beginning(text: str) -> str:
    line = " ".join(harmless(text).split())
    return line if len(line) <= _FIRST_WORDS else f"{line[: _FIRST_WORDS - 1]}…"


def _clock(line: Line) -> str:
    return f"{line.at.astimezone():%H:%M}"


def _colour(person: Person) -> str:
    return _PEOPLE[crc32(str(person.id).encode("utf-8", "replace")) % len(_PEOPLE)]
