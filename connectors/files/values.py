"""Single values of an export, read without trusting them.

Decides what counts as a string, an id and a time. Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo

Item = Mapping[str, object]
"""One message of an export as it came out of JSON: nothing about it is certain."""

CHINA = timezone(timedelta(hours=8))
"""The zone of a time that names none: Lark and DingTalk clients, and the `dws` command, print the wall clock there."""

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,9})?", re.ASCII)
_LOOSE_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]*(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?(?:\.\d+)?", re.ASCII
)

# No chat of ours is older or younger, so a number's size tells its unit: the ranges of seconds, milli-, micro- and
# nanoseconds do not touch.
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_EARLIEST_S, _LATEST_S = int(_EARLIEST.timestamp()), int(_LATEST.timestamp())


def clean(text: str) -> str:
    """NUL and lone surrogates become U+FFFD, since no database stores them. Nothing is removed: names stay distinct."""
    # Nearly every string is ASCII or long; asking first makes reading a large export a fifth faster.
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def string(item: Item, *keys: str) -> str | None:
    """The first of these that is a string and not empty."""
    for key in keys:
        value = item.get(key)
        if isinstance(value, str) and value:
            return clean(value)
    return None


def identifier(item: Item, *keys: str) -> str | None:
    """The first of these that can name something: a string that is not empty, or a whole number."""
    for key in keys:
        value = item.get(key)
        if isinstance(value, str) and value:
            return clean(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def mapping(item: Item, *keys: str) -> Item:
    """The first of these that is an object; an empty one if none is."""
    for key in keys:
        value = item.get(key)
        if isinstance(value, dict):
            return value
    return {}


def moment(value: object, zone: tzinfo) -> datetime | None:
    """A time in UTC; None where there is none.

    Numbers, also as strings, are seconds, milliseconds, microseconds or nanoseconds since 1970, by their size. Other
    strings are ISO 8601 or `2024/5/3 9:05`; without an offset they are in `zone`. Raises ValueError for anything else,
    and outside 1990 to 2100.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return _written(value.strip(), zone)
        try:
            return _counted(float(value))
        except ValueError:
            # 20240503 is no number of seconds but a day.
            return _written(value, zone)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _counted(value)
    raise ValueError("not a time")


def _counted(number: float) -> datetime:
    for unit in (1, 10**3, 10**6, 10**9):
        if _EARLIEST_S * unit <= number < _LATEST_S * unit:
            return datetime.fromtimestamp(number / unit, UTC)
    raise ValueError("not a time")


def _written(text: str, zone: tzinfo) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        loose = _LOOSE_TIME.fullmatch(text)
        if loose is None:
            raise ValueError("not a time") from None
        year, month, day, hour, minute, second = (part or "0" for part in loose.groups())
        # Raises ValueError itself, for the 31st of February.
        read = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}")
    if read.tzinfo is None:
        read = read.replace(tzinfo=zone)
    # Compared before it is turned into UTC, which overflows at the ends of the calendar.
    if not _EARLIEST.year < read.year < _LATEST.year:
        raise ValueError("not a time")
    return read.astimezone(UTC)
