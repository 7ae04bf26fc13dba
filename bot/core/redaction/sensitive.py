"""What is said about a person's own health, religion, union, pay, appraisal or children, in Chinese and English.

Decides by word patterns that need both a person and a state ("他确诊了…", "my salary is"), because the words alone are
everyday work: health checks, payment, union of tables, performance tests, child processes. Rules and procedures about
such things ("how to ask for sick leave") are no one's state and stay. Speech that hints without these words is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.core.redaction import chinese, english
from bot.core.redaction.folding import Folded, Span, pattern


def _compile(patterns: Mapping[str, tuple[str, ...]]) -> dict[str, re.Pattern[str]]:
    return {category: pattern("|".join(forms)) for category, forms in patterns.items()}


_ENGLISH = _compile(english.PATTERNS)
_CHINESE = _compile(chinese.PATTERNS)
_CHINESE_HINT = pattern(chinese.HINT)
_WORD = pattern(r"[a-z]+")


def find(folded: Folded) -> Iterator[Span]:
    """Every such statement, in no order. Takes time linear in the length of the text."""
    lower = folded.lower
    words = frozenset(_WORD.findall(lower))
    for category, form in _ENGLISH.items():
        if not english.HINTS[category].isdisjoint(words):
            yield from (Span(*match.span(), category) for match in form.finditer(lower))
    if not lower.isascii() and _CHINESE_HINT.search(lower):
        for category, form in _CHINESE.items():
            yield from (Span(*match.span(), category) for match in form.finditer(lower))
