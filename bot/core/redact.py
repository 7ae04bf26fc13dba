"""Redaction (C3, C6), before anything is stored: sensitive text is dropped, people's names become role tokens.

Decides how much text goes with a sensitive span. What is sensitive, `redaction` says: credentials; a person's numbers
and addresses; what is said of a person's health, religion, union, pay, appraisal or children. Of personal data these
count: resident and national id numbers, passports, bank cards, IBANs, phones, personal e-mail and postal addresses.
These do not: company registration numbers, service hotlines (400, 800, 95…), role mailboxes (support@…), IP addresses,
order, ticket and build numbers. Names that the caller does not know of stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from bot.core.redaction import personal, secrets, sensitive
from bot.core.redaction.folding import Folded, Span, fold

COLLEAGUE = "[colleague]"

# Up to this many characters a line goes as a whole; of a longer one, only the sentences round the span.
_LONG_LINE = 300
_MARGIN = 40
_SENTENCE_END = re.compile(r"[。！？；!?;…]|\.(?=\s)")

# Dropping a line or a name can bring together what was apart. One round settles ordinary text and a second confirms it;
# text that still changes after these was made to, and none of it is kept.
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Redacted:
    """What is left of a text, and how much was dropped by category; never what it was.

    `dropped` counts spans: secret, id_card, bank_card, passport, phone, email, address, health, religion, union, pay,
    appraisal, minors. Replaced names are not counted.
    """

    text: str
    dropped: Mapping[str, int]


def redact(text: str, *, names: Sequence[str]) -> Redacted:
    """Drop the lines that hold something sensitive and replace people's names by `[colleague]`.

    `names` are people as this text writes them, with or without a leading @. A Latin name counts between word
    boundaries and in this case only; a name of one character only after an @, since alone it is mostly a word.
    Takes any string, never raises, and redacting the result again changes nothing.
    """
    dropped: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        kept = _drop(_replace_names(text, names), dropped)
        if kept == text:
            return Redacted(text, dict(dropped))
        text = kept
    return Redacted("", dict(dropped))


def _replace_names(text: str, names: Sequence[str]) -> str:
    if not names:
        return text
    folded = fold(text)
    bare = {fold(name).text.strip().lstrip("@") for name in names} - {""}
    present = sorted((name for name in bare if name in folded.text), key=lambda name: (-len(name), name))
    if not present:
        return text
    origins, pieces, done = folded.origins(), [], 0
    for match in _names_pattern(tuple(present)).finditer(folded.text):
        pieces += [text[done : origins[match.start()]], COLLEAGUE]
        done = origins[match.end() - 1] + 1
    return "".join([*pieces, text[done:]])


@lru_cache(maxsize=256)
def _names_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Names in this order of preference; a role token already there is taken as a whole, so no name matches inside."""
    latin = r"A-Za-z0-9_\u00c0-\u024f"
    forms = [re.escape(COLLEAGUE)]
    for name in names:
        before = rf"(?<![{latin}])" if re.match(rf"[{latin}]", name) else ""
        after = rf"(?![{latin}])" if re.match(rf"[{latin}]", name[-1]) else ""
        alone = "(?<=@)" if len(name) == 1 else ""
        forms.append(alone + before + re.escape(name) + after)
    return re.compile(f"@*(?:{'|'.join(forms)})")


def _drop(text: str, dropped: Counter[str]) -> str:
    folded = fold(text)
    spans = sorted(_find(folded), key=lambda span: (span.start, -span.end))
    if not spans:
        return text
    origins, pieces, done, counted_to = folded.origins(), [], 0, 0
    for span in spans:
        if span.end <= counted_to:
            # Within another span: a phone in an address with a password is one thing dropped, not two.
            continue
        counted_to = span.end
        dropped[span.category] += 1
        if span.end > done:
            start, end = _widen(folded.text, span)
            pieces.append(text[origins[done] : _written_end(origins, start)])
            done = max(done, end)
    pieces.append(text[origins[done] :])
    # A line break where something went: what stood apart must not read as one sentence.
    return "\n".join(piece.strip() for piece in pieces if piece.strip())


def _find(folded: Folded) -> Iterator[Span]:
    return chain(secrets.find(folded), personal.find(folded), sensitive.find(folded))


def _written_end(origins: Sequence[int], position: int) -> int:
    """Where the character before a folded position ends as written: before what is not seen between the two."""
    return origins[position - 1] + 1 if position else 0


def _widen(text: str, span: Span) -> tuple[int, int]:
    """The lines of a span; of a long line, the sentences of the span and at least a margin on either side.

    A cut is never within a word of ASCII, so a token longer than its detector reads goes as a whole.
    """
    line_start = text.rfind("\n", 0, span.start) + 1
    line_end = text.find("\n", span.end)
    line_end = len(text) if line_end < 0 else line_end
    if span.start - line_start + line_end - span.end <= _LONG_LINE:
        return line_start, line_end
    start, end = max(line_start, span.start - _MARGIN), min(line_end, span.end + _MARGIN)
    sentences_before = list(_SENTENCE_END.finditer(text, max(line_start, start - _LONG_LINE), start))
    if sentences_before:
        start = sentences_before[-1].end()
    if sentence_end := _SENTENCE_END.search(text, end, min(line_end, end + _LONG_LINE)):
        end = sentence_end.end()
    while start > line_start and "!" <= text[start - 1] <= "~":
        start -= 1
    while end < line_end and "!" <= text[end] <= "~":
        end += 1
    return start, end
