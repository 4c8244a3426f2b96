"""Notices, and their deliveries to subscriptions. Revision "0007", after "0006"."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_PLACE = ("account", "org", "project")


def _sequence() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("sequence", kind, autoincrement=True, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "notices",
        _sequence(),
        *_texts("id", *_PLACE),
        sa.Column("at", _MOMENT, nullable=False),
        *_texts("topic", "key"),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_notices")),
        sa.UniqueConstraint("id", name=op.f("uq_notices_id")),
        sa.UniqueConstraint("account", "key", name=op.f("uq_notices_account_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notices_account_sequence"), "notices", ["account", "sequence"], unique=False)
    op.create_table(
        "deliveries",
        _sequence(),
        *_texts("id", *_PLACE, "subscription", "notice", "topic", "state"),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("id", name=op.f("uq_deliveries_id")),
        sqlite_autoincrement=True,
    )
    of_subscription = [*_PLACE, "subscription", "state", "sequence"]
    name = op.f("ix_deliveries_account_org_project_subscription_state_sequence")
    op.create_index(name, "deliveries", of_subscription, unique=False)
    op.create_index(op.f("ix_deliveries_state_next_at"), "deliveries", ["state", "next_at"], unique=False)


def downgrade() -> None:
    for name in ("deliveries", "notices"):
        op.drop_table(name)
