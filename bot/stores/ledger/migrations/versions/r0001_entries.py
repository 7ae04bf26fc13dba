"""Entries in a chain, and what answers are found by.

On SQLite triggers refuse what the program never does: changing, deleting or replacing an entry, or leaving a gap.
They guard against mistakes; whoever owns the file can drop them, and the chain is what shows it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("colleague", sa.Text),
        sa.Column("consent", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ledger_entry_consent", "ledger_entry", ["consent", "seq"])
    op.create_table(
        "ledger_produced",
        sa.Column("found_by", sa.Text, primary_key=True),
        sa.Column("seq", _SEQ, sa.ForeignKey("ledger_entry.seq"), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in ("ledger_entry", "ledger_produced"):
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
    # INSERT OR REPLACE deletes without firing a trigger on DELETE.
    op.execute(
        "CREATE TRIGGER ledger_entry_follows BEFORE INSERT ON ledger_entry "
        "WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entry) "
        "BEGIN SELECT RAISE(ABORT, 'an entry follows the last one'); END"
    )
