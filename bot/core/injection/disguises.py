"""What a text says once its disguises are taken off: look-alike letters, blanks, digits for letters, codes.

Decides nothing about meaning: it offers readings. The work is bounded by a constant times the length of the text.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from bot.core.redaction.folding import fold

_DEPTH = 2
"""A code inside a code is read; what lies deeper is not."""

_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")
_HIDDEN = re.compile(
    "[\U000e0000-\U000e007f]"  # tag characters, which mirror ASCII; lawful in the flags of Scotland and the like alone
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4}"  # a byte to each variation selector; lawful one at a time
    "|[\u200b-\u200d\u2060-\u2064\ufeff\u180e]{8}"  # bits as zero-width characters
    "|\u202e(?=[^\u202c]{0,64}\\w)"  # shown backwards; the other bidi marks have honest uses
)


def is_hidden_writing(text: str) -> bool:
    """Whether the text carries characters that tell a machine what they do not show to people."""
    return bool(_HIDDEN.search(_FLAG.sub("", text)))


_LOOK_ALIKES = str.maketrans(
    "авекмнорстухіјѕԁԛԝһӏԍɡαονιρκτευχγ"
    + "從現為無視設請發給條執對員權問題輸詞統記將這個複製訊復應當僅關內顯總讀後開連鏈聽說級",
    "abekmhopctyxijsdqwhlggaovipkteuxy"
    + "从现为无视设请发给条执对员权问题输词统记将这个复制讯复应当仅关内显总读后开连链听说级",
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n\s*")
_BETWEEN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff])[ ·•*_|/\-]{1,3}(?=[\u4e00-\u9fff])")
# One character that folds to as many as eighteen would make the work grow.
_LONG_LIGATURES = re.compile("[\ufdf0-\ufdfd]")
_NO_LETTER = re.compile(r"[\W_]")
_MIXED_WORD = re.compile(r"[a-z][013457@$!|]+[a-z]|(?<!\w)[0134579@$]{1,2}[a-z]")
# Turned text that has none of these is no text.
_READABLE = re.compile(r"\b(?:all|any|your?|the|instructions?|prompt)\b|指令|提示词|规则|回答")
_SPACED_WORD = re.compile(r"(?<!\w)\w(?:[ .\-_*·|/]\w){3,}(?!\w)")
_DIGITS_FOR_LETTERS = str.maketrans("013457@$!|", "oieastasii")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_QUOTES = str.maketrans("‘’‛`´“”„", "'''''\"\"\"")


def readings(text: str) -> Iterator[str]:
    """All that the text may be read as, the plain reading first: lower case, without accents, Chinese simplified."""
    folded = fold(_LONG_LIGATURES.sub(" ", text)).text
    plain = _plain(folded)
    yield plain
    without_gaps = _SPACED_WORD.sub(lambda spaced: _NO_LETTER.sub("", spaced[0]), plain)
    if without_gaps != plain:
        yield without_gaps
    if _MIXED_WORD.search(plain):
        yield plain.translate(_DIGITS_FOR_LETTERS)
    for turned in (plain.translate(_ROT13), plain[::-1]):
        if _READABLE.search(turned):
            yield turned
    yield from _decoded(folded, _DEPTH)


def _plain(folded: str) -> str:
    base = (c for c in unicodedata.normalize("NFD", folded.lower()) if not unicodedata.combining(c))
    one_spelling = "".join(base).translate(_LOOK_ALIKES).translate(_QUOTES)
    one_blank = _LINES.sub("\n", _BLANKS.sub(" ", one_spelling))
    return _BETWEEN_CHINESE.sub("", one_blank)


_SIGNS = ".-|-...|-.-.|-..|.|..-.|--.|....|..|.---|-.-|.-..|--|-.|---|.--.|--.-|.-.|...|-|..-|...-|.--|-..-|-.--|--..|/"
_MORSE = dict(zip(_SIGNS.split("|"), "abcdefghijklmnopqrstuvwxyz ", strict=True))


def _base64(code: str) -> bytes:
    letters = re.sub(r"\s|=", "", code)
    return base64.urlsafe_b64decode(letters.replace("+", "-").replace("/", "_") + "=" * (-len(letters) % 4))


def _base32(code: str) -> bytes:
    letters = code.rstrip("=")
    return base64.b32decode(letters + "=" * (-len(letters) % 8))


def _hex(code: str) -> bytes:
    return bytes.fromhex(re.sub(r"0x|[ :,]", "", code))


def _binary(code: str) -> bytes:
    bits = re.sub(r"\s", "", code)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))


def _morse(code: str) -> bytes:
    return "".join(_MORSE.get(sign, "?") for sign in code.split()).encode()


_CODES: tuple[tuple[re.Pattern[str], Callable[[str], bytes]], ...] = (
    (re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}"), _base64),
    # Over several lines. What may not stand before it keeps the search linear.
    (re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}(?:\n[A-Za-z0-9+/_-]{4,})+={0,2}"), _base64),
    (re.compile(r"[A-Z2-7]{16,}={0,6}"), _base32),
    (re.compile(r"(?:(?:0x)?[0-9A-Fa-f]{2}[ :,]?){8,}"), _hex),
    (re.compile(r"(?:[01]{8}\s?){4,}"), _binary),
    (re.compile(r"(?:[.-]{1,5}+[ /]{1,3}+){8,}[.-]{0,5}"), lambda code: _morse(code.replace("/", " / "))),
    (re.compile(r"<~[!-u\sz]{8,}~>"), lambda code: base64.a85decode(code, adobe=True)),
    (re.compile(r"[0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]{20,}"), base64.b85decode),
)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")


def _decoded(folded: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    for text in _hidden_texts(folded):
        yield _plain(text)
        yield from _decoded(text, depth - 1)


def _hidden_texts(folded: str) -> Iterator[str]:
    unescaped = _ESCAPED.sub(lambda escape: chr(int(escape[1] or escape[2], 16)), html.unescape(unquote(folded)))
    if unescaped != folded:
        yield fold(unescaped).text
    for shape, decode in _CODES:
        for match in shape.finditer(folded):
            try:
                text = decode(match[0].strip()).decode()
            except ValueError:
                # Most of what looks like a code is none: a hash, a name, a token.
                continue
            if text.isprintable() or text.replace("\n", " ").isprintable():
                yield fold(text).text
