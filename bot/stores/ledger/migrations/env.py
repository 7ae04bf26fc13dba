"""Run by Alembic, on the connection and in the transaction that `bot.stores.ledger.migrate` has begun."""

from alembic import context

from bot.stores.ledger.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
