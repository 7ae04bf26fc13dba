"""Commands: what a person tells the assistant to do, as opposed to asks it. `/word`, in Chinese or English."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verb(Enum):
    """What can be commanded in a chat. The value is the English word; `_WORDS` has the Chinese ones."""

    ABOUT = "about"
    HELP = "help"
    ME = "me"
    PAUSE = "pause"
    RESUME = "resume"
    VERIFY = "verify"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Command:
    """A verb and the rest of the line. `verb` is None where no such command exists."""

    verb: Verb | None
    rest: str = ""


_WORDS = {
    **{verb.value: verb for verb in Verb},
    "关于": Verb.ABOUT,
    "帮助": Verb.HELP,
    "我的": Verb.ME,
    "暂停": Verb.PAUSE,
    "恢复": Verb.RESUME,
    "验证": Verb.VERIFY,
    "撤回": Verb.WITHDRAW,
}


def parse(text: str) -> Command | None:
    """Read a command, None if the text is none. A path (`/etc/hosts`) is no command."""
    stripped = text.strip()
    if not stripped.startswith(("/", "／")):
        return None
    word, _, rest = stripped[1:].partition(" ")
    if not word or "/" in word:
        return None
    return Command(_WORDS.get(word.casefold()), rest.strip())
