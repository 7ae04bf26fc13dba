"""The local chat's own words (menus, help, hints) from prompts/. What the assistant says is `bot.wording`'s."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bot.core.questions import Language


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. `keys` are keystrokes and commands, each with what it does."""

    language: Language
    texts: dict[str, str]
    keys: tuple[tuple[str, str], ...]

    def say(self, name: str, **given: object) -> str:
        """Raises KeyError for a text that does not exist or lacks one of its parts."""
        return self.texts[name].format(**given)


@cache
def words_in(language: Language) -> Words:
    file = resources.files("prompts") / f"terminal.{language}.toml"
    content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    keys = tuple((each["key"], each["does"]) for each in content.pop("keys"))
    return Words(language, content, keys)


def language_of_this_machine() -> Language:
    """By LC_ALL, LC_MESSAGES or LANG, the first that is set; English where none is Chinese."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if said.startswith("zh") else "en"
