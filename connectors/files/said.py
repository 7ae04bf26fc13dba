"""What a format's parser gives back for one item: something that was said, or why it was set aside.

Decides nothing about whose words they are; `authorship` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.messages import Form

MALFORMED = "malformed"
NO_TEXT = "no text"
TOO_LONG = "too long"
RECALLED = "recalled"
SYSTEM = "system"
DUPLICATE = "duplicate"
FORWARDED = "forwarded"
ONLY_A_QUOTE = "only a quote"
ONE_TO_ONE = "one-to-one chat"

MAX_TEXT_CHARS = 200_000
"""A longer message is set aside: Lark takes 150 KB a message, DingTalk less, so nobody typed it."""


class Mention(NamedTuple):
    """Somebody addressed in a text; `name` is how the text writes them, without the @."""

    id: str | None
    name: str


class Said(NamedTuple):
    """One message of an export, before it is known whose it is.

    Ids are the export's own; None where it has none. `sender_id` and `sender` (a name) are both None where no person
    sent it. Of two with the same chat and id the greater `revision` holds. `own` marks a document, whose author is
    whoever imports it.
    """

    # A NamedTuple, unlike other values here: it is made for every message of an export and costs a quarter as much.
    text: str
    sent_at: datetime | None
    chat: str | None = None
    chat_name: str | None = None
    id: str | None = None
    sender_id: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    thread: str | None = None
    mentions: tuple[Mention, ...] = ()
    revision: int = 0
    own: bool = False

    @property
    def form(self) -> Form:
        return Form.DOCUMENT if self.own else Form.CHAT


@dataclass(frozen=True, slots=True)
class SetAside:
    """An item that gives no message. `reason` is one of this module's, or "not text: …"; never words of the export.

    `chat` and `id` are set for RECALLED, so that an earlier copy of the message goes too.
    """

    reason: str
    chat: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """An export as its format's parser gives it. `people` are names by id, where the export has a directory."""

    platform: str
    found: Iterable[Said | SetAside]
    people: Mapping[str, tuple[str, ...]]


# 「name：what they said」, a rule, then the reply: how WeChat and DingTalk put a reply into plain text.
_QUOTED_PARENT = re.compile(r"\s*「.{1,20000}?」[ \t]*\n[ \t]*(?:[-—–_][ \t]?){3,}[ \t]*\n", re.DOTALL)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*\n?", re.MULTILINE)


def without_quotes(text: str) -> str:
    """The text without what it quotes: those are mostly somebody else's words (C3). For chats, not for documents."""
    if "「" in text:
        parent = _QUOTED_PARENT.match(text)
        if parent is not None:
            text = text[parent.end() :]
    if ">" in text:
        text = _QUOTED_LINE.sub("", text)
    return text.strip()


_KINDS = {
    "图片": "image",
    "动画表情": "sticker",
    "表情": "sticker",
    "语音": "audio",
    "视频": "video",
    "文件": "file",
    "链接": "link",
    "位置": "location",
    "名片": "contact card",
    "红包": "red packet",
    "卡片": "card",
    "互动卡片": "card",
    "聊天记录": "forward",
}
_KIND = "|".join(_KINDS)
_BARE = re.compile(rf"\[({_KIND})(?:消息)?\]")
_MEDIA = re.compile(rf"\[?({_KIND})(?:消息)?\]?\s?\(?mediaId\s?[=:]\s?[^\s)]{{1,500}}\)?")


def without_placeholders(text: str) -> str | SetAside:
    """The text without `[图片消息](mediaId=…)` and the like, or what it stands for if nothing else is in it.

    `[文件]` within a sentence stays: it may be the name of a menu.
    """
    if media := _MEDIA.search(text):
        rest = _MEDIA.sub("", text).strip()
        return rest or SetAside(f"not text: {_KINDS[media[1]]}")
    bare = _BARE.match(text.lstrip())
    # What follows the mark of a forward is a list of other people's messages.
    if bare is not None and (bare[1] == "聊天记录" or bare.end() == len(text.strip())):
        return SetAside(f"not text: {_KINDS[bare[1]]}")
    return text
