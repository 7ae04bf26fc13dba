"""Receive: whatever was said to the assistant or near it, handed to the flow it is for.

Whoever addressed the assistant gets an answer or a reason with a reference (D7). What was said near it and not to it is
gathered where its author has granted that, and otherwise dropped here, in memory.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core import commands
from bot.core.commands import Command, Verb
from bot.core.messages import Edited, Message, Recalled
from bot.core.people import PersonId, Place, PlaceId
from bot.core.questions import Language, Question, clean, language_of
from bot.core.rank import naming
from bot.flows.answer import Outcome, answer
from bot.flows.control import control
from bot.flows.gather import Live
from bot.flows.means import Means
from bot.outbox import Reply
from bot.ports import Roster

FOLLOWS_WITHIN = timedelta(minutes=30)
"""A question may lean on the one before it in its thread for so long."""

THREADS_REMEMBERED = 1000

log = logging.getLogger(__name__)


class Receiver:
    """Takes in events of one platform. Remembers the last question of each thread, in memory alone."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._live = Live(library=means.library, ledger=means.ledger, clock=means.clock)
        self._speaks: dict[PersonId, Language] = {}
        self._asked: OrderedDict[tuple[PlaceId, str], tuple[str, datetime]] = OrderedDict()

    async def receive(self, event: Message | Recalled | Edited, place: Place) -> Outcome | None:
        """Deal with one event; gives what became of it where it was a question."""
        if not isinstance(event, Message) or not event.to_assistant:
            await self._live.hear(event, place)
            return None
        if event.author is None:
            return None
        text = clean(event.text)
        language = self._language(text, event.author)
        reference = self._means.new_id()
        try:
            command = _command(event.text, text)
            if command is not None:
                words = await control(command, event.author, language, self._means)
                await self._say(reference, words, language, event, place)
                return None
            question = await bind(
                text,
                reference,
                asker=event.author,
                place=place,
                roster=self._means.roster,
                earlier=self._earlier(event, place),
            )
            outcome = await answer(question, self._means, reply_to=event.id)
            self._remember(event, place, question)
            return outcome
        except Exception as error:  # noqa: BLE001 - whoever asked gets a reason, whatever went wrong (D7)
            # The kind of error alone: what was asked and found stands in no log.
            log.error("question %s failed: %s", reference, type(error).__name__)
            words = self._means.wording.say("error", language=language, reference=reference)
            await self._say(reference, words, language, event, place)
            return None

    def _language(self, text: str, person: PersonId) -> Language:
        """The asker's: that of what they say, or, for a command in Latin letters, of what they said last."""
        if text.startswith("/") and text.isascii():
            return self._speaks.get(person, "en")
        self._speaks[person] = language_of(text)
        return self._speaks[person]

    async def _say(self, reference: str, words: str, language: Language, message: Message, place: Place) -> None:
        assert message.author is not None  # noqa: S101 - for the type alone: receive() has looked
        await self._means.outbox.say(
            Reply(
                id=reference,
                body=words,
                language=language,
                place=place.id,
                asker=message.author,
                # What somebody tells the assistant about themselves is nobody else's to read.
                alone=True,
                reply_to=message.id,
            )
        )

    def _earlier(self, message: Message, place: Place) -> str | None:
        asked = self._asked.get(_thread(message, place))
        if asked is None or self._means.clock.now() - asked[1] > FOLLOWS_WITHIN:
            return None
        return asked[0]

    def _remember(self, message: Message, place: Place, question: Question) -> None:
        thread = _thread(message, place)
        self._asked[thread] = (question.searched, self._means.clock.now())
        self._asked.move_to_end(thread)
        while len(self._asked) > THREADS_REMEMBERED:
            self._asked.popitem(last=False)


def _command(written: str, text: str) -> Command | None:
    """What is commanded in a text as it was written, of which `text` is what is left once cleaned."""
    if not text:
        return Command(Verb.HELP)
    command = commands.parse(text)
    if command is not None and command.verb is Verb.VERIFY:
        # An answer is longer than a question is read, and its characters count as they are.
        return replace(command, rest="".join(written.split(maxsplit=1)[1:]))
    return command


async def bind(
    text: str,
    reference: str,
    *,
    asker: PersonId,
    place: Place,
    roster: Roster,
    colleague: PersonId | None = None,
    earlier: str | None = None,
) -> Question:
    """Bind what was asked to who asked and where, as the platform says (D6), and to whom it names.

    Raises PlatformError where the roster cannot be had: nobody is let in on a guess.
    """
    subject, named = naming(text, await roster.people())
    return Question(
        id=reference,
        text=text,
        subject=subject or text,
        language=language_of(text),
        asker=asker,
        place=place,
        alone=place.one_to_one,
        asker_is_outsider=await roster.is_outsider(asker),
        asker_reads=await roster.places_of(asker),
        named=named,
        colleague=colleague,
        earlier=earlier,
    )


def _thread(message: Message, place: Place) -> tuple[PlaceId, str]:
    """The thread a question stands in; where the platform has none, what this person asks here is one."""
    return place.id, message.thread or str(message.author)
