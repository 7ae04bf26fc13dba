"""Simple exports: JSON items with sender_name, content and timestamp, and `YYYY-MM-DD HH:MM name：text` logs.

Decides by which names a field goes, and where a message of a log begins and ends. Does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo

from connectors.files.said import MALFORMED, NO_TEXT, SYSTEM, Said, SetAside, without_placeholders
from connectors.files.values import Item, clean, identifier, moment, string

PLATFORM = "file"

SENDER = ("sender_name", "sender", "author", "from", "姓名", "发送人", "发送者", "发言人")
TEXT = ("content", "text", "message", "内容", "消息", "正文")
TIME = ("timestamp", "time", "ts", "date", "create_time", "时间", "日期")


def recognises(item: Item) -> bool:
    return any(key in item for key in TEXT) and ("sender_id" in item or any(key in item for key in SENDER))


def parse(item: Item, zone: tzinfo) -> Said | SetAside:
    """Read one item. It must have a sender (a name or an id) and text; a time that is there must be readable."""
    written = string(item, *TEXT)
    sender_id, sender = identifier(item, "sender_id", "user_id"), string(item, *SENDER)
    if written is None:
        return SetAside(NO_TEXT if any(item.get(key) == "" for key in TEXT) else MALFORMED)
    if not (sender_id or sender):
        return SetAside(MALFORMED)
    text = without_placeholders(written)
    if isinstance(text, SetAside):
        return text
    try:
        sent_at = moment(next((item[key] for key in TIME if item.get(key) is not None), None), zone)
    except ValueError:
        return SetAside(MALFORMED)
    return Said(
        text=text,
        sent_at=sent_at,
        chat=identifier(item, "chat_id"),
        chat_name=string(item, "chat_name"),
        id=identifier(item, "message_id", "id"),
        sender_id=sender_id,
        sender=sender,
        reply_to=identifier(item, "reply_to", "parent_id"),
        thread=identifier(item, "thread_id"),
    )


_DATED = re.compile(
    r"\[?(?P<day>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})[ T](?P<clock>\d{1,2}:\d{2}(?::\d{2})?)\]?(?:[ \t]+(?P<rest>.*))?",
    re.ASCII,
)
_NAMED = re.compile(r"(?P<name>[^:：]{1,64}?)[ \t]*[:：][ \t]?(?P<text>.*)")


def is_log(opening: str) -> bool:
    """Does a message of a log begin in one of these lines?"""
    return any(_header(line) is not None for line in opening.split("\n"))


def parse_log(lines: Iterable[str], zone: tzinfo) -> Iterator[Said | SetAside]:
    """Read a log. A line without a date belongs to the message before; a dated line without a name is the platform's.

    Lines before the first dated one are malformed, each on its own: nobody knows who said them.
    """
    begun: Said | SetAside | None = None
    following: list[str] = []
    for line in lines:
        dated = _DATED.fullmatch(line)
        if dated is None:
            if begun is not None:
                following.append(line)
            elif line.strip():
                yield SetAside(MALFORMED)
            continue
        if begun is not None:
            yield _whole(begun, following)
        begun, following = _begin(dated, zone), []
    if begun is not None:
        yield _whole(begun, following)


def _header(line: str) -> re.Match[str] | None:
    dated = _DATED.fullmatch(line)
    return _NAMED.fullmatch(dated["rest"] or "") if dated else None


def _begin(dated: re.Match[str], zone: tzinfo) -> Said | SetAside:
    named = _NAMED.fullmatch(dated["rest"] or "")
    if named is None:
        return SetAside(SYSTEM)
    try:
        sent_at = moment(f"{dated['day']} {dated['clock']}", zone)
    except ValueError:
        return SetAside(MALFORMED)
    return Said(clean(named["text"]), sent_at, sender=clean(named["name"]))


def _whole(begun: Said | SetAside, following: list[str]) -> Said | SetAside:
    """A message with the lines that follow it. Those that follow a line set aside go with it."""
    if isinstance(begun, SetAside):
        return begun
    text = without_placeholders("\n".join([begun.text, *map(clean, following)]).strip())
    return text if isinstance(text, SetAside) else begun._replace(text=text)
