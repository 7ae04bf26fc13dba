"""The terminal chat: choose who you are and where you speak, ask, and read the answer above.

Holds that nobody speaks where they do not read. What is said is handed to the desk; answers come back through the
TerminalVoice. Works the same from a script on standard input, where a line that cannot be obeyed ends the script:
what follows it might otherwise be said in the wrong place.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.patch_stdout import patch_stdout

from bot.core.messages import Message
from bot.core.people import Person, Place, PlaceId
from bot.core.questions import Language
from bot.errors import BadInput, BylineError
from connectors.local.demo import Example
from connectors.local.desk import Desk, Line, Seat, spoken
from connectors.local.keyboard import Key, Keyboard, Script
from connectors.local.names import names_of
from connectors.local.screen import place_name
from connectors.local.team import MAX_LISTED, fitting
from connectors.local.voice import TerminalVoice
from connectors.local.words import Words, language_of_this_machine, words_in

_OWN_COMMANDS = ("/as", "/in", "/say", "/try", "/who", "/quit")


class Terminal:
    """One sitting at the terminal. Holds who speaks and where, and nothing that outlives it."""

    def __init__(
        self,
        desk: Desk,
        voice: TerminalVoice,
        *,
        examples: Sequence[Example] = (),
        commands: Sequence[str] = (),
        language: Language | None = None,
    ) -> None:
        """`commands` are the assistant's, for help. `language` None: that of whoever speaks, else this machine's."""
        self._desk, self._voice, self._screen = desk, voice, voice.screen
        self._examples, self._commands, self._language = examples, commands, language
        self._words = words_in(language or language_of_this_machine())
        self._seat: Seat | None = None
        self._underway: set[asyncio.Task[None]] = set()

    async def run(
        self, *, person: Person | None = None, place: Place | None = None, stdin: TextIO | None = None
    ) -> None:
        """Chat until the input ends. Raises BadInput where this person does not read this place, and, from a script,
        where a line cannot be obeyed."""
        lines = sys.stdin if stdin is None else stdin
        if person is not None:
            self._sit_down(person, place)
        if lines.isatty() and self._screen.rich:
            await self._by_keyboard()
        else:
            await self._by_script(Script(lines))

    async def _by_script(self, script: Script) -> None:
        number = 0
        while (typed := await script.read()) is not None:
            number += 1
            if typed.strip() == "/quit":
                return
            try:
                said = self._obey(typed.strip())
            except BadInput as error:
                raise BadInput(f"line {number}", error.what) from error
            if said is not None:
                await self._desk.say(*said)

    async def _by_keyboard(self) -> None:
        keyboard = Keyboard(self._completions, toolbar=self._toolbar)
        self._screen.note(self._words.say("welcome", people=len(self._desk.people())))
        if self._seat is None:
            person = await self._ask_person(keyboard)
            if person is not None:
                await self._ask_place(keyboard, person)
        with patch_stdout(raw=True):
            async with asyncio.TaskGroup() as group:
                while self._seat is not None:
                    typed = await keyboard.read(self._prompt(self._seat))
                    if typed is None or (isinstance(typed, str) and typed.strip() == "/quit"):
                        break
                    await self._react(typed, keyboard, group)
                for task in self._underway:
                    task.cancel()
        self._screen.note(self._words.say("bye"))

    async def _react(self, typed: str | Key, keyboard: Keyboard, group: asyncio.TaskGroup) -> None:
        match typed:
            case Key.HELP:
                self._help()
            case Key.PERSON:
                person = await self._ask_person(keyboard)
                if person is not None:
                    self._become(person.id.user)
            case Key.PLACE:
                await self._ask_place(keyboard, self._seated().person)
            case str():
                try:
                    said = self._obey(typed.strip())
                except BadInput as error:
                    self._screen.wrong(error.what)
                    return
                if said is not None:
                    task = group.create_task(self._hand_over(*said))
                    self._underway.add(task)
                    task.add_done_callback(self._underway.discard)
                    task.add_done_callback(lambda _: keyboard.redraw())

    async def _hand_over(self, message: Message, place: Place) -> None:
        try:
            await self._desk.say(message, place)
        except BylineError as error:
            self._screen.wrong(self._words.say("not_delivered", error=error))

    def _obey(self, typed: str) -> tuple[Message, Place] | None:
        """Do what a line says; gives what is to be handed to the app. Raises BadInput where it cannot be done."""
        word, _, rest = typed.partition(" ")
        rest = rest.strip()
        match word:
            case "":
                return None
            case "?" | "？" if not rest:
                self._help()
            case "/as":
                self._become(rest)
            case "/in":
                self._go(rest)
            case "/who":
                seat = self._seated()
                self._screen.readers(seat, self._desk.readers_of(seat.place.id), self._words)
            case "/try":
                return self._try(rest)
            case "/say":
                return self._say(self._wanted(rest, "/say …"), to_assistant=False)
            case _:
                return self._say(typed, to_assistant=True)
        return None

    def _say(self, text: str, *, to_assistant: bool) -> tuple[Message, Place]:
        seat = self._seated()
        # The roster may have changed since they sat down.
        if seat.place.id not in {place.id for place in self._desk.places_of(seat.person.id)}:
            raise BadInput("say", self._unknown_place(seat.person))
        line = Line(self._voice.new_id(), seat.place.id, seat.person, text, self._voice.clock.now())
        self._voice.take(line)
        names = names_of(tuple(self._desk.people()))
        return spoken(line, seat=seat, names=names, to_assistant=to_assistant), seat.place

    def _try(self, number: str) -> tuple[Message, Place]:
        examples = self._offered()
        if not number.isdecimal() or not 1 <= int(number) <= len(examples):
            raise BadInput("/try", self._words.say("unknown_example", count=len(examples)))
        example = examples[int(number) - 1]
        self._become(example.asker.user, example.place)
        return self._say(example.text, to_assistant=True)

    def _become(self, name: str, at: PlaceId | None = None) -> None:
        """Speak as somebody else: `at` a place, else where one is if they read there, else alone with the assistant."""
        people = self._desk.people()
        known = [((person.id.user, str(person.id)), person.names, person) for person in people]
        wanted = self._wanted(name, f"/as {people[0].id.user}" if people else "/as …").removeprefix("@")
        found = fitting(wanted, known)
        if len(found) != 1:
            ids = _listed(person.id.user for person in found or people)
            raise BadInput("/as", self._words.say("ambiguous" if found else "unknown_person", known=ids))
        stays = at or (self._seat.place.id if self._seat is not None else None)
        place = next((place for place in self._desk.places_of(found[0].id) if place.id == stays), None)
        if place is None and stays is not None:
            self._screen.note(self._words_for(found[0]).say("not_there", person=found[0].name))
        self._sit_down(found[0], place)

    def _go(self, name: str) -> None:
        person = self._seated().person
        places = self._desk.places_of(person.id)
        wanted = self._wanted(name, f"/in {places[0].id.chat}")
        known = [((place.id.chat, str(place.id)), (place_name(place, self._words),), place) for place in places]
        found = fitting(wanted, known)
        if len(found) > 1:
            ids = _listed(place.id.chat for place in found)
            raise BadInput("/in", self._words.say("ambiguous", known=ids))
        if not found:
            raise BadInput("/in", self._unknown_place(person))
        self._sit_down(person, found[0])

    def _sit_down(self, person: Person, place: Place | None) -> None:
        """Place None: alone with the assistant. Raises BadInput where the person does not read the place."""
        places = self._desk.places_of(person.id)
        here = next((each for each in places if (each.one_to_one if place is None else each.id == place.id)), None)
        if here is None:
            raise BadInput("place", self._unknown_place(person))
        moved = self._seat is None or self._seat.place.id != here.id or self._seat.person.id != person.id
        self._seat = Seat(person, here)
        self._words = self._words_for(person)
        if moved:
            self._screen.place(self._seat, self._desk.readers_of(here.id), self._words)
        self._voice.sit(self._seat, self._words)

    async def _ask_person(self, keyboard: Keyboard) -> Person | None:
        people = self._desk.people()
        if not people:
            return None
        options = [(person, f"{person.name} ({person.id.user})") for person in people]
        now = self._seat.person if self._seat is not None else people[0]
        return await keyboard.choose(self._words.say("choose_person"), options, now=now)

    async def _ask_place(self, keyboard: Keyboard, person: Person) -> None:
        places = self._desk.places_of(person.id)
        words = self._words_for(person)
        options = [(place, _described(place, words)) for place in places]
        now = self._seat.place if self._seat is not None else places[0]
        chosen = await keyboard.choose(words.say("choose_place"), options, now=now)
        if chosen is not None:
            self._sit_down(person, chosen)

    def _help(self) -> None:
        people = {person.id: person for person in self._desk.people()}
        rows = []
        for number, example in enumerate(self._offered(), start=1):
            place = next(each for each in self._desk.places_of(example.asker) if each.id == example.place)
            rows.append((number, example, f"{people[example.asker].name} · {place_name(place, self._words)}"))
        self._screen.help(self._words, commands=self._commands, examples=rows)

    def _offered(self) -> list[Example]:
        """The examples in the language shown whose asker and place are here."""
        return [
            example
            for example in self._examples
            if example.language == self._words.language
            and example.place in {place.id for place in self._desk.places_of(example.asker)}
        ]

    def _completions(self, before: str) -> Iterable[tuple[str, str]]:
        command, blank, _ = before.partition(" ")
        if blank and command == "/in" and self._seat is not None:
            places = self._desk.places_of(self._seat.person.id)
            options = [(place.id.chat, _described(place, self._words)) for place in places]
            return [(f"{command} {chat}", name) for chat, name in options if f"{command} {chat}".startswith(before)]
        people = [(person.id.user, person.name) for person in self._desk.people()]
        if blank and command == "/as":
            return [(f"{command} {user}", name) for user, name in people if f"{command} {user}".startswith(before)]
        if before.startswith("/") and not blank:
            return [(word, "") for word in (*_OWN_COMMANDS, *self._commands) if word.startswith(before)]
        begun = before.rpartition("@")
        return [(f"@{user} ", name) for user, name in people if begun[1] and user.startswith(begun[2])]

    def _seated(self) -> Seat:
        if self._seat is None:
            example = next((person.id.user for person in self._desk.people()), "…")
            raise BadInput("say", self._words.say("nobody_yet", example=example))
        return self._seat

    def _wanted(self, name: str, example: str) -> str:
        if not name:
            raise BadInput("command", self._words.say("needs_name", example=example))
        return name

    def _unknown_place(self, person: Person) -> str:
        known = _listed(place.id.chat for place in self._desk.places_of(person.id))
        return self._words.say("unknown_place", known=known)

    def _words_for(self, person: Person) -> Words:
        return words_in(self._language or self._desk.language_of(person.id) or language_of_this_machine())

    def _prompt(self, seat: Seat) -> StyleAndTextTuples:
        place = place_name(seat.place, self._words)
        return [("", "\n"), ("class:person", seat.person.name), ("class:place", f" · {place}"), ("class:arrow", " › ")]

    def _toolbar(self) -> str:
        return self._words.say("waiting" if self._underway else "toolbar")


def _described(place: Place, words: Words) -> str:
    name = f"{place_name(place, words)} ({place.id.chat})"
    return f"{name} · {words.say('outsiders')}" if place.has_outsiders and not place.one_to_one else name


def _listed(ids: Iterable[str]) -> str:
    known = list(ids)
    return ", ".join(known[:MAX_LISTED]) + (" …" if len(known) > MAX_LISTED else "")
