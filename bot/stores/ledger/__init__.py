"""The ledger on SQLAlchemy Core: `SqlLedger` fills `bot.ports.Ledger`.

codec (entry ↔ row) · chain (what a row's hash covers) · schema (tables) · engine (SQLite's manners, errors) ·
migrate and migrations/ (Alembic) · sql (appending, folding, finding, verifying).
"""

from bot.stores.ledger.sql import SqlLedger

__all__ = ["SqlLedger"]
