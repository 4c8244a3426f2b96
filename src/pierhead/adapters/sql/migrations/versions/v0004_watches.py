"""What watches have seen. Revision "0004", after "0003"."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_ADDRESS = ("account", "org", "project", "watch")


def upgrade() -> None:
    op.create_table(
        "watch_states",
        *_texts(_ADDRESS),
        sa.Column("next_poll_at", _MOMENT, nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint(*_ADDRESS, name=op.f("pk_watch_states")),
    )
    op.create_index(op.f("ix_watch_states_next_poll_at"), "watch_states", ["next_poll_at"], unique=False)
    op.create_table(
        "watch_tags",
        *_texts((*_ADDRESS, "tag")),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=True),
        sa.Column("missing_since", _MOMENT, nullable=True),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(*_ADDRESS, "tag", name=op.f("pk_watch_tags")),
    )
    op.create_table(
        "watch_events",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        *_texts((*_ADDRESS, "kind", "tag")),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("old_digest", sa.Text(), nullable=True),
        sa.Column("new_digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_watch_events")),
        sqlite_autoincrement=True,
    )
    columns = [*_ADDRESS, "sequence"]
    op.create_index(op.f(f"ix_watch_events_{'_'.join(columns)}"), "watch_events", columns, unique=False)


def downgrade() -> None:
    for name in ("watch_events", "watch_tags", "watch_states"):
        op.drop_table(name)


def _texts(names: tuple[str, ...]) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
