"""Secrets by what they are called: `password is …`, `密码：…`, `DB_PASSWORD=…`, "api_key": "…", 验证码 ….

Decides for each name of a secret whether a value follows that could be one. A password may be anything but a word of
prose, a key must look drawn by chance, a one-time code has 4 to 8 digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.redaction.chance import ENOUGH_WHEN_NAMED, drawn, is_key
from bot.core.redaction.folding import pattern

_NAME = pattern(
    r"(?P<password>passwords?|passwd|passphrase|passcode|pwd|pass(?![a-z])|密码|口令)"
    r"|(?P<code>验证码|校验码|动态码|提取码|授权码|verification code|\b2fa code|\botp\b|\bpin(?: code)?\b)"
    r"|(?P<key>secrets?|tokens?|(?<![a-z])(?:auth|ak|sk|sid|dsn)(?![a-z])|key(?![a-z])|keys\b|credentials?|creds|authorization"
    r"|bearer|cookie|session|signature|client[ _\-]?id|密钥|秘钥|令牌|凭证|凭据|私钥)"
)
# One search that says whether any name can match: most messages have none.
_HINT = pattern(
    r"pass|pwd|secret|token|key|auth|cred|cookie|session|bearer|signature|client|code|[sd][in][dn]|[as]k|otp|pin"
    r"|码|口令|密钥|秘钥|令牌|凭|私钥"
)
_OTHER_KEY = pattern(
    r"(?<![a-z])(?:primary|foreign|partition|sort|cache|public|unique|composite|redis|routing|idempotency|issue|project|hot"
    r"|shortcut|lookup|group|row|message|dict|object|map|config|index|i18n|registry|gpg|pgp|host|s3|dedupe)[ _\-.]?\Z"
)

# From name to value: a sign, a verb, or nothing but a blank.
_VALUE = r"[\"'`]?(?P<value>[!-~]{3,100})"
_SIGN = pattern(
    r"[\w.\-]{0,30}[\"'`\])]{0,3}\s{0,3}(?P<sign>:=|=>|==?|\?=|\|\||:{1,3}=?|->|→|,)\s{0,3}"
    rf"[\"'`=(\[]{{0,4}}\s?{_VALUE}"
)
_VERB = pattern(
    r"[^\n.,!?。;:=]{0,40}?(?:\b(?:is|was)\b(?: (?:now|still|changed|reset|set|updated|just)\b){0,2}(?: to\b)?|\bto\b"
    rf"|是|为|成|:|=) {{0,3}}{_VALUE}"
)
_BLANK = pattern(rf"[\"'`)]? {_VALUE}")
# Between name and value: the value is an id or a hash of something, whatever key or token the talk was of.
_SOMETHING_ELSE = pattern(
    r"(?:trace|request|span|message|msg|order|user|event|job|task|build)[ _\-]?id|md5|sha\d|hash|commit|digest|uuid"
    r"|etag|checksum|revision|fingerprint|哈希|摘要|指纹"
)
_FLAG_BEFORE = pattern(r"(?<!\S)--?(?:[a-z]+-)*\Z")
_ENVIRONMENT = pattern(r"[A-Z0-9]_[A-Z0-9_]*\Z|export [^ =]{1,80}\Z")
_SCHEME = pattern(r"(?:basic|bearer|token|apikey|digest) +", re.IGNORECASE)
# From value to name: "… 是密码", "… is the password".
_CALLED_AFTERWARDS = pattern(
    r" ?(?:这个|这)?(?:就)?是[^\n,.!?。]{0,6}?(?:密码|口令|密钥|token|key)"
    r"| is (?:the|our|my) (?:\w+ ){0,2}(?:password|passphrase|token|key|secret)\b"
)

# What stands where a value would and is none.
_PLACEHOLDER = pattern(
    r"[\"'`(]*(?:[x*.•\-_#?]{3,}|\$[{(A-Z_a-z]|\{\{|<|%[A-Z({]|!vault|env[.(\[]|os\.|process\.|getenv"
    r"|(?:null|none|nil|true|false|undefined|redacted|placeholder|changeme|example)\b|your[-_]"
    r"|my[-_]?(?:password|secret|token|key)\b|[a-z_.]+\(|https?:|[/~])",
    re.IGNORECASE,
)
_WORDS = pattern(r"[A-Za-z]+(?:[-'/_.&][A-Za-z]+)*")
_NO_PASSWORD = pattern(
    r"(?:required|optional|string|str|text|varchar|bool|int|any|changed|reset|expired|invalid|incorrect|wrong|yes|no|ok|field"
    r"|policy|prompt|manager|pass(?:word|wd)?|secret|token|key|value|login|user|username|admin|root|email|name|length|hash"
    r"|hashed|encrypted|protected|here|there|this|that|me|please|thanks)\Z",
    re.IGNORECASE,
)
_ALGORITHM = pattern(r"(?:sha|md|base|oauth|argon|bcrypt|utf|http|ipv|pbkdf|v|step|test)-?\d+\Z", re.IGNORECASE)
_PROSE_GOES_ON = pattern(r"[\"'`.,;:!?)]* *[A-Za-z]{2}")
_AMOUNT = pattern(r" ?(?:位|个|次|天|分|秒|字|条|年|月|char|digit|day|time|min|sec|hour|letter|%|\+)")
_LIST = pattern(r"[,;(){}\[\]]")
_VALUE_AT = pattern(r"[!-~]{0,100}")
_KINDS = tuple(pattern(kind) for kind in ("[a-z]", "[A-Z]", r"[^\w\s.,/:()\-]"))


def find(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """From the name to the value's end, or the other way round. `lower` is the text in lower case."""
    if not _HINT.search(lower):
        return
    for name in _NAME.finditer(lower):
        if name["key"] and _OTHER_KEY.search(lower, max(0, name.start() - 14), name.start()):
            continue
        end = _end_of_secret(name, text)
        if end:
            yield name.start(), end
    for called in _CALLED_AFTERWARDS.finditer(lower):
        value = text[max(0, called.start() - 80) : called.start()].rpartition(" ")[2]
        if not is_placeholder(value) and (_looks_chosen(value) or is_key(value)):
            yield called.start() - len(value), called.end()


def is_placeholder(value: str) -> bool:
    return _PLACEHOLDER.match(value) is not None


def _end_of_secret(name: re.Match[str], text: str) -> int | None:
    for link in (_SIGN, _VERB, _BLANK):
        match = link.match(text, name.end())
        if not match or (link is _VERB and _SOMETHING_ELSE.search(match[0][: match.start("value") - match.start()])):
            continue
        start = match.start("value")
        if scheme := _SCHEME.match(text, start):
            start = scheme.end()
        sign = match["sign"] if link is _SIGN else ""
        if link is _BLANK and _FLAG_BEFORE.search(text, max(0, name.start() - 24), name.start()):
            sign = "="
        value = _value(text, start)
        if len(value) < 4 or is_placeholder(value):
            continue
        if name["password"]:
            secret = _is_password(value, text, start, sign, adjacent=link is _BLANK and not sign)
        elif name["code"]:
            secret = value.isdigit() and len(value) <= 8 and not _AMOUNT.match(text, start + len(value))
        else:
            secret = _is_key_of(name, value, text, sign)
        if secret:
            return start + len(value)
    return None


def _value(text: str, start: int) -> str:
    match = _VALUE_AT.match(text, start)
    value = match[0] if match else ""
    quote = text[start - 1]
    if quote in "\"'`" and quote in value:
        return value[: value.index(quote)]
    return value.rstrip("\"'`.,;:!?)]}>")


def _is_password(value: str, text: str, start: int, sign: str, *, adjacent: bool) -> bool:
    """`adjacent`: nothing but a blank between name and value, so prose is likelier (`password reset`)."""
    end = start + len(value)
    if "://" in value or _AMOUNT.match(text, end):
        return False
    if value.isdigit():
        return len(value) >= 6 or not (adjacent or sign == ",")
    if _WORDS.fullmatch(value):
        if sign in ("", ",") or _NO_PASSWORD.match(value):
            return False
        return text[start - 1] in "\"'`" or not _PROSE_GOES_ON.match(text, end)
    return _looks_chosen(value) if adjacent or sign == "," else True


def _looks_chosen(value: str) -> bool:
    """As people choose passwords: letters with digits, or three of small letters, capitals, digits and signs."""
    if len(value) < 6 or not value.isascii():
        return False
    digits = any(map(str.isdigit, value))
    kinds = digits + sum(kind.search(value) is not None for kind in _KINDS)
    return kinds >= 3 or (kinds == 2 and digits and value.isalnum() and not _ALGORITHM.match(value))


def _is_key_of(name: re.Match[str], value: str, text: str, sign: str) -> bool:
    if name["key"] == "session":
        # A session's number in a log is a UUID or hexadecimal; its cookie is drawn from all letters.
        return drawn(value) >= ENOUGH_WHEN_NAMED
    in_environment = sign == "=" and _ENVIRONMENT.search(text, max(0, name.start() - 80), name.end())
    if in_environment and value.isdigit() and len(value) >= 12:
        return True
    return "://" not in value and is_key(_LIST.split(value)[0])
