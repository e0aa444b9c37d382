"""Alembic's entry: one schema, one version table, a connection handed over by `cala_ledger.migrate`."""

from alembic import context
from sqlalchemy import Connection

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection)
context.configure(
    connection=connection,
    version_table="alembic_version",
    version_table_schema="cala",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
