"""Alembic's revisions of the ledger, applied by `bot.stores.ledger.migrate`.

A new revision is a file in versions/, written by hand after the one before it, and its number in migrate.NEWEST.
Revisions stand alone: they name tables by themselves, since schema.py moves on.
"""
