"""Run by Alembic. The caller brings the connection, and the transaction that makes an upgrade all or nothing."""

from typing import Any, Literal

from alembic import context

from pierhead.adapters.sql.schema import metadata
from pierhead.adapters.sql.types import UtcDateTime


def render_item(kind: str, item: object, _context: Any) -> str | Literal[False]:
    """A migration has to outlive our own types, so it names the column type beneath them."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
