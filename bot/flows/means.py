"""What the flows that talk to people work with; filled once, in `bot.wire`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.library import Library
from bot.outbox import Outbox
from bot.ports import Clock, Ledger, Model, Roster
from bot.wording import Wording


@dataclass(frozen=True, slots=True)
class Means:
    """Doors, ports and words. `model` is None where answers are given in quotes alone."""

    library: Library
    outbox: Outbox
    ledger: Ledger
    roster: Roster
    model: Model | None
    wording: Wording
    clock: Clock
    new_id: Callable[[], str]
