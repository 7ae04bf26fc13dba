"""`bot.stores.ledger`: what it keeps, that it cannot be changed unseen, and that several may write to it at once."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from bot.core.consent import (
    Consent,
    ConsentEvent,
    Expired,
    Grant,
    Granted,
    Paused,
    Previewed,
    Resumed,
    SourceRemoved,
    State,
    Suspended,
    Withdrawn,
    fold,
)
from bot.core.people import PersonId, SourceId
from bot.errors import LedgerBroken, PlatformError, SetupError
from bot.ports import Entry, Erased, Ledger, Refused, Shown
from bot.stores.ledger import SqlLedger, schema
from bot.stores.ledger.chain import GENESIS
from bot.stores.ledger.codec import KINDS, decode, encode
from bot.stores.ledger.migrate import VERSION_TABLE
from bot.stores.ledger.sql import BATCH
from tests.cast import ACME, CHEN, DEPLOYS, LIN, NOW, OPS, WEI, consent_events, grant

FROM_DEPLOYS = DEPLOYS.id.as_source()
FROM_REFUNDS = SourceId("local", "acme", "refunds")
GRANT = grant(FROM_DEPLOYS, OPS.id)
TEXT = "5" * 64

SHOWN = Shown("a1", NOW, WEI, LIN, OPS.id, ("p1", "p2"), ("g1",), (TEXT, "6" * 64))
REFUSED = Refused("a2", NOW, LIN, OPS.id, {"not granted": 3}, (TEXT,))
ERASED = Erased(WEI, NOW, "profile", 12, 340, 0)
WITHDRAWN = Withdrawn(WEI, NOW, "wei")

ONE_OF_EACH: tuple[Entry, ...] = (
    *consent_events(WEI, GRANT, replace(GRANT, id="g2", audience=ACME, recipients=frozenset({"b", "a"}))),
    Paused(WEI, NOW),
    Resumed(WEI, NOW),
    SourceRemoved(WEI, NOW, FROM_DEPLOYS),
    WITHDRAWN,
    Expired(WEI, NOW),
    Suspended(WEI, NOW, "left"),
    SHOWN,
    REFUSED,
    ERASED,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[SqlLedger]:
    opened = await SqlLedger.open(url(file))
    yield opened
    await opened.close()


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def tamper(file: Path, *statements: str) -> None:
    """What somebody does who owns the file: take the triggers away, then change what they like."""
    connection = sqlite3.connect(file)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for statement in (*(f"DROP TRIGGER {name}" for (name,) in triggers), *statements):
        connection.execute(statement)
    connection.commit()
    connection.close()


# ── what it keeps ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_it_is_a_ledger(ledger: SqlLedger) -> None:
    port: Ledger = ledger
    assert await port.consent(WEI) == Consent(WEI)
    assert await port.consents() == []


async def test_consents_are_the_fold_of_each_colleagues_events_ordered_by_colleague(ledger: SqlLedger) -> None:
    events = [*consent_events(WEI, GRANT), *consent_events(CHEN, GRANT), Paused(CHEN, NOW)]
    await ledger.append(*events)
    assert await ledger.consents() == [fold(CHEN, events), fold(WEI, events)]
    assert await ledger.consent(WEI) == fold(WEI, events)


async def test_a_colleague_without_events_stands_at_none_and_is_not_listed(ledger: SqlLedger) -> None:
    await ledger.append(SHOWN, REFUSED, ERASED)
    assert (await ledger.consent(WEI)).state is State.NONE
    assert await ledger.consents() == []


@pytest.mark.promise("B8")
async def test_what_another_process_withdrew_counts_at_once(ledger: SqlLedger, file: Path) -> None:
    other = await SqlLedger.open(url(file))
    await ledger.append(*consent_events(WEI, GRANT))
    assert (await ledger.consent(WEI)).answering(NOW) == (GRANT,)
    await other.append(WITHDRAWN)
    assert (await ledger.consent(WEI)).state is State.WITHDRAWN
    await other.close()


async def test_consent_read_many_times_at_once_is_folded_once(ledger: SqlLedger) -> None:
    # Folded twice, the early preview would count for the source that was granted after it.
    both = Previewed(WEI, NOW, (FROM_DEPLOYS, FROM_REFUNDS), 0)
    later = Granted(WEI, NOW, (replace(GRANT, id="g2", source=FROM_REFUNDS),), "test")
    events = [*consent_events(WEI, GRANT), both, later]
    await ledger.append(*events)
    consents = await asyncio.gather(*(ledger.consent(WEI) for _ in range(10)))
    assert consents == [fold(WEI, events)] * 10


async def test_a_ledger_opened_again_stands_where_it_stood(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(*ONE_OF_EACH)
    again = await SqlLedger.open(url(file))
    assert await again.consents() == await ledger.consents()
    assert await again.head() == await ledger.head()
    assert await again.verify() == await ledger.verify()
    await again.close()


@pytest.mark.promise("A7")
@pytest.mark.parametrize("entry", [SHOWN, REFUSED])
async def test_an_answer_is_found_by_its_id_and_by_each_text_that_was_posted(
    ledger: SqlLedger, entry: Shown | Refused
) -> None:
    await ledger.append(entry)
    assert await ledger.produced(answer=entry.answer) == entry
    assert [await ledger.produced(text_sha256=sha256) for sha256 in entry.text_sha256] == [entry] * len(
        entry.text_sha256
    )


@pytest.mark.promise("A7")
async def test_what_was_never_posted_is_not_found(ledger: SqlLedger) -> None:
    await ledger.append(SHOWN)
    assert await ledger.produced(answer="a9") is None
    assert await ledger.produced(text_sha256="7" * 64) is None


async def test_of_several_answers_with_the_same_text_the_newest_is_found(ledger: SqlLedger) -> None:
    await ledger.append(SHOWN, REFUSED)
    assert await ledger.produced(text_sha256=TEXT) == REFUSED


async def test_an_answer_is_looked_for_by_one_thing_at_a_time(ledger: SqlLedger) -> None:
    with pytest.raises(ValueError, match="either"):
        await ledger.produced()
    with pytest.raises(ValueError, match="either"):
        await ledger.produced(answer="a1", text_sha256=TEXT)


# ── codec ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_entry_there_is_has_a_kind_and_is_tried_here() -> None:
    entries = {each for part in get_args(Entry) for each in (get_args(part) or (part,))}
    assert set(KINDS.values()) == entries == {type(entry) for entry in ONE_OF_EACH}
    assert set(get_args(ConsentEvent)) < entries


@pytest.mark.parametrize("entry", ONE_OF_EACH, ids=lambda entry: type(entry).__name__)
def test_an_entry_is_read_back_as_it_was_written(entry: Entry) -> None:
    assert decode(encode(entry), seq=1) == entry


_text = st.text('a:*魏"\\\x00\u200b😀', min_size=1, max_size=4)
_part = st.text("a*魏 ", min_size=1, max_size=4)
_persons = st.builds(PersonId, _part, _part, _text)


@given(
    st.builds(
        Granted,
        _persons,
        st.datetimes(timezones=st.just(timezone(timedelta(hours=8))), min_value=datetime(1970, 1, 2)),  # noqa: DTZ001  (Hypothesis adds the zone)
        st.lists(
            st.builds(
                Grant,
                _text,
                st.builds(SourceId, _part, _part, _text),
                st.sampled_from([OPS.id, replace(OPS.id, chat="*"), ACME]),
                st.just(NOW),
                _text,
                st.frozensets(_text),
            ),
            max_size=2,
        ).map(tuple),
        _text,
    )
)
def test_any_grant_is_read_back_as_it_was_written(granted: Granted) -> None:
    assert decode(encode(granted), seq=1) == granted


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(replace(WITHDRAWN, at=NOW.replace(tzinfo=None)), id="a time without a zone"),
        pytest.param(replace(WITHDRAWN, colleague=PersonId("local", "ac:me", "wei")), id="an id with a colon inside"),
        pytest.param(replace(WITHDRAWN, colleague=PersonId("local", "acme", "")), id="an id with an empty part"),
        pytest.param(replace(WITHDRAWN, colleague=PersonId("local", "acme", "\ud800")), id="half a character"),
        pytest.param(replace(REFUSED, answer="\ud800"), id="half a character in what it is found by"),
    ],
)
async def test_what_could_not_be_read_back_is_refused_and_takes_nothing_down_with_it(
    ledger: SqlLedger, entry: Entry
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (of whatever field; none names its value)
        await ledger.append(ERASED, entry)
    assert (await ledger.verify()).entries == 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"kind": "shadowed"}, id="a kind that is unknown"),
        pytest.param({"body": "{}"}, id="a field that is missing"),
        pytest.param({"body": '{"actor":"wei","more":1}'}, id="a field that is unknown"),
        pytest.param({"body": '{"actor":1}'}, id="a value of another type"),
        pytest.param({"body": "[]"}, id="a body that is no object"),
        pytest.param({"body": "{"}, id="a body that is no JSON"),
        pytest.param({"at": "2026-06-01T09:00:00"}, id="a time without a zone"),
        pytest.param({"at": "soon"}, id="a time that is none"),
        pytest.param({"colleague": "wei"}, id="an id that is none"),
        pytest.param({"colleague": None}, id="nobody's"),
    ],
)
def test_what_is_not_exactly_an_entry_is_not_read(change: dict[str, str | None]) -> None:
    with pytest.raises(LedgerBroken, match="entry 7"):
        decode(replace(encode(WITHDRAWN), **change), seq=7)  # type: ignore[arg-type]  # names and values of Encoded's fields


async def test_an_unknown_kind_of_consent_event_stops_answers_instead_of_being_passed_over(
    ledger: SqlLedger, file: Path
) -> None:
    await ledger.append(*consent_events(WEI, GRANT), WITHDRAWN)
    tamper(file, "UPDATE ledger_entry SET kind = 'taken_back' WHERE kind = 'withdrawn'")
    for _ in range(2):
        with pytest.raises(LedgerBroken, match="entry 5"):
            await ledger.consent(WEI)


# ── append-only, and chained ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("B5")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET at = 'never' WHERE seq = 2",
        "DELETE FROM ledger_entry WHERE seq = 2",
        "REPLACE INTO ledger_entry SELECT seq, kind, 'never', colleague, consent, body, hash FROM ledger_entry",
        "INSERT INTO ledger_entry SELECT seq + 40, kind, at, colleague, consent, body, hash FROM ledger_entry",
        "UPDATE ledger_produced SET found_by = 'a9'",
        "DELETE FROM ledger_produced",
    ],
)
async def test_the_database_itself_refuses_to_change_what_was_written(
    ledger: SqlLedger, file: Path, statement: str
) -> None:
    await ledger.append(*ONE_OF_EACH)
    connection = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert (await ledger.verify()).broken_at is None


@pytest.mark.promise("B5")
async def test_a_ledger_that_nobody_touched_holds(ledger: SqlLedger) -> None:
    await ledger.append(*ONE_OF_EACH)
    verdict = await ledger.verify()
    assert (verdict.entries, verdict.broken_at) == (len(ONE_OF_EACH), None)
    assert verdict.head == await ledger.head()


async def test_a_ledger_of_many_batches_is_verified_to_its_end(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(*[SHOWN] * (2 * BATCH + 1))
    assert (await ledger.verify()).entries == 2 * BATCH + 1
    tamper(file, "UPDATE ledger_entry SET at = 'never' WHERE seq >= 1001")
    assert (await ledger.verify()).broken_at == 1001


async def test_an_empty_ledger_holds(ledger: SqlLedger) -> None:
    verdict = await ledger.verify()
    assert (verdict.entries, verdict.head, verdict.broken_at) == (0, f"0:{GENESIS}", None)
    assert await ledger.holds(await ledger.head())


@pytest.mark.promise("B5")
@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE ledger_entry SET body = replace(body, 'test', 'tess') WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET body = replace(body, ',', ', ') WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET body = CAST(body AS BLOB) WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET at = '2026-06-01T09:00:00.000001+00:00' WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET kind = 'resumed' WHERE kind = 'paused'", 5),
        ("UPDATE ledger_entry SET colleague = 'local:acme:lin' WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET colleague = NULL WHERE seq = 3", 3),
        ("UPDATE ledger_entry SET consent = 0 WHERE kind = 'withdrawn'", 8),
        ("UPDATE ledger_entry SET consent = 2 WHERE kind = 'withdrawn'", 8),
        ("UPDATE ledger_entry SET hash = replace(hash, 'a', 'b') WHERE seq = 3", 3),
        ("DELETE FROM ledger_entry WHERE seq = 3", 3),
        ("DELETE FROM ledger_entry WHERE seq = 1", 1),
        ("UPDATE ledger_entry SET seq = seq + 100 WHERE seq >= 4", 4),
        ("INSERT INTO ledger_entry SELECT 0, kind, at, colleague, consent, body, hash FROM ledger_entry LIMIT 1", 1),
    ],
)
async def test_whatever_is_changed_behind_its_back_shows(
    ledger: SqlLedger, file: Path, statement: str, broken_at: int
) -> None:
    await ledger.append(*ONE_OF_EACH)
    tamper(file, statement)
    verdict = await ledger.verify()
    assert (verdict.entries, verdict.broken_at) == (broken_at - 1, broken_at)


@pytest.mark.promise("B5")
async def test_two_entries_that_changed_places_show(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(*ONE_OF_EACH)
    swap = "UPDATE ledger_entry SET seq = CASE seq WHEN 5 THEN -6 ELSE -5 END WHERE seq IN (5, 6)"
    tamper(file, swap, "UPDATE ledger_entry SET seq = -seq WHERE seq < 0")
    assert (await ledger.verify()).broken_at == 5


@pytest.mark.promise("B5")
async def test_an_end_that_was_cut_off_shows_only_against_a_head_that_was_noted(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(*consent_events(WEI, GRANT))
    before = await ledger.head()
    await ledger.append(WITHDRAWN)
    receipt = await ledger.head()
    assert await ledger.holds(receipt)
    tamper(file, "DELETE FROM ledger_entry WHERE kind = 'withdrawn'")
    assert (await ledger.verify()).broken_at is None, "a chain alone cannot show that its end is missing"
    assert await ledger.holds(before)
    assert not await ledger.holds(receipt)


@pytest.mark.promise("B5")
async def test_an_end_written_anew_does_not_hold_the_head_of_the_old_one(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(*consent_events(WEI, GRANT), WITHDRAWN)
    receipt = await ledger.head()
    tamper(file, "DELETE FROM ledger_entry WHERE kind = 'withdrawn'")
    await ledger.append(Paused(WEI, NOW))
    assert (await ledger.verify()).broken_at is None
    assert not await ledger.holds(receipt)


@pytest.mark.parametrize("head", ["", "1", "x:y", f"1:{'0' * 64}", f"{'9' * 30}:{'0' * 64}", f"²:{'0' * 64}"])
async def test_what_never_was_a_head_does_not_hold(ledger: SqlLedger, head: str) -> None:
    await ledger.append(WITHDRAWN)
    assert not await ledger.holds(head)


async def test_an_index_that_points_to_another_entry_is_not_believed(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(SHOWN, REFUSED)
    tamper(file, "UPDATE ledger_produced SET seq = 2 WHERE found_by = 'a1'")
    with pytest.raises(LedgerBroken, match="entry 2"):
        await ledger.produced(answer="a1")


async def test_it_holds_no_field_that_could_carry_a_message() -> None:
    names = {field.name for kind in (*KINDS.values(), Grant) for field in fields(kind)}
    assert not names & {"text", "quote", "question", "body", "message", "content"}


# ── several at once, and ends in the middle ──────────────────────────────────────────────────────────────────────────


async def test_appends_at_the_same_time_all_stand_in_one_chain(ledger: SqlLedger) -> None:
    await asyncio.gather(*(ledger.append(replace(SHOWN, answer=f"a{n}")) for n in range(50)))
    verdict = await ledger.verify()
    assert (verdict.entries, verdict.broken_at) == (50, None)


async def test_two_ledgers_on_one_file_never_fork_the_chain(ledger: SqlLedger, file: Path) -> None:
    other = await SqlLedger.open(url(file))
    for _ in range(5):
        await asyncio.gather(*(each.append(SHOWN, REFUSED) for each in (ledger, other, ledger, other)))
    verdict = await other.verify()
    assert (verdict.entries, verdict.broken_at) == (40, None)
    await other.close()


def test_processes_that_make_and_fill_one_file_together_never_fork_the_chain(file: Path) -> None:
    script = """
        async def main():
            ledger = await SqlLedger.open(sys.argv[1])
            for n in range(10):
                await ledger.append(Withdrawn(PersonId("local", "acme", "wei"), NOW, "wei"))
            await ledger.close()
        asyncio.run(main())
    """
    running = [run_python(script, url(file)) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]

    async def verify() -> tuple[int, int | None]:
        ledger = await SqlLedger.open(url(file))
        verdict = await ledger.verify()
        await ledger.close()
        return verdict.entries, verdict.broken_at

    assert asyncio.run(verify()) == (20, None)


async def test_a_process_that_dies_before_it_has_committed_leaves_nothing_half_written(
    ledger: SqlLedger, file: Path
) -> None:
    await ledger.append(SHOWN)
    before = await ledger.verify()
    script = """
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        async def main():
            ledger = await SqlLedger.open(sys.argv[1])
            event.listen(Engine, "commit", lambda connection: os.kill(os.getpid(), 9))
            await ledger.append(*[Withdrawn(PersonId("local", "acme", "wei"), NOW, "wei")] * 5000)
        asyncio.run(main())
    """
    assert await asyncio.to_thread(run_python(script, url(file)).wait) == -9
    assert await ledger.verify() == before
    await ledger.append(WITHDRAWN)
    assert (await ledger.verify()).entries == 2


async def test_a_cancelled_append_does_not_take_down_those_it_shares_a_transaction_with(ledger: SqlLedger) -> None:
    first = asyncio.create_task(ledger.append(SHOWN))
    second = asyncio.create_task(ledger.append(REFUSED))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await ledger.produced(answer=REFUSED.answer) == REFUSED
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await ledger.verify()).broken_at is None


async def test_closing_waits_for_what_is_being_written(file: Path) -> None:
    ledger = await SqlLedger.open(url(file))
    appending = asyncio.create_task(ledger.append(SHOWN))
    await asyncio.sleep(0)
    await ledger.close()
    await appending
    again = await SqlLedger.open(url(file))
    assert await again.produced(answer=SHOWN.answer) == SHOWN
    await again.close()


async def test_an_append_waits_for_another_writer_and_readers_do_not(ledger: SqlLedger, file: Path) -> None:
    await ledger.append(*consent_events(WEI, GRANT))
    held = sqlite3.connect(file, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    appending = asyncio.create_task(ledger.append(WITHDRAWN))
    for _ in range(5):
        assert (await ledger.consent(WEI)).state is State.ACTIVE
    assert not appending.done()
    held.execute("COMMIT")
    held.close()
    await appending
    assert (await ledger.consent(WEI)).state is State.WITHDRAWN


async def test_a_writer_that_never_lets_go_is_told_as_something_to_try_again(ledger: SqlLedger, file: Path) -> None:
    hasty = await SqlLedger.open(url(file), busy_timeout_s=0)
    held = sqlite3.connect(file, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    with pytest.raises(PlatformError, match="another process") as failed:
        await hasty.append(SHOWN)
    assert failed.value.retry_after_s is not None
    held.close()
    await hasty.append(SHOWN)
    assert (await ledger.verify()).entries == 1
    await hasty.close()


async def test_it_is_written_to_disk_before_append_returns(ledger: SqlLedger) -> None:
    async with ledger._engine.connect() as connection:
        pragmas = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2], "2 is FULL"


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_migrations_make_the_tables_that_the_program_uses(ledger: SqlLedger, file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


async def test_opening_a_file_that_is_up_to_date_does_not_import_alembic(ledger: SqlLedger, file: Path) -> None:
    script = """
        async def main():
            ledger = await SqlLedger.open(sys.argv[1])
            await ledger.close()
        asyncio.run(main())
        sys.exit("alembic" in sys.modules)
    """
    assert await asyncio.to_thread(run_python(script, url(file)).wait) == 0


async def test_a_new_file_that_many_open_at_once_is_made_once(file: Path) -> None:
    opened = await asyncio.gather(*(SqlLedger.open(url(file)) for _ in range(6)))
    await asyncio.gather(*(each.append(SHOWN) for each in opened))
    assert (await opened[0].verify()).entries == 6
    for each in opened:
        await each.close()


async def test_a_file_that_a_newer_version_changed_is_not_opened(ledger: SqlLedger, file: Path) -> None:
    tamper(file, "UPDATE ledger_version SET version_num = '9999'")
    with pytest.raises(SetupError, match="newer"):
        await SqlLedger.open(url(file))


@pytest.mark.parametrize(
    "given",
    ["nonsense", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///x", "postgresql+asyncpg://h/x"],
)
async def test_a_url_that_is_no_sqlite_file_is_refused_with_the_fix(given: str) -> None:
    with pytest.raises(SetupError, match="BYLINE_DATABASE_URL"):
        await SqlLedger.open(given)


async def test_a_folder_that_is_not_there_is_the_operators_to_make(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="folder"):
        await SqlLedger.open(url(tmp_path / "missing" / "ledger.sqlite"))


async def test_a_file_that_is_no_database_is_told_as_broken(file: Path) -> None:
    await asyncio.to_thread(file.write_bytes, b"not a database, whatever its name says" * 100)
    with pytest.raises(LedgerBroken, match="NOTADB"):
        await SqlLedger.open(url(file))


PREAMBLE = """
    import asyncio, os, sys
    from datetime import UTC, datetime
    from bot.core.consent import Withdrawn
    from bot.core.people import PersonId
    from bot.stores.ledger import SqlLedger
    NOW = datetime(2026, 6, 1, tzinfo=UTC)
"""


def run_python(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A process of its own that runs this script."""
    return subprocess.Popen([sys.executable, "-c", dedent(PREAMBLE) + dedent(script), *arguments])  # noqa: S603  (our own script)
