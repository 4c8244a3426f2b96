"""Mirrors: what was seen, what is held, and runs. Revision "0006", after "0005"."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_PLACE = ("account", "org", "project", "mirror")


def upgrade() -> None:
    seen = ("account", "place", "tag", "digest")
    op.create_table(
        "sightings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in seen),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(*seen, name=op.f("pk_sightings")),
    )
    held = (*_PLACE, "repository", "tag")
    op.create_table(
        "holdings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*held, "digest", "target_digest")),
        sa.Column("copied_at", _MOMENT, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("missed_since", _MOMENT, nullable=True),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(*held, name=op.f("pk_holdings")),
    )
    _create_runs()


def _create_runs() -> None:
    op.create_table(
        "mirror_runs",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", *_PLACE, "state")),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("running", sa.Text(), nullable=True),
        *(sa.Column(name, sa.JSON(none_as_null=True), nullable=False) for name in ("document", "items")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_mirror_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_mirror_runs_id")),
        sa.UniqueConstraint("running", name=op.f("uq_mirror_runs_running")),
    )
    op.create_index(op.f("ix_mirror_runs_account_org_project_mirror"), "mirror_runs", [*_PLACE], unique=False)


def downgrade() -> None:
    for name in ("mirror_runs", "holdings", "sightings"):
        op.drop_table(name)
