"""Bringing the ledger's tables up to date when it is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import Lack, SetupError
from bot.stores.ledger.engine import writer

VERSION_TABLE = "ledger_version"
NEWEST = "0001"
"""The revision that this program works with: the last one in migrations/versions."""

_REVISIONS = ("0001",)


async def migrate(engine: AsyncEngine) -> None:
    """Apply what is missing, in one transaction. Raises SetupError for a file that a newer program has changed.

    Looking at the version is one query; Alembic is imported only if there is something for it to do.
    """
    async with engine.connect() as connection:
        version = await connection.run_sync(_version)
    if version == NEWEST:
        return
    async with writer(engine).begin() as connection:
        await connection.run_sync(_upgrade)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  (a constant)
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    # Looked at once more, now that no other process can be at it.
    version = _version(connection)
    if version == NEWEST:
        return
    if version is not None and version not in _REVISIONS:
        raise SetupError(Lack("the ledger was written by a newer Byline", "run that version, or a newer one"))
    from alembic import command
    from alembic.config import Config

    config = Config()
    # A percent sign in a path would be read as an interpolation.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)
