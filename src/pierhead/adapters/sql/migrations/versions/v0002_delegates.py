"""Delegates, tasks that are offered to them, and the task of an image instead of the task of a run.

Revision "0002", after "0001". Connectors that are there are tested as soon as somebody looks: they count as due since
they were last changed.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)
_MOMENT = sa.DateTime(timezone=True)
_TASK_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "route": _JSON,
    "offers": _JSON,
    "offer_at": _MOMENT,
    "checkpoint": _JSON,
    "result": _JSON,
}


def upgrade() -> None:
    for name, kind in _TASK_COLUMNS.items():
        op.add_column("tasks", sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_tasks_offer_at_sequence"), "tasks", ["offer_at", "sequence"], unique=False)
    op.add_column("connectors", sa.Column("next_test_at", _MOMENT, nullable=True))
    op.execute("UPDATE connectors SET next_test_at = last_modified_at")
    op.create_index(op.f("ix_connectors_next_test_at"), "connectors", ["next_test_at"], unique=False)
    _move_tasks_to_images()
    _create_delegate_tokens()
    _create_delegate_groups()
    _create_delegates()
    _create_experiences()
    _create_selection_log()
    _create_nonces()


def downgrade() -> None:
    for name in ("nonces", "selection_log", "experiences", "delegates", "delegate_groups", "delegate_tokens"):
        op.drop_table(name)
    _move_tasks_to_runs()
    op.drop_index(op.f("ix_connectors_next_test_at"), "connectors")
    with op.batch_alter_table("connectors") as batch:
        batch.drop_column("next_test_at")
    op.drop_index(op.f("ix_tasks_offer_at_sequence"), "tasks")
    with op.batch_alter_table("tasks", table_kwargs={"sqlite_autoincrement": True}) as batch:
        for name in reversed(_TASK_COLUMNS):
            batch.drop_column(name)


def _move_tasks_to_images() -> None:
    op.add_column("run_images", sa.Column("task_id", sa.Text(), nullable=True))
    op.add_column("run_images", sa.Column("path_reason", sa.Text(), nullable=True))
    op.add_column("run_images", sa.Column("delegate", sa.Text(), nullable=True))
    op.add_column("run_images", sa.Column("performer", sa.Text(), nullable=True))
    op.execute(
        "UPDATE run_images SET path_reason = '', "
        "task_id = (SELECT runs.task_id FROM runs WHERE runs.id = run_images.run_id)"
    )
    with op.batch_alter_table("run_images") as batch:
        batch.alter_column("path_reason", existing_type=sa.Text(), nullable=False)
    op.create_index(op.f("ix_run_images_task_id"), "run_images", ["task_id"], unique=False)
    op.drop_index(op.f("ix_runs_task_id"), "runs")
    with op.batch_alter_table("runs", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("task_id")


def _move_tasks_to_runs() -> None:
    """A run had one task; of several, one is kept."""
    op.add_column("runs", sa.Column("task_id", sa.Text(), nullable=True))
    op.execute(
        "UPDATE runs SET task_id = (SELECT min(run_images.task_id) FROM run_images WHERE run_images.run_id = runs.id)"
    )
    op.create_index(op.f("ix_runs_task_id"), "runs", ["task_id"], unique=False)
    op.drop_index(op.f("ix_run_images_task_id"), "run_images")
    with op.batch_alter_table("run_images") as batch:
        for name in ("task_id", "path_reason", "delegate", "performer"):
            batch.drop_column(name)


def _create_delegate_tokens() -> None:
    op.create_table(
        "delegate_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revoke_after", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegate_tokens")),
        sa.UniqueConstraint(
            "account", "org", "project", "name", name=op.f("uq_delegate_tokens_account_org_project_name")
        ),
    )


def _create_delegate_groups() -> None:
    op.create_table(
        "delegate_groups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("added_tags", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegate_groups")),
        sa.UniqueConstraint(
            "account", "org", "project", "name", name=op.f("uq_delegate_groups_account_org_project_name")
        ),
    )


def _create_delegates() -> None:
    op.create_table(
        "delegates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host_name", sa.Text(), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealing_key", sa.LargeBinary(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kinds", _JSON, nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", _MOMENT, nullable=False),
        sa.Column("tags", _JSON, nullable=False),
        sa.Column("approved_selectors", _JSON, nullable=True),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("is_connected", sa.Boolean(), nullable=False),
        sa.Column("last_heartbeat_at", _MOMENT, nullable=True),
        sa.Column("last_assigned_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegates")),
    )
    owned = ["account", "org", "project", "state"]
    op.create_index(op.f("ix_delegates_account_org_project_state"), "delegates", owned, unique=False)
    op.create_index(op.f("ix_delegates_token_id"), "delegates", ["token_id"], unique=False)


def _create_experiences() -> None:
    op.create_table(
        "experiences",
        sa.Column("delegate_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("is_success", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delegate_id", "origin", name=op.f("pk_experiences")),
    )


def _create_selection_log() -> None:
    op.create_table(
        "selection_log",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("delegate_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_selection_log")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_selection_log_task_id_sequence"), "selection_log", ["task_id", "sequence"], unique=False)


def _create_nonces() -> None:
    op.create_table(
        "nonces",
        sa.Column("delegate_id", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("delegate_id", "nonce", name=op.f("pk_nonces")),
    )
    op.create_index(op.f("ix_nonces_expires_at"), "nonces", ["expires_at"], unique=False)
