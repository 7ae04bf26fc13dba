"""Preview: the colleague sees every passage, strikes some, and lets the rest answer (B4).

Nothing is answerable before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.core.consent import Consent, Previewed
from bot.core.passages import Passage
from bot.core.people import PersonId, SourceId
from bot.library import Library
from bot.ports import Clock, Ledger


async def preview(colleague: PersonId, *, library: Library, ledger: Ledger, clock: Clock) -> Sequence[Passage]:
    """All passages of the granted sources that were not approved yet, oldest first."""
    consent = await ledger.consent(colleague)
    sources = {grant.source for grant in consent.live(clock.now())} - consent.previewed
    return await library.browse(colleague, sources=sources)


async def approve(
    colleague: PersonId,
    sources: Collection[SourceId],
    *,
    struck: Collection[str],
    library: Library,
    ledger: Ledger,
    clock: Clock,
) -> Consent:
    """Strike first, then let the rest answer: a crash between the two leaves less answerable, not more."""
    gone = await library.strike(colleague, struck) if struck else 0
    await ledger.append(Previewed(colleague, clock.now(), tuple(sorted(sources)), gone))
    return await ledger.consent(colleague)
