"""Where lines come from: somebody at a keyboard, with menus and completion, or a script on standard input."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from io import TextIOWrapper
from typing import TextIO, TypeVar

from prompt_toolkit.application import Application
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import Label, RadioList

_STYLE = Style.from_dict(
    {
        "person": "bold",
        "place": "ansicyan",
        "arrow": "ansigray",
        "bottom-toolbar": "noreverse ansigray",
        "radio-number": "ansigray",
        "radio-checked": "bold ansicyan",
        "question": "bold",
    }
)

_Wanted = TypeVar("_Wanted")

Completions = Callable[[str], Iterable[tuple[str, str]]]
"""For what stands before the cursor: each word that could end it, whole, and what that word means."""


class Key(Enum):
    """A keystroke that asks for something instead of ending a line."""

    HELP = "help"
    PERSON = "person"
    PLACE = "place"


class Keyboard:
    """Somebody at a terminal. What is typed is wiped when the line ends: the chat prints it as it was said."""

    def __init__(self, completions: Completions, *, toolbar: Callable[[], str]) -> None:
        self._unsent = ""
        self._session: PromptSession[str | Key] = PromptSession(
            completer=_Completer(completions),
            complete_while_typing=False,
            complete_style=CompleteStyle.COLUMN,
            key_bindings=self._keys(),
            bottom_toolbar=toolbar,
            reserve_space_for_menu=4,
            erase_when_done=True,
            style=_STYLE,
        )

    async def read(self, prompt: StyleAndTextTuples) -> str | Key | None:
        """The next line, or a keystroke of its own; None to leave. What was typed before a keystroke is not lost."""
        unsent, self._unsent = self._unsent, ""
        try:
            return await self._session.prompt_async(prompt, default=unsent)
        except (EOFError, KeyboardInterrupt):
            return None

    async def choose(self, question: str, options: Sequence[tuple[_Wanted, str]], *, now: _Wanted) -> _Wanted | None:
        """One of some things, from a menu that is gone afterwards; None if none was chosen."""
        menu = RadioList(
            list(options),
            default=now,
            select_on_focus=True,
            show_numbers=True,
            open_character="",
            select_character="›",
            close_character="",
            show_cursor=False,
            show_scrollbar=False,
        )
        keys = KeyBindings()

        @keys.add("enter", eager=True)
        def take(event: KeyPressEvent) -> None:
            event.app.exit(result=menu.current_value)

        @keys.add("escape", eager=True)
        @keys.add("c-c")
        @keys.add("c-d")
        def leave(event: KeyPressEvent) -> None:
            event.app.exit(result=None)

        menu_only: Application[_Wanted | None] = Application(
            Layout(HSplit([Label([("class:question", question)], dont_extend_height=True), menu])),
            key_bindings=keys,
            style=_STYLE,
            erase_when_done=True,
        )
        return await menu_only.run_async()

    def redraw(self) -> None:
        self._session.app.invalidate()

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        nothing_typed = Condition(lambda: not self._session.default_buffer.text)

        def leave_with(key: Key) -> Callable[[KeyPressEvent], None]:
            def leave(event: KeyPressEvent) -> None:
                self._unsent = event.current_buffer.text
                event.app.exit(result=key)

            return leave

        keys.add("f1")(leave_with(Key.HELP))
        keys.add("?", filter=nothing_typed)(leave_with(Key.HELP))
        keys.add("？", filter=nothing_typed)(leave_with(Key.HELP))
        keys.add("c-p")(leave_with(Key.PERSON))
        keys.add("c-o")(leave_with(Key.PLACE))
        return keys


class Script:
    """Lines on standard input. Reading waits in a thread, so the app goes on meanwhile."""

    def __init__(self, lines: TextIO) -> None:
        """Bytes that are no text are read as replacement characters, and a mark of byte order is passed over."""
        if isinstance(lines, TextIOWrapper):
            lines.reconfigure(errors="replace")
        self._lines = lines

    async def read(self) -> str | None:
        """The next line without its end; None where there is no more."""
        line = await asyncio.to_thread(self._lines.readline)
        return line.strip("\r\n\ufeff") if line else None


class _Completer(Completer):
    def __init__(self, completions: Completions) -> None:
        self._completions = completions

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        for word, meaning in self._completions(before):
            begun = _overlap(before, word)
            yield Completion(word, start_position=-begun, display_meta=meaning)


def _overlap(before: str, word: str) -> int:
    """How many characters of `word` stand at the end of `before` already."""
    longest = min(len(before), len(word))
    return next((n for n in range(longest, 0, -1) if before.endswith(word[:n])), 0)
