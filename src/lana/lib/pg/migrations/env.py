"""Alembic's entry: one connection, given by `lana.lib.pg.migrate`, one transaction for
all that is pending.
"""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(dialect_name="postgresql", version_table_schema="lana", as_sql=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    context.configure(connection=connection, version_table_schema="lana")
    with context.begin_transaction():
        context.run_migrations()
