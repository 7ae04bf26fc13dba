"""What the commands do, as async functions that give what is to be printed. `bot.__main__` has their options."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bot import doctor as examination
from bot import evaluate as evaluation
from bot.bars import Bars
from bot.core.commands import Verb
from bot.core.compose import Declined
from bot.core.messages import Message
from bot.core.people import Person, Place
from bot.core.questions import clean
from bot.demo import play
from bot.errors import BadInput
from bot.flows import answer as answering
from bot.flows import withdraw as withdrawing
from bot.flows.means import Means
from bot.flows.receive import Receiver, bind
from bot.importing import account, bring_in
from bot.outbox import text_hash
from bot.sets import senders
from bot.settings import load
from bot.wire import local_team, new_id, open_app
from connectors.local import demo as invented
from connectors.local.desk import TeamDesk
from connectors.local.enrolment import Form
from connectors.local.terminal import Terminal
from connectors.local.voice import TerminalVoice
from connectors.local.words import language_of_this_machine, words_in


async def demo(*, person: str | None, place: str | None) -> None:
    """Seed the invented team through the real flows, then chat."""
    settings = load()
    if sys.stderr.isatty():
        print(words_in(settings.language or language_of_this_machine()).texts["seeding"], file=sys.stderr)  # noqa: T201
    async with open_app(settings) as app:
        team = local_team(settings)
        with Bars() as bars:
            await play(invented.read(), app, team, progress=bars.of)
        voice = TerminalVoice(clock=app.clock)
        receiver = Receiver(app.with_voice(voice, team))

        async def hand_over(message: Message, where: Place) -> None:
            await receiver.receive(message, where)

        terminal = Terminal(
            TeamDesk(team, hand_over),
            voice,
            examples=invented.read().examples,
            commands=[f"/{verb.value}" for verb in Verb],
            language=settings.language,
        )
        await terminal.run(
            person=team.find_person(person) if person else None, place=team.find_place(place) if place else None
        )


async def import_(files: Sequence[Path], *, person: str, on_stderr: bool) -> dict[str, Any]:
    """Bring in what a colleague wrote; the notice and their ticks go over this terminal."""
    settings = load()
    async with open_app(settings) as app:
        language = settings.language or language_of_this_machine()
        form = Form(sys.stdin, sys.stderr if on_stderr else sys.stdout, partial(app.wording.say, language=language))
        with Bars() as bars:
            return await bring_in(
                files, person=person, form=form, language=language, app=app, team=local_team(settings), progress=bars.of
            )


async def ask(question: str, *, place: str, asker: str, colleague: str | None) -> dict[str, Any]:
    """Ask as somebody in a place of the local team."""
    settings = load()
    async with open_app(settings) as app:
        team = local_team(settings)
        where, who = team.find_place(place), team.find_person(asker)
        if where.id not in await team.places_of(who.id):
            raise BadInput(f"place {where.id.chat}", f"{who.id.user} does not read there")
        text = clean(question)
        if not text:
            raise BadInput("question", "is empty")
        whom = team.find_person(colleague).id if colleague is not None else None
        bound = await bind(text, new_id(), asker=who.id, place=where, roster=team, colleague=whom)
        outcome = await answering.answer(bound, app.with_voice(evaluation.Unheard(), team))
        author = await team.person(outcome.colleague) if outcome.colleague is not None else None
    return _told(outcome, author)


async def withdraw(person: str) -> dict[str, Any]:
    settings = load()
    async with open_app(settings) as app:
        colleague = local_team(settings).find_person(person).id
        receipt = await withdrawing.withdraw(
            colleague,
            actor=f"at this machine: {account()}",
            library=app.library,
            ledger=app.ledger,
            clock=app.clock,
            new_id=new_id,
        )
    if receipt is None:
        raise BadInput(f"person {colleague.user}", "has granted nothing, so there is nothing to take back")
    return {
        "receipt": receipt.id,
        "colleague": str(receipt.colleague),
        "at": receipt.at.isoformat(),
        "passages": receipt.passages,
        "files_scanned": receipt.files_scanned,
        "residue": receipt.residue,
    }


async def verify(answer: str | None) -> dict[str, Any]:
    """The chain, or whether an answer was produced here (A7)."""
    async with open_app(load()) as app:
        if answer is None:
            verdict = await app.ledger.verify()
            return {
                "holds": verdict.broken_at is None,
                "entries": verdict.entries,
                "head": verdict.head,
                "broken_at": verdict.broken_at,
            }
        entry = await app.ledger.produced(answer=answer) or await app.ledger.produced(text_sha256=text_hash(answer))
    return {
        "produced": entry is not None,
        "id": entry.answer if entry is not None else None,
        "at": entry.at.isoformat() if entry is not None else None,
    }


async def evaluate(folder: Path, *, limit: int | None) -> dict[str, Any]:
    settings = load()
    roster = evaluation.Askers(senders(folder))

    @asynccontextmanager
    async def workspace(scratch: Path) -> AsyncIterator[Means]:
        async with open_app(settings.model_copy(update={"data": scratch, "database_url": None})) as app:
            yield app.with_voice(evaluation.Unheard(), roster)

    return await evaluation.evaluate(folder, workspace, limit=limit)


async def doctor() -> dict[str, Any]:
    return await examination.examine(load())


def _told(outcome: answering.Outcome, author: Person | None) -> dict[str, Any]:
    """An outcome as `byline ask --json` prints it."""
    citations = () if isinstance(outcome.answer, Declined) else outcome.answer.citations
    return {
        "id": outcome.question.id,
        "declined": isinstance(outcome.answer, Declined),
        "text": "\n\n".join(outcome.sent.texts),
        "colleague": author.id.user if author is not None else None,
        "language": outcome.question.language,
        "citations": [
            {
                "n": citation.n,
                "message_ids": list(citation.messages),
                "author": author.name if author is not None else citation.author.user,
                "place": outcome.places.get(citation.source, citation.source.key),
                "date": citation.sent_at.date().isoformat() if citation.sent_at is not None else None,
                "quote": citation.quote,
                "link": citation.link,
            }
            for citation in citations
        ],
        "timings_ms": {step: round(ms, 2) for step, ms in outcome.timings_ms.items()},
    }
