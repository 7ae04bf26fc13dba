"""Lark message items, as `GET /open-apis/im/v1/messages` lists them.

Decides which types are somebody's own words: text and post. Does no I/O.
https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/list
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import tzinfo

from connectors.files.said import FORWARDED, MALFORMED, ONE_TO_ONE, RECALLED, SYSTEM, Mention, Said, SetAside
from connectors.files.values import Item, clean, identifier, mapping, moment, string

PLATFORM = "lark"

# https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/im-v1/message/events/message_content
# Lark adds types at will; one that is not here is counted as "other", so that no word of the file becomes a reason.
_NOT_TEXT = (
    *("image", "file", "folder", "audio", "media", "sticker", "interactive", "hongbao", "location", "video_chat"),
    *("share_calendar_event", "calendar", "general_calendar", "share_chat", "share_user", "todo", "vote"),
    "merge_forward",
)

_PLACEHOLDER = re.compile(r"@_(?:user_\d+|all)", re.ASCII)


def recognises(item: Item) -> bool:
    return isinstance(item.get("body"), dict) or ("msg_type" in item and "message_id" in item)


def parse(item: Item, zone: tzinfo) -> Said | SetAside:
    """Read one message. A bot's message has no sender, as nobody said it; its text still tells what a thread is about.

    The words of a parent or of a forward are not in the item, or in an item of their own, which is set aside.
    """
    chat, message = string(item, "chat_id"), string(item, "message_id")
    if item.get("deleted") is True:
        return SetAside(RECALLED, chat, message)
    if item.get("chat_type") == "p2p":
        return SetAside(ONE_TO_ONE)
    if item.get("upper_message_id"):
        return SetAside(FORWARDED)
    kind = string(item, "msg_type")
    if kind == "system":
        return SetAside(SYSTEM)
    if kind not in ("text", "post"):
        return SetAside(f"not text: {kind}" if kind in _NOT_TEXT else "not text: other" if kind else MALFORMED)
    try:
        content = json.loads(string(mapping(item, "body"), "content") or "")
        sent_at = moment(item.get("create_time"), zone)
    except (ValueError, RecursionError):
        return SetAside(MALFORMED)
    if not isinstance(content, dict):
        return SetAside(MALFORMED)
    mentions = _mentions(item.get("mentions"))
    text = _text(content, mentions) if kind == "text" else _post(content, mentions)
    sender = mapping(item, "sender")
    if text is None or not sender:
        return SetAside(MALFORMED)
    is_person = sender.get("sender_type", "user") == "user"
    return Said(
        text=text,
        sent_at=sent_at,
        chat=chat,
        id=message,
        sender_id=string(sender, "id") if is_person else None,
        sender=string(sender, "name") if is_person else None,
        reply_to=string(item, "parent_id"),
        thread=string(item, "thread_id", "root_id"),
        mentions=tuple(mentions.values()),
        revision=_milliseconds(item.get("update_time")),
    )


def _milliseconds(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else 0


def _mentions(listed: object) -> dict[str, Mention]:
    """Who stands behind `@_user_1`, by that key."""
    if not isinstance(listed, list):
        return {}
    return {
        key: Mention(identifier(mention, "id"), name)
        for mention in listed
        if isinstance(mention, dict) and (key := string(mention, "key")) and (name := string(mention, "name"))
    }


def _text(content: Item, mentions: Mapping[str, Mention]) -> str | None:
    text = content.get("text")
    return _resolved(clean(text), mentions) if isinstance(text, str) else None


def _resolved(text: str, mentions: Mapping[str, Mention]) -> str:
    if "@_" not in text:
        return text

    def name(found: re.Match[str]) -> str:
        if found[0] == "@_all":
            return "@all"
        mention = mentions.get(found[0])
        return f"@{mention.name}" if mention else found[0]

    return _PLACEHOLDER.sub(name, text)


def _post(content: Item, mentions: dict[str, Mention]) -> str | None:
    """The plain text of a rich text, a line for each paragraph; pictures and emoticons are left out.

    Somebody whom only the text names is added to `mentions`.
    """
    if "content" not in content:
        # As it is sent, a post is by language: {"zh_cn": {"title", "content"}}.
        content = next((body for body in content.values() if isinstance(body, dict) and "content" in body), {})
    paragraphs = content.get("content")
    if not isinstance(paragraphs, list):
        return None
    lines = [string(content, "title") or ""]
    for paragraph in paragraphs:
        if not isinstance(paragraph, list):
            return None
        lines.append("".join(_element(part, mentions) for part in paragraph if isinstance(part, dict)))
    return "\n".join(line for line in lines if line)


def _element(part: Item, mentions: dict[str, Mention]) -> str:
    match part.get("tag"):
        case "text" | "code_block" | "md":
            return _resolved(string(part, "text") or "", mentions)
        case "a":
            text, link = string(part, "text") or "", string(part, "href") or ""
            return text if link in ("", text) else f"{text} ({link})".lstrip()
        case "at":
            key, name = string(part, "user_id") or "", string(part, "user_name")
            if name is not None and key not in mentions:
                mentions[key] = Mention(None if key.startswith("@") else key, name)
            return f"@{mentions[key].name}" if key in mentions else _resolved(key, mentions)
        case _:
            return ""
