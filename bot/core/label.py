"""The label (A1, A7): first in everything that leaves, put on after generation by one function.

The words come from prompts/ (as `LabelWords`); what counts as labelled is decided here. `Labelled` is made here and
nowhere else (held by tests/test_architecture.py).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

WITHIN = 64
"""Both halves of the mark must stand within this many characters."""


@dataclass(frozen=True, slots=True)
class LabelWords:
    """Head and tail of the label in one language; `{name}` stands for the colleague."""

    head: str
    tail: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """Text that bears the label. Made by `label` alone."""

    text: str


def label(body: str, *, words: LabelWords, name: str, max_chars: int) -> tuple[Labelled, ...]:
    """Put the label on `body`, split so that no part is longer than `max_chars`, each part labelled.

    The tail stands in the last part. Raises ValueError where the words given are no label, or leave no room for a body.
    """
    name = " ".join(plain(name).split())
    head, tail = words.head.format(name=name), words.tail.format(name=name)
    if not is_labelled(head):
        raise ValueError("the head of the label does not say that this is AI-generated")
    room = max_chars - len(head) - len(tail) - 2
    if room < 1:
        raise ValueError("no room for a text beside the label")
    parts = _split(body, room)
    labelled = [f"{head}\n{part}" for part in parts]
    if tail:
        labelled[-1] += f"\n{tail}"
    return tuple(Labelled(text) for text in labelled)


def is_labelled(text: str) -> bool:
    """Does the text say at its beginning that it is AI-generated, however it is dressed up?"""
    start = plain(text)[:WITHIN]
    return bool(re.search(r"人工智能|AI", start) and re.search(r"生成|合成", start))


def plain(text: str) -> str:
    """NFKC, without zero-width, bidi and other format characters, controls or lone surrogates."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(c for c in normal if unicodedata.category(c) not in ("Cf", "Cs") and (c >= " " or c in "\n\t"))


def _split(body: str, room: int) -> list[str]:
    parts: list[str] = []
    while len(body) > room:
        cut = body.rfind("\n", 1, room + 1)
        if cut <= 0:
            cut = room
        parts.append(body[:cut])
        body = body[cut:].removeprefix("\n")
    parts.append(body)
    return parts
