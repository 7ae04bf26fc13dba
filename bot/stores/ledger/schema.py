"""The ledger's tables as the program uses them. They are made by migrations/; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

# SQLite numbers its rows itself only by a column that is called INTEGER.
_Seq = BigInteger().with_variant(Integer, "sqlite")

entry = Table(
    "ledger_entry",
    metadata,
    Column("seq", _Seq, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("at", String(32), nullable=False),
    Column("colleague", Text),
    # Says again what `kind` says, so that one index finds what consents are folded from. Checked by verify().
    # 0 or 1: a boolean would read a 2 as true and not find it as such.
    Column("consent", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ledger_entry_consent", "consent", "seq"),
)

produced = Table(
    "ledger_produced",
    metadata,
    Column("found_by", Text, primary_key=True),
    Column("seq", _Seq, ForeignKey("ledger_entry.seq"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
