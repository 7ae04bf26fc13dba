"""Enrolling, by the flows alone: notice, ticks, preview, active; and that nobody gets there by any other way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.consent import Consent, Invited, Paused, Previewed, Resumed, State, Suspended
from bot.core.people import PersonId, SourceId
from bot.errors import NotGranted
from bot.flows import enrol, preview
from bot.flows.answer import answer
from bot.flows.enrol import Tick
from bot.flows.gather import gather
from bot.flows.withdraw import withdraw
from tests.cast import ACME, CHEN, DEPLOYS, LIN, NOTICE, NOW, OPS, WEI, question, said
from tests.fakes import World, world

SOURCE, OTHER = DEPLOYS.id.as_source(), OPS.id.as_source()
TICK = Tick(SOURCE, OPS.id)
WORDS = ("Roll back with make rollback", "Deploys need two reviews", "The wallet is drained every night")


@asynccontextmanager
async def team(folder: Path) -> AsyncIterator[World]:
    async with world(folder, {OPS: frozenset({WEI, LIN}), DEPLOYS: frozenset({WEI, LIN})}) as on:
        yield on


async def read_notice(on: World, notice: str = NOTICE) -> None:
    await enrol.invite(WEI, actor="an admin", ledger=on.ledger, clock=on.clock)
    await enrol.show_notice(WEI, notice=notice, ledger=on.ledger, clock=on.clock)


async def tick(
    on: World, ticks: Collection[Tick] = (TICK,), *, notice: str = NOTICE, recipients: Collection[str] = ()
) -> Consent:
    return await enrol.grant(
        WEI,
        ticks,
        recipients=recipients,
        notice=notice,
        evidence="test",
        days=180,
        ledger=on.ledger,
        clock=on.clock,
        new_id=on.means.new_id,
    )


async def say(on: World, *texts: str, source: SourceId = SOURCE) -> None:
    """WEI says these in a place that is granted or not; whatever may be kept is."""
    place = DEPLOYS if source == SOURCE else OPS
    messages = [said(WEI, text, place=place, id=f"{place.name}{n}", minute=n * 60) for n, text in enumerate(texts)]
    await gather(source, messages, place=place, name=place.name, library=on.library, ledger=on.ledger, clock=on.clock)


async def see(on: World) -> Sequence[str]:
    passages = await preview.preview(WEI, library=on.library, ledger=on.ledger, clock=on.clock)
    return [passage.text for passage in passages]


async def approve(on: World, sources: Collection[SourceId] = (SOURCE,), struck: Collection[str] = ()) -> Consent:
    return await preview.approve(WEI, sources, struck=struck, library=on.library, ledger=on.ledger, clock=on.clock)


async def answered(on: World) -> bool:
    outcome = await answer(question("how do we roll back?"), on.means)
    return "make rollback" in "".join(outcome.sent.texts)


@pytest.mark.promise("B4")
async def test_nothing_answers_before_the_preview_and_everything_granted_does_after(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        states = []
        await read_notice(on)
        states.append((await on.ledger.consent(WEI)).state)
        states.append((await tick(on)).state)
        await say(on, *WORDS)
        assert await see(on) == list(WORDS)
        assert not await answered(on)
        states.append((await approve(on)).state)
        assert await answered(on)
        assert states == [State.NOTICE_SHOWN, State.GRANTED, State.ACTIVE]
        assert await see(on) == []


@pytest.mark.promise("B4")
async def test_what_was_struck_in_the_preview_answers_nothing(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        await tick(on)
        await say(on, *WORDS)
        passages = await preview.preview(WEI, library=on.library, ledger=on.ledger, clock=on.clock)
        await approve(on, struck={passages[0].id})
        assert not await answered(on)
        left = await on.library.browse(WEI, sources={SOURCE})
        assert [passage.text for passage in left] == list(WORDS[1:])


@pytest.mark.promise("B4")
async def test_a_source_that_is_granted_later_has_a_preview_of_its_own(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        await tick(on)
        await approve(on)
        await tick(on, [Tick(OTHER, OPS.id)])
        await say(on, *WORDS, source=OTHER)
        assert await see(on) == list(WORDS)
        assert not await answered(on)
        await approve(on, [OTHER])
        assert await answered(on)


@pytest.mark.promise("B3")
async def test_a_yes_to_one_source_audience_and_recipient_leaves_the_others_off(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        consent = await tick(on, recipients=["a model"])
        assert [(grant.source, grant.audience, grant.recipients) for grant in consent.grants] == [
            (SOURCE, OPS.id, frozenset({"a model"}))
        ]
        await say(on, *WORDS, source=OTHER)
        assert await see(on) == []
        consent = await tick(on, [Tick(SOURCE, ACME)])
        assert [(grant.audience, grant.recipients) for grant in consent.grants] == [
            (OPS.id, frozenset({"a model"})),
            (ACME, frozenset()),
        ]


async def test_where_nothing_is_ticked_nothing_is_granted(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        with pytest.raises(NotGranted, match="nothing was ticked"):
            await tick(on, ())
        assert (await on.ledger.consent(WEI)).grants == ()


@pytest.mark.promise("B2")
async def test_a_yes_to_another_notice_than_the_one_shown_last_does_not_count(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        await read_notice(on, "8" * 64)
        with pytest.raises(NotGranted, match="notice"):
            await tick(on, notice=NOTICE)
        assert (await on.ledger.consent(WEI)).grants == ()
        assert (await tick(on, notice="8" * 64)).state is State.GRANTED


@pytest.mark.promise("B1")
@pytest.mark.promise("B2")
async def test_nobody_grants_who_was_not_shown_the_notice(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        with pytest.raises(NotGranted, match="none"):
            await tick(on)
        await enrol.invite(WEI, actor="an admin", ledger=on.ledger, clock=on.clock)
        with pytest.raises(NotGranted, match="invited"):
            await tick(on)


@pytest.mark.promise("B1")
@pytest.mark.parametrize(
    "events",
    [
        pytest.param([Invited(WEI, NOW, "an admin")], id="an invitation"),
        pytest.param([Invited(WEI, NOW, "an admin"), Previewed(WEI, NOW, (SOURCE,), 0)], id="a preview without a yes"),
        pytest.param([Previewed(WEI, NOW, (SOURCE,), 0)], id="a preview out of nothing"),
        pytest.param([Paused(WEI, NOW), Resumed(WEI, NOW)], id="a pause and its end"),
    ],
)
async def test_nothing_that_an_admin_can_do_makes_a_profile_active(
    tmp_path: Path, events: Sequence[Invited | Previewed | Paused | Resumed]
) -> None:
    async with team(tmp_path) as on:
        await on.ledger.append(*events)
        await say(on, *WORDS)
        consent = await on.ledger.consent(WEI)
        assert consent.state is not State.ACTIVE
        assert consent.grants == ()
        assert await on.library.count(WEI) == 0
        assert not await answered(on)


@pytest.mark.promise("B1")
async def test_one_colleagues_yes_is_nobody_elses(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        await tick(on)
        await approve(on)
        await gather(
            SOURCE,
            [said(CHEN, WORDS[0])],
            place=DEPLOYS,
            name="deploys",
            library=on.library,
            ledger=on.ledger,
            clock=on.clock,
        )
        assert await on.library.count(CHEN) == await on.library.count(WEI) == 0
        assert not await answered(on)


@pytest.mark.promise("B9")
@pytest.mark.parametrize("ended", [Paused(WEI, NOW), Suspended(WEI, NOW, "left")], ids=["paused", "suspended"])
async def test_nothing_can_be_granted_during_a_pause_or_a_suspension(tmp_path: Path, ended: Paused | Suspended) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        await tick(on)
        await approve(on)
        await on.ledger.append(ended)
        await read_notice(on)
        with pytest.raises(NotGranted):
            await tick(on, [Tick(OTHER, OPS.id)])


async def test_asking_and_showing_again_writes_nothing_down(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        entries = (await on.ledger.verify()).entries
        await read_notice(on)
        assert (await on.ledger.verify()).entries == entries


@pytest.mark.promise("B7")
async def test_who_has_withdrawn_starts_anew_with_the_notice(tmp_path: Path) -> None:
    async def leave(person: PersonId) -> int | None:
        receipt = await withdraw(
            person,
            actor="test",
            library=on.library,
            ledger=on.ledger,
            clock=on.clock,
            new_id=on.means.new_id,
        )
        return receipt.passages if receipt is not None else None

    async with team(tmp_path) as on:
        assert await leave(WEI) is None, "there is nothing to take back"
        await read_notice(on)
        await tick(on)
        await say(on, *WORDS)
        await approve(on)
        assert await leave(WEI) == 3
        assert await leave(WEI) == 0, "doing it again is safe"
        with pytest.raises(NotGranted, match="withdrawn"):
            await tick(on)
        await read_notice(on)
        await tick(on)
        assert await see(on) == []
        await say(on, *WORDS)
        assert not await answered(on)
        await approve(on)
        assert await answered(on)


@pytest.mark.promise("B6")
async def test_a_yes_runs_out_and_nothing_is_kept_or_answered_afterwards(tmp_path: Path) -> None:
    async with team(tmp_path) as on:
        await read_notice(on)
        await tick(on)
        await say(on, WORDS[0])
        await approve(on)
        on.clock.advance(timedelta(days=180) - timedelta(seconds=1))
        assert await answered(on)
        on.clock.advance(timedelta(seconds=1))
        assert not await answered(on)
        await say(on, *WORDS)
        assert await on.library.count(WEI) == 1
