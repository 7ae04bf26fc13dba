"""What platforms tell us, after their wire shapes have been parsed away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.people import PersonId, SourceId


class Form(Enum):
    """How a text came about; a document is one author's text without a conversation round it."""

    CHAT = "chat"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Message:
    """Something said, or a document that somebody wrote.

    `author` is None where the platform names none. `text` is as written: unredacted, so it stays in memory until
    `core.gate.keep` has made it Kept. `sent_at` is aware, or None where the source has no time. `reply_to` and `thread`
    are the platform's own ids; None where it has no such thing. `mentions` are the accounts addressed, and `names` how
    the text writes those and other people's names, so that they can be replaced by role tokens (C3). `to_assistant` is
    set where the platform says that the assistant is addressed: mentioned, or alone with the author.
    """

    id: str
    source: SourceId
    author: PersonId | None
    sent_at: datetime | None
    text: str
    reply_to: str | None = None
    thread: str | None = None
    mentions: tuple[PersonId, ...] = ()
    names: tuple[str, ...] = ()
    form: Form = Form.CHAT
    link: str | None = None
    to_assistant: bool = False


@dataclass(frozen=True, slots=True)
class Recalled:
    """The author took a message back (C7)."""

    id: str
    source: SourceId


@dataclass(frozen=True, slots=True)
class Edited:
    """The author changed a message; `message` is how it reads now."""

    message: Message
