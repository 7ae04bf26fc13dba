"""Facts: the parts of a sentence that are right or wrong to the letter: numbers, days, names, links, code.

Decides what counts as such, and whether a text has it. Numbers and weekdays compare across Chinese, English and
figures; the rest is compared as written, but for case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date

_FIGURES = re.compile(r"\d+(?:[.,:]\d+)*")
_CHINESE_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_CHINESE_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_CHINESE = "".join((*_CHINESE_DIGITS, *_CHINESE_POWERS))
# In 一般, 万一, 统一 no number is meant: one counts only before what can be counted, or after 百分之 and 第.
_COUNTED = "天日号点个次人分小秒周月年元块台级步遍倍成折毫条行份层版轮种类项家位名张只页字度米兆岁集组批封"
_CHINESE_NUMBER = re.compile(rf"(?:(?<=百分之)|(?<=第))[{_CHINESE}]+|[{_CHINESE}]+(?=[{_COUNTED}])")
_CHINESE_LOOSE = re.compile(rf"[{_CHINESE}]+")
_ENGLISH = {
    "two": "2", "twice": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100", "thousand": "1000",
    "half": "1/2", "半": "1/2",
}  # fmt: skip
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH_WEEKDAY = re.compile(
    r"\b(?i:(mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)s?)\b|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
)
_CHINESE_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//[^\s<>\"'`（）()【】「」，。；、]+|www\.[^\s<>\"'`（）()【】「」，。；、]+",
    re.IGNORECASE,
)
_ASCII_RUN = re.compile(r"[!-~]+")
_EDGE = "\"'`.,;:!?()[]{}<>*"
_IDENTIFIER = re.compile(r"[_/\\@#=$~]|\w[.:]\w|^--?[A-Za-z]|[A-Za-z]\d|[a-z][A-Z]|^[A-Z]{2,}$|^[A-Z]+-[A-Z\d]+$")
_ORDINARY = frozenset({"and/or", "e.g", "i.e", "ok"})
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+(?![A-Za-z0-9_])")
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^“”]+)”|「([^「」]+)」|『([^『』]+)』")


def quoted(text: str) -> list[str]:
    """What stands in quotation marks or backticks: given out as somebody's very words, or as code."""
    return [next(filter(None, groups)) for groups in _QUOTED.findall(text)]


def unquoted(text: str) -> str:
    """Without what stands in quotation marks or backticks."""
    return _QUOTED.sub(" ", text)


def facts(text: str, *, loose: bool = False) -> frozenset[str]:
    """The numbers and weekdays in a text, in one spelling. `loose` takes Chinese numerals wherever they stand."""
    text = unicodedata.normalize("NFKC", text)
    return frozenset((*_numbers(text, loose=loose), *_weekdays(text)))


def exact(text: str, *, named: str) -> list[str]:
    """Links, identifiers, flags, paths and names in a sentence, as written. Names that `named` has are none of ours."""
    found = list(links(text))
    for run in _ASCII_RUN.findall(_URL.sub(" ", text)):
        token = re.sub(r"'s$", "", run.strip(_EDGE) if not run.startswith("-") else run.rstrip(_EDGE))
        if (
            _IDENTIFIER.search(token)
            and token.casefold() not in _ORDINARY
            and not _FIGURES.fullmatch(token.strip("%$#~+-"))
        ):
            found.append(token)
    return found + [name for name in _NAME.findall(text) if not occurs(name, named) and not _weekday(name)]


def links(text: str) -> Iterator[str]:
    """URLs, whole."""
    for url in _URL.findall(text):
        yield url.rstrip(_EDGE)


def occurs(token: str, text: str) -> bool:
    """Does the text have this token, whole? A link must be the same to the letter; the rest is blind to case."""
    if _URL.match(token):
        return token in links(text)
    before = r"(?<![A-Za-z0-9_])" if re.match(r"\w", token) else r"(?<![A-Za-z0-9_-])" if token.startswith("-") else ""
    after = r"(?![A-Za-z0-9_])" if re.search(r"\w$", token) else ""
    return re.search(before + re.escape(token) + after, text, re.IGNORECASE) is not None


def without_dates(text: str, days: Iterable[date]) -> str:
    """Without these days as they are usually written, so that a sentence may date a passage that bears no date."""
    for day in days:
        month = _MONTHS[day.month - 1]
        name = rf"(?:{month}|{month[:3]})\.?"
        text = re.sub(
            rf"(?<!\d){day.year}[-/.]0?{day.month}[-/.]0?{day.day}(?!\d)|(?:{day.year}\s?年\s?)?(?<!\d)0?{day.month}\s?月\s?0?{day.day}\s?[日号]|"
            rf"\b{day.day}\s+{name}(?:,?\s+{day.year})?\b|\b{name}\s+{day.day}(?:,?\s+{day.year})?\b",
            " ",
            text,
        )
    return text


def _numbers(text: str, *, loose: bool) -> Iterator[str]:
    for figures in _FIGURES.findall(text):
        plain = figures.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+", figures) else figures
        yield (plain.lstrip("0") or "0") if plain.isdecimal() else plain
    for numeral in (_CHINESE_LOOSE if loose else _CHINESE_NUMBER).findall(_CHINESE_WEEKDAY.sub(" ", text)):
        value = _chinese(numeral)
        # 一个, 一次: an article more than a number.
        if value != "1" or loose:
            yield value
    for word in re.findall(r"[a-z]+|半", text.casefold()):
        if word in _ENGLISH:
            yield _ENGLISH[word]


def _chinese(numeral: str) -> str:
    """三百二十 → 320, 二〇二五 → 2025."""
    if not any(character in _CHINESE_POWERS for character in numeral):
        return "".join(str(_CHINESE_DIGITS[character]) for character in numeral).lstrip("0") or "0"
    total = section = digit = 0
    for character in numeral:
        power = _CHINESE_POWERS.get(character)
        if power is None:
            digit = _CHINESE_DIGITS[character]
        elif power < 10_000:
            section += (digit or 1) * power
            digit = 0
        else:
            total += (section + digit or 1) * power
            section = digit = 0
    return str(total + section + digit)


def _weekdays(text: str) -> Iterator[str]:
    for day, short in _ENGLISH_WEEKDAY.findall(text):
        yield (day or short).casefold()
    for numeral in _CHINESE_WEEKDAY.findall(text):
        yield _WEEKDAYS["一二三四五六日".index(numeral.replace("天", "日"))]


def _weekday(name: str) -> bool:
    return _ENGLISH_WEEKDAY.fullmatch(name) is not None
