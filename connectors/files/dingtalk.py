"""DingTalk messages as the `dws` command writes them.

That is `dws chat message list`, `list-by-sender` and `list-all`, and `dws event consume --flatten`, with `-f ndjson` or
`-f json`.

Decides what of them is somebody's own words. Does no I/O.

The fields have no public reference; they were read off DingTalk-Real-AI/dingtalk-workspace-cli and programs that call
it. Listed messages have camelCase names (openMessageId, openConversationId, sender, senderOpenDingTalkId, content,
createTime, quotedMessage, forwardMessages), flattened events the same in snake_case with a `type`. Assumed: `content`
is plain text in which a picture or file is a placeholder such as `[图片消息](mediaId=…)`; a time without an offset is
the wall clock of the machine that ran `dws`; `topicId` names a topic. A quoted parent comes in an object of its own,
which is not read beyond its id.
"""

from __future__ import annotations

from datetime import tzinfo

from connectors.files.said import (
    FORWARDED,
    MALFORMED,
    ONE_TO_ONE,
    RECALLED,
    SYSTEM,
    Said,
    SetAside,
    without_placeholders,
)
from connectors.files.values import Item, identifier, mapping, moment, string

PLATFORM = "dingtalk"

_MESSAGE = ("openMessageId", "message_id")
_CHAT = ("openConversationId", "conversation_id")


def recognises(item: Item) -> bool:
    kind = item.get("type")
    return (
        "openMessageId" in item
        or "senderOpenDingTalkId" in item
        or "sender_open_dingtalk_id" in item
        or (isinstance(kind, str) and kind.startswith("user_im_"))
    )


def parse(item: Item, zone: tzinfo) -> Said | SetAside:
    """Read one listed message or flattened event."""
    chat, message = identifier(item, *_CHAT), identifier(item, *_MESSAGE)
    kind = string(item, "type") or ""
    if kind.startswith("user_im_message_recall") or item.get("recalled") is True:
        return SetAside(RECALLED, chat, message)
    if kind.startswith("user_im_message_receive_o2o") or item.get("singleChat") is True:
        return SetAside(ONE_TO_ONE)
    if kind.startswith("user_im_") and not kind.startswith("user_im_message_receive"):
        return SetAside(SYSTEM)
    if item.get("forwardMessages") or item.get("forward_messages"):
        return SetAside(FORWARDED)
    content = item.get("content")
    sender_id, sender = string(item, "senderOpenDingTalkId", "sender_open_dingtalk_id"), string(item, "sender")
    if not isinstance(content, str) or not (sender_id or sender):
        return SetAside(MALFORMED)
    text = without_placeholders(string(item, "content") or "")
    if isinstance(text, SetAside):
        return text
    try:
        sent_at = moment(item.get("createTime") or item.get("create_time") or item.get("event_time"), zone)
    except ValueError:
        return SetAside(MALFORMED)
    return Said(
        text=text,
        sent_at=sent_at,
        chat=chat,
        chat_name=string(item, "title", "conversationTitle", "conversation_title"),
        id=message,
        sender_id=sender_id,
        sender=sender,
        reply_to=identifier(mapping(item, "quotedMessage", "quoted_message"), *_MESSAGE),
        thread=identifier(item, "topicId", "topic_id"),
    )
