"""Withdrawing and running out: the gate is shut first, then everything goes, and the scan can tell when it did not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.consent import State
from bot.flows import withdraw as withdrawing
from bot.flows.gather import gather
from bot.ports import Erased
from tests.cast import DEPLOYS, LIN, OPS, WEI, consent_events, grant, said
from tests.fakes import World, world

READERS = {OPS: frozenset({WEI, LIN}), DEPLOYS: frozenset({WEI, LIN})}
WORDS = "Roll back with make rollback, then watch the error rate for ten minutes"


async def _lend(on: World) -> None:
    await on.ledger.append(*consent_events(WEI, grant(DEPLOYS.id.as_source(), OPS.id)))
    await gather(
        DEPLOYS.id.as_source(),
        [said(WEI, WORDS)],
        place=DEPLOYS,
        name="deploys",
        library=on.library,
        ledger=on.ledger,
        clock=on.clock,
    )


async def _withdraw(on: World) -> withdrawing.Receipt | None:
    return await withdrawing.withdraw(
        WEI, actor="wei", library=on.library, ledger=on.ledger, clock=on.clock, new_id=on.means.new_id
    )


@pytest.mark.promise("B12")
async def test_withdrawing_leaves_no_key_no_directory_and_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, READERS) as on:
        await _lend(on)
        assert list((tmp_path / "keys").glob("*.key"))
        receipt = await _withdraw(on)
        assert receipt is not None
        assert (receipt.passages, receipt.residue) == (1, 0)
        assert receipt.files_scanned > 0
        assert not list((tmp_path / "keys").glob("*.key"))
        assert not [path for path in (tmp_path / "profiles").rglob("*") if path.is_file()]
        assert (await on.ledger.consent(WEI)).state is State.WITHDRAWN


@pytest.mark.promise("B12")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
async def test_a_copy_that_was_left_behind_is_found_by_the_scan(tmp_path: Path, encoding: str) -> None:
    async with world(tmp_path, READERS) as on:
        await _lend(on)
        (tmp_path / "forgotten.log").write_bytes(f"12:00 {WORDS}\n".encode(encoding))
        receipt = await _withdraw(on)
        assert receipt is not None
        assert receipt.residue == 1


async def test_withdrawing_again_is_safe_and_what_was_never_granted_has_no_receipt(tmp_path: Path) -> None:
    async with world(tmp_path, READERS) as on:
        assert await _withdraw(on) is None
        await _lend(on)
        await _withdraw(on)
        again = await _withdraw(on)
        assert again is not None
        assert again.passages == 0


@pytest.mark.promise("B6")
async def test_a_consent_that_ran_out_is_ended_and_erased_and_a_live_one_is_not(tmp_path: Path) -> None:
    async with world(tmp_path, READERS) as on:
        await _lend(on)

        async def expire() -> list[withdrawing.Receipt]:
            return await withdrawing.expire(
                library=on.library, ledger=on.ledger, clock=on.clock, new_id=on.means.new_id
            )

        assert await expire() == []
        on.clock.advance(timedelta(days=180))
        (receipt,) = await expire()
        assert (receipt.colleague, receipt.passages, receipt.residue) == (WEI, 1, 0)
        assert (await on.ledger.consent(WEI)).state is State.EXPIRED
        assert await on.library.count(WEI) == 0
        assert await expire() == []


def test_the_record_of_an_erasure_holds_counts_alone() -> None:
    assert set(Erased.__dataclass_fields__) == {"colleague", "at", "what", "passages", "files_scanned", "residue"}
