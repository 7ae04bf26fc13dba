"""Text as detection reads it: one spelling for what a reader sees as one, with the way back to the text as written.

Full-width and styled letters become plain ones, dashes one dash, digits of any script ASCII digits, line breaks `\\n`;
what is not seen (zero-width, bidi, combining, control, lone surrogates) is left out. Decides nothing about meaning.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_LINE_BREAKS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
# Letters by category, blanks by looks: nothing is drawn for them.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def _fold(char: str) -> str:
    if char in _LINE_BREAKS:
        return "\n"
    if char == "\t":
        return " "
    category = unicodedata.category(char)
    if category[0] == "C" or category in ("Mn", "Me") or char in _BLANK_LETTERS:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category == "Pd" or char == "−":
        return "-"
    if char == "İ":
        # The one letter that lower() makes longer; offsets rely on lower() keeping length.
        return "I"
    return "".join(c for c in unicodedata.normalize("NFKC", char) if unicodedata.category(c) not in ("Mn", "Me", "Cf"))


class _Table(dict[int, str]):
    """For str.translate; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


_TABLE = _Table()


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `lower` has the same length as `text`, so positions serve for both. Made by `fold`."""

    written: str
    text: str
    lower: str

    def origins(self) -> list[int]:
        """For each folded character, and for the end, where it starts in the text as written."""
        origins = [i for i, char in enumerate(self.written) for _ in _TABLE[ord(char)]]
        origins.append(len(self.written))
        return origins


def fold(text: str) -> Folded:
    folded = text.translate(_TABLE)
    return Folded(text, folded, folded.lower())


def pattern(form: str, flags: re.RegexFlag = re.ASCII) -> re.Pattern[str]:
    """A pattern for folded text. `\\b` and `\\w` know ASCII only: Chinese sets no blank before a word or a number."""
    return re.compile(form, flags | re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """A sensitive stretch `[start, end)` of a folded text."""

    start: int
    end: int
    category: str
