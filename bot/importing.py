"""Bringing in files: what a colleague wrote elsewhere, once they have granted it here (B1).

All files are read before anything is written; a file that cannot be read stops the whole import. The colleague sees the
notice, ticks and previews; whoever types the command for them gets no further than the first question.
"""

from __future__ import annotations

import getpass
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import Any

from bot.core.consent import State
from bot.core.messages import Message
from bot.core.people import PersonId, PlaceId, SourceId, Team
from bot.core.questions import Language
from bot.errors import BadInput, NotGranted
from bot.flows import enrol, preview
from bot.flows.gather import Gathered, Progress, gather
from bot.wire import App, new_id
from connectors.files import Export, read_export
from connectors.local.enrolment import Form
from connectors.local.team import LocalTeam


@dataclass(frozen=True, slots=True)
class Chat:
    """One source of the files, as a place of the local team, with everybody's messages, in memory."""

    place: PlaceId
    name: str
    messages: tuple[Message, ...]

    @property
    def source(self) -> SourceId:
        return self.place.as_source()


async def bring_in(
    files: Sequence[Path],
    *,
    person: str,
    form: Form,
    language: Language,
    app: App,
    team: LocalTeam,
    progress: Callable[[str], Progress],
) -> dict[str, Any]:
    """Import for `person`, known by id or exact name; gives what `byline import --json` prints.

    Raises BadInput for files that cannot be read, NotGranted where the colleague did not grant or approve.
    """
    started = perf_counter()
    colleague = _colleague(person, team)
    exports = [_read(path, colleague, person) for path in files]
    chats = _chats(exports, team)
    names = {chat.source: chat.name for chat in chats}
    await _enrol(colleague, chats, form, language, app, team)
    await _open_places(colleague, chats, app, team)
    gathered = Gathered()
    for chat in chats:
        gathered += await gather(
            chat.source,
            chat.messages,
            place=None,
            name=chat.name,
            library=app.library,
            ledger=app.ledger,
            clock=app.clock,
            progress=progress(chat.name),
        )
    await _preview(colleague, names, form, language, app)
    set_aside = sum((export.set_aside for export in exports), Counter[str]())
    return {
        "read": sum(export.read for export in exports),
        "kept": gathered.kept,
        "dropped": dict(gathered.dropped + set_aside),
        "passages": gathered.passages,
        "new": gathered.changed,
        "seconds": round(perf_counter() - started, 3),
    }


def account() -> str:
    """The account of this machine that runs the program, by name; in a container it may have none but a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"account {os.getuid()}"


def _colleague(person: str, team: LocalTeam) -> PersonId:
    """Somebody of the local team, or somebody new whose id here is what they are called in the export."""
    known = any(person in (each.id.user, str(each.id), *each.names) for each in team.everybody())
    return team.find_person(person).id if known else team.person_id(person)


def _known(colleague: PersonId, team: LocalTeam) -> bool:
    return any(person.id == colleague for person in team.everybody())


def _read(path: Path, colleague: PersonId, person: str) -> Export:
    export = read_export(path, tenant=colleague.tenant, author=colleague, as_person=person)
    if not export.own:
        raise BadInput(
            str(path), f"none of its {export.senders} senders has exactly the id or name given with --as; give the id"
        )
    return export


def _chats(exports: Sequence[Export], team: LocalTeam) -> list[Chat]:
    """Each chat once, also where several files are of it: as the first one calls it, in the order of the files."""
    names: dict[SourceId, str] = {}
    said: dict[SourceId, list[Message]] = {}
    for export in exports:
        for source, name in export.sources.items():
            names.setdefault(source, name)
            said.setdefault(source, [])
        for message in export.items:
            said[message.source].append(message)
    chats = []
    for source, messages in said.items():
        place = team.place_id(f"{source.platform}:{source.key}")
        mine = tuple(replace(message, source=place.as_source()) for message in _oldest_first(messages))
        chats.append(Chat(place, names[source], mine))
    return chats


def _oldest_first(messages: Sequence[Message]) -> Sequence[Message]:
    """What several files say of a chat, in its order; as they have it where something bears no time."""
    if any(message.sent_at is None for message in messages):
        return messages
    return sorted(messages, key=attrgetter("sent_at"))


async def _enrol(
    colleague: PersonId, chats: Sequence[Chat], form: Form, language: Language, app: App, team: LocalTeam
) -> None:
    """Let the colleague tick the chats that they have not granted yet and in which they wrote something."""
    consent = await app.ledger.consent(colleague)
    if consent.state in (State.PAUSED, State.SUSPENDED):
        raise NotGranted(f"nothing can be taken in now: the consent is {consent.state.value}")
    granted = {grant.source for grant in consent.live(app.clock.now())}
    asked = [
        chat
        for chat in chats
        if chat.source not in granted and any(message.author == colleague for message in chat.messages)
    ]
    if not asked:
        return
    team.register_person(colleague.user, names=() if _known(colleague, team) else (colleague.user,))
    notice = app.notice(language)
    await enrol.invite(colleague, actor=str(colleague), ledger=app.ledger, clock=app.clock)
    ticked = form.ask(
        notice.text,
        sources={chat.source: chat.name for chat in asked},
        team=Team(colleague.platform, colleague.tenant),
        places={place.id: place.name for place in team.readable(colleague) if not place.one_to_one},
        recipients=app.recipients,
    )
    await enrol.show_notice(colleague, notice=notice.sha256, ledger=app.ledger, clock=app.clock)
    if not ticked.audiences:
        raise NotGranted("nothing was granted, and nothing was taken in")
    ticks = [enrol.Tick(source, audience) for source, audiences in ticked.audiences.items() for audience in audiences]
    consent = await enrol.grant(
        colleague,
        ticks,
        recipients=ticked.recipients,
        notice=notice.sha256,
        evidence=f"typed at this machine by {account()}",
        days=app.settings.consent_days,
        ledger=app.ledger,
        clock=app.clock,
        new_id=new_id,
    )
    form.show(
        app.wording.say(
            "enrol.granted",
            language=language,
            sources=", ".join(chat.name for chat in asked if chat.source in ticked.audiences),
            until=max(grant.until for grant in consent.grants).date().isoformat(),
            notice=notice.sha256,
        )
    )


async def _open_places(colleague: PersonId, chats: Sequence[Chat], app: App, team: LocalTeam) -> None:
    """What was granted is a place here. Looked at each time, since a run may have ended between the two."""
    granted = {grant.source for grant in (await app.ledger.consent(colleague)).live(app.clock.now())}
    for chat in chats:
        if chat.source in granted:
            team.register_place(chat.place.chat, name=chat.name, members=None)


async def _preview(
    colleague: PersonId, names: Mapping[SourceId, str], form: Form, language: Language, app: App
) -> None:
    """Let the colleague see what would answer, and strike; nothing of a source answers before."""
    consent = await app.ledger.consent(colleague)
    sources = {grant.source for grant in consent.live(app.clock.now())} - consent.previewed
    if not sources:
        return
    passages = await preview.preview(colleague, library=app.library, ledger=app.ledger, clock=app.clock)
    struck = form.preview(passages, sources=names)
    if struck is None:
        raise NotGranted("not approved: nothing answers until the same command is run again and the preview is done")
    consent = await preview.approve(
        colleague, sources, struck=struck, library=app.library, ledger=app.ledger, clock=app.clock
    )
    until = max(grant.until for grant in consent.answering(app.clock.now()))
    form.show(app.wording.say("enrol.active", language=language, until=until.date().isoformat()))
