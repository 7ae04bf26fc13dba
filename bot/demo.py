"""The invented team of `byline demo`, taken through the real flows: enrolled, gathered, previewed, active.

Doing it again changes nothing. The three colleagues are invented, so what they tick is written down beside their words
(connectors/local/demo); nobody real is enrolled this way.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.core.consent import State
from bot.core.people import PersonId
from bot.flows import enrol, preview
from bot.flows.gather import Gathered, Progress, gather
from bot.wire import App, new_id
from connectors.local.demo import Demo
from connectors.local.team import LocalTeam


async def play(demo: Demo, app: App, team: LocalTeam, *, progress: Callable[[str], Progress]) -> Gathered:
    """Seed the team and take its colleagues to active. `progress` gives what to tell of each chat, by its name."""
    demo.seed(team)
    for colleague in demo.colleagues:
        if (await app.ledger.consent(colleague)).state in (State.NONE, State.INVITED, State.NOTICE_SHOWN):
            await _enrol(colleague, demo, app)
    total = Gathered()
    for source in sorted({wish.source for wish in demo.wishes}):
        place = await team.place(source.as_place())
        total += await gather(
            source,
            [message async for message in demo.archive.history(source)],
            place=place,
            name=place.name if place is not None else source.key,
            library=app.library,
            ledger=app.ledger,
            clock=app.clock,
            progress=progress(place.name if place is not None else source.key),
        )
    for colleague in demo.colleagues:
        consent = await app.ledger.consent(colleague)
        unseen = {grant.source for grant in consent.live(app.clock.now())} - consent.previewed
        if unseen:
            await preview.approve(colleague, unseen, struck=(), library=app.library, ledger=app.ledger, clock=app.clock)
    return total


async def _enrol(colleague: PersonId, demo: Demo, app: App) -> None:
    notice = app.notice("zh")
    await enrol.invite(colleague, actor="the demo", ledger=app.ledger, clock=app.clock)
    await enrol.show_notice(colleague, notice=notice.sha256, ledger=app.ledger, clock=app.clock)
    await enrol.grant(
        colleague,
        [enrol.Tick(wish.source, wish.audience) for wish in demo.wishes if wish.colleague == colleague],
        recipients=app.recipients,
        notice=notice.sha256,
        evidence="an invented colleague of the demo",
        days=app.settings.consent_days,
        ledger=app.ledger,
        clock=app.clock,
        new_id=new_id,
    )
