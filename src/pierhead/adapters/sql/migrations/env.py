"""Run by Alembic. The caller brings the connection, and the transaction that makes an upgrade all or nothing."""

from alembic import context

from pierhead.adapters.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
