"""Enrol: invited → notice shown → the colleague ticks sources × audiences → granted.

Nothing here makes a profile active; that takes the colleague's own preview (B1, B4).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from bot.core.consent import Consent, Grant, Granted, Invited, NoticeShown, State
from bot.core.people import Audience, PersonId, SourceId
from bot.errors import NotGranted
from bot.ports import Clock, Ledger


@dataclass(frozen=True, slots=True)
class Tick:
    """One box that the colleague ticked: this source, to this audience. Nothing is ticked beforehand (B3)."""

    source: SourceId
    audience: Audience


async def invite(colleague: PersonId, *, actor: str, ledger: Ledger, clock: Clock) -> None:
    """Ask a colleague. Changes nothing for one who was asked already or has enrolled."""
    if (await ledger.consent(colleague)).state in (State.NONE, State.WITHDRAWN, State.EXPIRED):
        await ledger.append(Invited(colleague, clock.now(), actor))


async def show_notice(colleague: PersonId, *, notice: str, ledger: Ledger, clock: Clock) -> None:
    """Record that the colleague was shown the notice with this sha256; call it when it has been shown."""
    if (await ledger.consent(colleague)).notice != notice:
        await ledger.append(NoticeShown(colleague, clock.now(), notice))


async def grant(
    colleague: PersonId,
    ticks: Collection[Tick],
    *,
    recipients: Collection[str],
    notice: str,
    evidence: str,
    days: int,
    ledger: Ledger,
    clock: Clock,
    new_id: Callable[[], str],
) -> Consent:
    """Record what the colleague ticked themselves. `evidence` says how the platform vouches that it was them.

    Raises NotGranted where nothing was ticked, or where the notice shown last is another one (B2).
    """
    before = await ledger.consent(colleague)
    if not ticks:
        raise NotGranted("nothing was ticked")
    if before.state not in (State.NOTICE_SHOWN, State.GRANTED, State.ACTIVE):
        raise NotGranted(f"nothing can be granted now: the consent is {before.state.value}")
    if before.notice != notice:
        raise NotGranted("the notice was not shown in its present form")
    now = clock.now()
    until = now + timedelta(days=days)
    grants = tuple(Grant(new_id(), tick.source, tick.audience, until, notice, frozenset(recipients)) for tick in ticks)
    await ledger.append(Granted(colleague, now, grants, evidence))
    return await ledger.consent(colleague)
