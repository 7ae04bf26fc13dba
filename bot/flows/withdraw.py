"""Withdraw, or run out: shut the gate, then erase, then prove it.

The ledger goes first: from that line on no search shows the colleague's words, even if erasing fails and has to be run
again. Running it again is safe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.consent import Consent, Expired, State, Withdrawn
from bot.core.people import PersonId
from bot.library import Library
from bot.ports import Clock, Erased, Ledger


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done for the colleague; counts, no content (B5).

    `residue` is how often an erased text was still found by the scan afterwards: 0, or the erasure is not done.
    """

    id: str
    colleague: PersonId
    at: datetime
    passages: int
    files_scanned: int
    residue: int


async def withdraw(
    colleague: PersonId, *, actor: str, library: Library, ledger: Ledger, clock: Clock, new_id: Callable[[], str]
) -> Receipt | None:
    """Take back everything. None where there was nothing to take back."""
    before = await ledger.consent(colleague)
    if before.state is State.NONE:
        return None
    if before.state is not State.WITHDRAWN:
        await ledger.append(Withdrawn(colleague, clock.now(), actor))
    return await _erase(before, library=library, ledger=ledger, clock=clock, new_id=new_id)


async def expire(*, library: Library, ledger: Ledger, clock: Clock, new_id: Callable[[], str]) -> list[Receipt]:
    """End every consent whose last grant has run out, and erase what it covered: silence means stop (B6)."""
    now = clock.now()
    receipts = []
    for before in await ledger.consents():
        if before.grants and all(grant.until <= now for grant in before.grants):
            await ledger.append(Expired(before.colleague, now))
            receipts.append(await _erase(before, library=library, ledger=ledger, clock=clock, new_id=new_id))
    return receipts


async def _erase(
    before: Consent, *, library: Library, ledger: Ledger, clock: Clock, new_id: Callable[[], str]
) -> Receipt:
    # Of which sources there is something, the ledger no longer says; the scan needs to know what to look for.
    colleague, sources = before.colleague, {grant.source for grant in before.grants}
    erasure = await library.erase(colleague, sources=sources)
    at = clock.now()
    await ledger.append(Erased(colleague, at, "profile", erasure.passages, erasure.files_scanned, erasure.residue))
    return Receipt(new_id(), colleague, at, erasure.passages, erasure.files_scanned, erasure.residue)
