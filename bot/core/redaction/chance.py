"""How far letters and digits look drawn by chance, as keys do and words, identifiers and numbers do not.

Knows nothing of what surrounds them.
"""

from __future__ import annotations

import re

from bot.core.redaction.folding import pattern

# From so many characters that look drawn by chance, a value is a key where it is called one.
ENOUGH_WHEN_NAMED = 8
_HEXADECIMAL_WHEN_NAMED = 16

_UUID = pattern(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PART = pattern(r"[A-Za-z0-9]+")
_HEXADECIMAL = pattern(r"(?:0x)?[0-9a-f]{8,}|[0-9A-F]{8,}")
_ORDINARY = pattern(r"\d+[A-Za-z]{0,4}|[A-Za-z]{1,12}\d{0,4}")
_WORTH_A_LOOK = pattern(r"\d|[A-Za-z]{10}")
_DIGIT = pattern(r"\d")
_DIGITS_AMONG_LETTERS = pattern(r"(?=.*[g-zG-Z])(?:[A-Za-z]+\d+[A-Za-z]{4}|[A-Za-z]*\d+[A-Za-z]+\d)")
_TURN = pattern(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")
_UNSPEAKABLE = pattern(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)


def drawn(value: str) -> int:
    """How many characters stand in parts that look drawn by chance: digits among letters, letters nobody can say.

    From letter to digit or back, and from small to capital, a random part of 62 letters and digits turns at 45 places
    in a hundred, one of 36 at 40; an identifier in capitals and small letters at 20, one in small letters at fewer.
    Hexadecimal does not count: a hash is no secret by its looks.
    """
    return sum(len(part) for part in _PART.findall(value) if _is_drawn(part))


def _is_drawn(part: str) -> bool:
    if len(part) < 6 or _HEXADECIMAL.fullmatch(part) or _ORDINARY.fullmatch(part):
        return False
    dense = _turns(part) >= (0.3 if _is_mixed(part) else 0.2) * (len(part) - 1)
    unspeakable = _UNSPEAKABLE.search(part) is not None
    return (dense and unspeakable) or ((dense or unspeakable) and _DIGIT.search(part) is not None)


def is_key(value: str) -> bool:
    """Would this be a key, if it is called so? Hexadecimal and UUIDs would."""
    if not _WORTH_A_LOOK.search(value):
        return False
    parts = _PART.findall(value)
    joined = "".join(parts)
    return (
        _UUID.search(value) is not None
        or drawn(value) >= ENOUGH_WHEN_NAMED
        or (len(joined) >= 24 and drawn(joined) > 0)
        or any(_could_be_drawn(part) for part in parts)
        or sum(len(part) for part in parts if _HEXADECIMAL.fullmatch(part)) >= _HEXADECIMAL_WHEN_NAMED
    )


def _could_be_drawn(part: str) -> bool:
    """Weaker than `_is_drawn`: enough where somebody says that it is a key."""
    if len(part) < 10:
        return False
    if _DIGITS_AMONG_LETTERS.match(part) or 4 * _turns(part) >= len(part):
        return True
    return len(part) >= 16 and _is_mixed(part) and _UNSPEAKABLE.search(part) is not None


def is_body(rest: str) -> bool:
    """What follows a vendor's prefix: a token's body, or words (`npm_config_registry`, `sk-learn-1.4`)?"""
    parts = _PART.findall(rest)
    joined = "".join(parts)
    return (
        drawn(rest) >= ENOUGH_WHEN_NAMED
        or any(len(part) >= 12 and _DIGIT.search(part) for part in parts)
        or (len(joined) >= 16 and (len(_DIGIT.findall(joined)) > 1 or _UNSPEAKABLE.search(joined) is not None))
    )


def _turns(part: str) -> int:
    return len(_TURN.findall(part))


def _is_mixed(part: str) -> bool:
    return part.lower() != part != part.upper()
