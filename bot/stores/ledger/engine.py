"""Opening the ledger's database: SQLite's manners, and its errors as ours.

Only SQLite is opened yet. The SQL is plain, so PostgreSQL needs a way to append one at a time there (a lock on the
table where SQLite has BEGIN IMMEDIATE) and triggers of its own, in a migration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import OperationalError
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import Lack, LedgerBroken, PlatformError, SetupError

_WRITES = "ledger_writes"
_MACHINE = tuple(f"SQLITE_{what}" for what in ("CANTOPEN", "READONLY", "PERM", "AUTH", "FULL", "IOERR", "NOMEM"))


def engine_for(url: str, *, busy_timeout_s: float) -> AsyncEngine:
    """An engine that is durable (WAL, synchronous=FULL) and waits for other writers. Raises SetupError for another URL.

    Connections do not begin transactions by themselves; those of `writer(engine)` begin with BEGIN IMMEDIATE, so that
    what they read first is still so when they write.
    """
    fix = "set BYLINE_DATABASE_URL to sqlite+aiosqlite:///PATH/TO/ledger.sqlite"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SetupError(Lack("the ledger's URL cannot be read", fix)) from error
    if parsed.drivername != "sqlite+aiosqlite" or parsed.database in (None, "", ":memory:"):
        raise SetupError(Lack("the ledger's URL is not that of an SQLite file", fix))
    engine = create_async_engine(
        parsed,
        # isolation_level None: sqlite3 leaves transactions to us.
        connect_args={"isolation_level": None, "timeout": busy_timeout_s},
        # Errors are logged with their statement; its values are nobody's business there.
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine


def writer(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for those who write, one at a time over all processes."""
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def our_errors() -> Iterator[None]:
    """Vendor errors become ours, by who must act: wait and try again, see to the machine, or look at the file."""
    try:
        yield
    except DatabaseError as error:
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise PlatformError("the ledger is held by another process", retry_after_s=1.0) from error
        if name.startswith(_MACHINE):
            raise SetupError(
                Lack(f"the ledger's file cannot be used: {name}", "see to its folder, rights, room")
            ) from error
        raise LedgerBroken(f"the ledger's file does not hold: {name or type(error).__name__}") from error


def _on_connect(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        _write_ahead(cursor)
    except Exception:
        # The pool does not know this connection yet, and its thread would outlive the event loop.
        connection.close()
        raise
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except OperationalError as error:
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        # Another process is switching a new file over, and here alone SQLite does not wait by itself. A lock does.
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA journal_mode = WAL")


def _on_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
