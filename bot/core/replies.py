"""A model's raw reply, taken apart: its sentences, and the passages that each says it rests on.

Whatever a model may say can be read; what is no sentence with a mark comes out as a statement without one. Whether a
mark is true is `core.support`'s.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.sentences import sentences

MAX_CHARS = 8_000
"""More than this was never asked for: the rest is not read."""

MAX_STATEMENTS = 40
MAX_MARKS = 6

_QUOTED = r'"(?:[^"]|"(?!\s{0,3}[\],;，；、】］])){0,1200}"|“[^”]{0,1200}”|「[^」]{0,1200}」'
_ITEM = rf"\d{{1,3}}(?:\s{{0,3}}[:：]\s{{0,3}}(?:{_QUOTED}))?"
_MARK = re.compile(rf"[\[【［]\s{{0,3}}{_ITEM}(?:\s{{0,3}}[,;，；、]\s{{0,3}}{_ITEM}){{0,5}}\s{{0,3}}[\]】］]")
_ONE = re.compile(rf"(\d{{1,3}})(?:\s{{0,3}}[:：]\s{{0,3}}({_QUOTED}))?")
# A mark stands in for itself as one character of the private use area, so that full stops in its quote end nothing.
_FIRST = 0xE000
_STANDS_IN = "[\ue000-\uf8ff]"
_STOP_THEN_MARK = re.compile(rf"([.!?。！？…][\"'”’」』）)]*)((?:[ \t]*{_STANDS_IN})+)")
_LINE_HEAD = re.compile(r"^(?:[>#*•\s-]*\s)?>*(?:\d{1,2}[.)、]\s*(?=\D))?")


@dataclass(frozen=True, slots=True)
class Mark:
    """`[n]` or `[n: "quote"]`. `n` counts the passages that the model was given, from 1; it may be any number."""

    n: int
    quote: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a reply on one line, without its marks, which are given apart."""

    text: str
    marks: tuple[Mark, ...]


def visible(raw: str) -> str:
    """What a model says aloud: without its thinking, code fences, and what no reader would see; at most MAX_CHARS."""
    spoken = raw.rpartition("</think>")[2].partition("<think>")[0][:MAX_CHARS]
    shown = "".join(c for c in spoken if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return "\n".join(line for line in shown.splitlines() if not line.lstrip().startswith("```"))


def statements(reply: str) -> Iterator[Statement]:
    """The sentences of a visible reply, in order, at most MAX_STATEMENTS.

    A mark belongs to the sentence it stands in, or to the one whose full stop it follows on the same line. One that
    opens a line belongs to none: that is what a list of sources looks like.
    """
    found: list[tuple[Mark, ...]] = []

    def stand_in(mark: re.Match[str]) -> str:
        found.append(tuple(Mark(int(n), _bare(quote)) for n, quote in _ONE.findall(mark.group())))
        return chr(_FIRST + len(found) - 1)

    text = _MARK.sub(stand_in, reply)
    text = _STOP_THEN_MARK.sub(r"\2\1", text)
    count = 0
    for line in text.split("\n"):
        body = _LINE_HEAD.sub("", line)
        for span in sentences(body):
            sentence = body[span]
            opened = re.sub(rf"^(?:{_STANDS_IN}|\s)+", "", sentence)
            marks = tuple(mark for each in re.findall(_STANDS_IN, opened) for mark in found[ord(each) - _FIRST])
            words = " ".join(re.sub(_STANDS_IN, " ", sentence).split())
            words = re.sub(r"\s+(?=[.,;:!?。，；：！？])", "", words)
            if not re.search(r"\w", words):
                continue
            count += 1
            if count > MAX_STATEMENTS:
                return
            yield Statement(words, marks[:MAX_MARKS])


def _bare(quote: str) -> str | None:
    """Without its quotation marks, and with the escapes undone that a model copies from JSON."""
    return quote[1:-1].replace("\\n", " ").replace('\\"', '"') if quote else None
