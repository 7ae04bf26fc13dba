"""Where sentences and clauses end, in Chinese and English, as spans of the text: nothing is altered or copied."""

from __future__ import annotations

import re

_CLOSING = r"[\"'”’」』）)\]】]{0,4}"
_ABBREVIATED = r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)(?<!\bNo)(?<!\bDr)(?<!\bMr)(?<!\bMs)"
# ASCII marks end a sentence only before white space or Chinese: not in v1.2, a URL or `a != b`.
_AFTER = r"(?=\s|$|[\u3000-\u9fff\uff00-\uffef])"
_SENTENCE_END = re.compile(rf"[。！？…]+{_CLOSING}|(?:{_ABBREVIATED}\.|[!?]{1, 5}){_CLOSING}{_AFTER}|\n+")
_CLAUSE_END = re.compile(r"[，；;]|,(?!\d)")
_LEAD_IN_WORDS, _LEAD_IN_CHARS = 4, 6


def sentences(text: str) -> list[slice]:
    """The sentences of a text in order, without white space round them. A line ends one, too."""
    return _between(text, _SENTENCE_END, slice(0, len(text)))


def clauses(text: str) -> list[slice]:
    """The clauses of a text's sentences in order. One of a few words belongs to the next: "under no circumstances,"."""
    found: list[slice] = []
    for sentence in sentences(text):
        begun: int | None = None
        for clause in _between(text, _CLAUSE_END, sentence):
            begun = clause.start if begun is None else begun
            if _is_lead_in(text[clause]) and clause.stop < sentence.stop:
                continue
            found.append(slice(begun, clause.stop))
            begun = None
    return found


def _between(text: str, end: re.Pattern[str], within: slice) -> list[slice]:
    found: list[slice] = []
    start = within.start
    stops = [*(match.end() for match in end.finditer(text, within.start, within.stop)), within.stop]
    for stop in stops:
        part = text[start:stop]
        if part.strip():
            found.append(slice(start + len(part) - len(part.lstrip()), start + len(part.rstrip())))
        start = stop
    return found


def _is_lead_in(clause: str) -> bool:
    bare = clause.strip(" \t,;，；")
    return len(bare.split()) <= _LEAD_IN_WORDS if bare.isascii() else len(bare) <= _LEAD_IN_CHARS
