"""Credentials in a text: passwords, keys, tokens, and the addresses and files that carry them.

Decides by four signs, each enough alone: the structure round a value (a private key block, a URL with a password), the
name it is given (`called`), the shape its vendor gives it (`vendors`), and how far it looks drawn by chance (`chance`).
Hashes, UUIDs and ids look so too: hexadecimal counts only where it is called a secret or has a vendor's shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.redaction import called
from bot.core.redaction.chance import drawn, is_body, is_key
from bot.core.redaction.folding import Folded, Span, pattern
from bot.core.redaction.vendors import EXACT, ID_PREFIX, PREFIXED, VENDORS

Where = tuple[int, int]


def find(folded: Folded) -> Iterator[Span]:
    """Every credential; spans may overlap. Takes time linear in the length of the text."""
    for start, end in _found(folded.text, folded.lower):
        yield Span(start, end, "secret")


def _found(text: str, lower: str) -> Iterator[Where]:
    if "private" in lower or "secret" in lower or "putty" in lower:
        yield from _files(text)
    if "://" in text or "@" in text:
        yield from _addresses(text)
    if " -" in text:
        yield from (match.span() for match in _OPTION.finditer(text))
    yield from called.find(text, lower)
    tokens = [token for token in _TOKEN.finditer(text) if _DIGIT_OR_CAPITAL.search(token[0])]
    if tokens:
        yield from _bare(tokens, text, lower)
        yield from _assigned(text, lower)


_BEGIN = pattern(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE|SECRET) KEY[A-Z ]{0,20}-{4,5}|PuTTY-User-Key-File-\d")
_END = pattern(r"-{4,5} ?END [A-Z0-9 ]{0,40}(?:PRIVATE|SECRET) KEY[A-Z ]{0,20}-{4,5}|Private-MAC: ?[0-9a-f]+")
_KEY_LINE = pattern(
    r"\n *(?:[A-Za-z0-9+/=]{16,}|[A-Z][A-Za-z\-]{2,30}: [^\n]{0,200}|(?=\n)|[A-Za-z0-9+/=]{4,16}(?=\n|\Z))"
)
_SERVICE_ACCOUNT = pattern(r"\"private_key(?:_id)?\" ?:")
_SECRET_MANIFEST = pattern(r"^[ \-\"'{,]{0,20}kind[\"']? ?: ?[\"']?Secret\b", re.MULTILINE)


def _files(text: str) -> Iterator[Where]:
    """Private key blocks, with or without their end; service account JSON; Kubernetes Secret manifests."""
    begins, ends = list(_BEGIN.finditer(text)), list(_END.finditer(text))
    for begin in begins:
        end = next((end for end in ends if end.start() >= begin.end()), None) if ends else None
        at = end.end() if end else begin.end()
        if not end:
            # Cut off: whatever still reads like its lines.
            while line := _KEY_LINE.match(text, at):
                at = line.end()
        yield begin.start(), at
    if ends and not (begins and begins[0].start() < ends[0].start()):
        yield text.rfind("\n\n", 0, ends[0].start()) + 1, ends[0].end()
    for match in _SERVICE_ACCOUNT.finditer(text):
        opened, closed = text.rfind("{", 0, match.start()), text.find("}", match.end())
        yield max(opened, 0), closed + 1 if closed >= 0 else len(text)
    for match in _SECRET_MANIFEST.finditer(text):
        opened, closed = text.rfind("\n---", 0, match.start()) + 1, text.find("\n---", match.end())
        yield opened, closed if closed >= 0 else len(text)


_URL = pattern(r"[a-z][a-z0-9+.\-]{1,30}://[!#-&(-;=?-~]+", re.IGNORECASE)
# user:password@host and token@host in a URL; user:password@tcp(host) without one.
_USERINFO = pattern(
    r"[a-z][a-z0-9+.\-]{1,30}://(?:[^\s/:@]{0,80}:[^\s/]{3,200}|[A-Za-z0-9_\-]{20,200})@(?=[\w\[])"
    r"|(?<![\w.\-/])[\w.\-]{1,40}:[^\s:@/]{3,80}@(?:tcp\(|unix\(|[\w.\-]{1,60}:\d{2,5}\b)",
    re.IGNORECASE,
)
_PARAMETER = pattern(
    r"[?&;#](?:[\w.\-]{0,30}(?:token|secret|passw(?:or)?d|pwd|signature|credential|key)"
    r"|sig|sign|auth|code|ticket|session|ak|sk)=(?P<value>[^\s&#\"'<>]{6,100})",
    re.IGNORECASE,
)
_HOOK = pattern(r"(?:hook|robot)[^\s/]{0,60}[/?]\S{0,200}?(?<=[/=])(?P<value>[A-Za-z0-9_\-]{16,100})", re.IGNORECASE)
_OPTION = pattern(
    r"(?<=\s)(?:-u ?[\"']?[^\s:\"'/]{1,64}:[^\s\"'/]{3,}"
    r"|-p[\"']?(?=[^\s\"']{0,80}\d)(?=[^\s\"']{0,80}[A-Za-z])[^\s/:,.]{6,})"
    r"|(?<![\w-])(?:sshpass|mysql\w{0,9}|mariadb|mongo\w{0,9})\b[^\n|;]{0,60}? -p ?[\"']?[^\s\"'\-][^\s\"']{2,}"
)


def _addresses(text: str) -> Iterator[Where]:
    for match in _USERINFO.finditer(text):
        if not called.is_placeholder(match[0].rpartition(":")[2]):
            yield match.span()
    for url in _URL.finditer(text):
        for match in _PARAMETER.finditer(text, *url.span()):
            if is_key(match["value"]):
                yield match.span()
        hook = _HOOK.search(text, *url.span())
        if hook and is_key(hook["value"]):
            yield url.span()


# So many characters that look drawn by chance make a secret: on their own, in a file's path, where talk is of secrets.
_ALONE, _IN_PATH, _NEAR = 20, 40, 16
_NEAR_CHARS = 120

_TOKEN = pattern(r"[A-Za-z0-9_$.][A-Za-z0-9_+/=.~%|:$\-]{13,}")
_DIGIT_OR_CAPITAL = pattern(r"[0-9A-Z]")
_ADDRESS_SO_FAR = pattern(r"://[!#-&(-;=?-~]*\Z")
_PATH = pattern(r"(?:^|/)(?:[a-z_\-]{4,}|[A-Z]?[a-z]{3,})/|/(?:[a-z_\-]{4,}|[A-Z]?[a-z]{3,})(?:[.?#]|\Z)")
_TALK_OF_SECRETS = pattern(
    r"passw|pwd|secret|token|credential|creds|api.?key|access.?key|\bkeys?\b|\bauth|bearer|cookie|\b401\b|\brotate"
    r"|密码|密钥|秘钥|口令|令牌|凭证|凭据|私钥|鉴权"
)


def _bare(tokens: list[re.Match[str]], text: str, lower: str) -> Iterator[Where]:
    """Nothing says that it is a secret but its looks."""
    has_addresses = "://" in text
    for token in tokens:
        start, end = token.span()
        value = token[0]
        in_address = has_addresses and _ADDRESS_SO_FAR.search(text, max(0, start - 300), end) is not None
        if _has_vendors_shape(value, in_address=in_address):
            yield start, end
        elif not in_address and value.count("%") < 3 and not ID_PREFIX.match(value):
            count = drawn(value)
            if count >= (_IN_PATH if _PATH.search(value) else _ALONE) or (
                count >= _NEAR and _TALK_OF_SECRETS.search(lower, max(0, start - _NEAR_CHARS), end + _NEAR_CHARS)
            ):
                yield start, end


def _has_vendors_shape(value: str, *, in_address: bool) -> bool:
    shaped = EXACT.search(value) or next((match for match in PREFIXED.finditer(value) if is_body(match["body"])), None)
    if shaped is None:
        return False
    # Addresses hold all sorts of encoded JSON (eyJ…); a token in one has its dots.
    return not (in_address and shaped[0].startswith("eyJ") and "." not in shaped[0])


_ASSIGNED = pattern(
    r"(?<![\w.\-])(?P<name>[\w.\-]{3,80})[\"'\]]{0,2}\s{0,3}(?::=|=>|\?=|\|\||=|:"
    r"|,)[\"'`=\s]{0,5}(?P<value>[\w\-.=+/~%|]{14,100})"
)


def _assigned(text: str, lower: str) -> Iterator[Where]:
    """A key assigned to something that bears a vendor's name."""
    if VENDORS.search(lower):
        for match in _ASSIGNED.finditer(text):
            value = match["value"]
            if VENDORS.search(match["name"].lower()) and not ID_PREFIX.match(value) and is_key(value):
                yield match.span()
