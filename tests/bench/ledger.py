"""How fast the ledger appends, reads a consent and verifies. By hand: `python -m tests.bench.ledger [EVENTS]`.

To reach: 1,000 appends a second, each durable, awaited by many at once; 1,000,000 events verified in under 30 seconds.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

from bot.ports import Shown
from bot.stores.ledger import SqlLedger
from tests.cast import DEPLOYS, LIN, NOW, OPS, WEI, consent_events, grant

AT_ONCE = 100


def shown(number: int) -> Shown:
    return Shown(f"a{number}", NOW, WEI, LIN, OPS.id, ("p1", "p2", "p3"), ("g1",), (f"{number:064x}",))


async def seconds(awaitable: Awaitable[object]) -> float:
    begun = perf_counter()
    await awaitable
    return perf_counter() - begun


async def one_by_one(ledger: SqlLedger, numbers: range) -> None:
    for number in numbers:
        await ledger.append(shown(number))


async def measure(folder: Path, events: int) -> None:
    url = f"sqlite+aiosqlite:///{folder / 'ledger.sqlite'}"
    ledger = await SqlLedger.open(url)
    await ledger.append(*consent_events(WEI, grant(DEPLOYS.id.as_source(), OPS.id)))

    taken = await seconds(one_by_one(ledger, range(300)))
    report("appends, one after another", 300 / taken, "/s")

    writers = (one_by_one(ledger, range(begin, begin + 50)) for begin in range(1000, 1000 + AT_ONCE * 50, 50))
    taken = await seconds(asyncio.gather(*writers))
    report(f"appends, {AT_ONCE} at a time", AT_ONCE * 50 / taken, "/s")

    reads = [await seconds(ledger.consent(WEI)) for _ in range(300)]
    report("reading a consent, median", median(reads) * 1000, "ms")
    report("finding an answer", await seconds(ledger.produced(answer="a1000")) * 1000, "ms")

    template = shown(0)
    taken = 0.0
    for begin in range(0, events, 10_000):
        batch = [replace(template, answer=f"b{number}") for number in range(begin, min(begin + 10_000, events))]
        taken += await seconds(ledger.append(*batch))
    report("appends, 10,000 in one call", events / taken, "/s")
    await ledger.close()

    begun = perf_counter()
    ledger = await SqlLedger.open(url)
    report("opening", (perf_counter() - begun) * 1000, "ms")
    report("the first consent", await seconds(ledger.consent(WEI)) * 1000, "ms")
    begun = perf_counter()
    verdict = await ledger.verify()
    taken = perf_counter() - begun
    report(f"verifying {verdict.entries:,} entries", taken, "s")
    report("  of a million, in proportion", taken / verdict.entries * 1_000_000, "s")
    await ledger.close()


def report(what: str, figure: float, unit: str) -> None:
    print(f"{what:<34}{figure:>10,.1f} {unit}")  # noqa: T201  (a program for a terminal)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))


if __name__ == "__main__":
    main()
