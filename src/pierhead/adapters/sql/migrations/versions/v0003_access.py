"""People, service accounts, roles, organizations and the audit trail. Revision "0003", after "0002".

What worked goes on working: an API key becomes a token of a first user, who may do everything; organizations and
projects that rows name come into being; connectors that are there may go on reaching private addresses.
"""

import sqlalchemy as sa
from alembic import op

from pierhead.adapters.sql.migrations.first_people import ADMIN_EMAIL, fill

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_people()
    _create_entities()
    _create_audit()
    _place_tasks()
    op.add_column("secrets", sa.Column("reference_version", sa.Text(), nullable=True))
    op.add_column("delegate_tokens", sa.Column("created_by_type", sa.Text(), nullable=True))
    fill(op.get_bind())
    op.drop_index(op.f("ix_api_keys_account"), "api_keys")
    op.drop_table("api_keys")


def downgrade() -> None:
    """Keys of the first user go back to where they came from; what had no place before is dropped. Nobody else's do:
    before, every key could do everything."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_account"), "api_keys", ["account"], unique=False)
    names = "id, account, name, secret_hash, created_at, expires_at, revoked_at"
    op.execute(
        f"INSERT INTO api_keys ({names}) SELECT {names} FROM tokens "  # noqa: S608 - names of the schema only
        "WHERE api_key = 'admin' AND owner_type = 'USER' AND EXISTS (SELECT 1 FROM users WHERE users.account = "
        f"tokens.account AND users.id = tokens.owner AND users.email = '{ADMIN_EMAIL}' AND NOT users.is_disabled)"
    )
    tables = ("properties", "audit_tails", "audit_records", "entities", "login_failures", "sessions", "tokens", "users")
    for name in tables:
        op.drop_table(name)
    op.drop_column("secrets", "reference_version")
    op.drop_column("delegate_tokens", "created_by_type")
    for name in ("project", "org"):
        op.drop_column("tasks", name)


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_modified_at", _MOMENT, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_by", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("account", "email", name=op.f("uq_users_account_email")),
    )
    _create_tokens()
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account_user"), "sessions", ["account", "user"], unique=False)
    op.create_table(
        "login_failures",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("locked_until", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_failures")),
    )


def _create_tokens() -> None:
    of_owner = ["account", "owner_type", "owner_org", "owner_project", "owner", "api_key", "identifier"]
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner_type", sa.Text(), nullable=False),
        sa.Column("owner_org", sa.Text(), nullable=False),
        sa.Column("owner_project", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("valid_from", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("old_hash", sa.LargeBinary(), nullable=True),
        sa.Column("old_until", _MOMENT, nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", _JSON, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("old_made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint(*of_owner, name=op.f(f"uq_tokens_{'_'.join(of_owner)}")),
    )


def _create_entities() -> None:
    op.create_table(
        "entities",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("document", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_modified_at", _MOMENT, nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "account", "org", "project", "parent", "identifier", name=op.f("pk_entities")),
    )
    op.create_index(op.f("ix_entities_kind_account_about"), "entities", ["kind", "account", "about"], unique=False)
    op.create_table(
        "properties",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_properties")),
    )


def _create_audit() -> None:
    texts = (
        *("principal_type", "principal", "principal_name", "credential", "address", "request_id", "action"),
        *("resource_type", "resource", "resource_name", "org", "project"),
    )
    op.create_table(
        "audit_records",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", "sequence", name=op.f("pk_audit_records")),
        sa.UniqueConstraint("account", "id", name=op.f("uq_audit_records_account_id")),
    )
    op.create_index(op.f("ix_audit_records_account_at"), "audit_records", ["account", "at"], unique=False)
    op.create_table(
        "audit_tails",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_audit_tails")),
    )


def _place_tasks() -> None:
    """A task belongs to where it was asked for: that of a run is known, the rest counts as the account's."""
    for name in ("org", "project"):
        op.add_column("tasks", sa.Column(name, sa.Text(), nullable=True))
        of_run = (
            f"SELECT max(runs.{name}) FROM runs JOIN run_images ON run_images.run_id = runs.id "  # noqa: S608 - columns
            "WHERE run_images.task_id = tasks.id"
        )
        op.execute(f"UPDATE tasks SET {name} = coalesce(({of_run}), '') WHERE kind = 'pull'")  # noqa: S608 - columns
        op.execute(f"UPDATE tasks SET {name} = '' WHERE {name} IS NULL")  # noqa: S608 - columns
    with op.batch_alter_table("tasks", table_kwargs={"sqlite_autoincrement": True}) as batch:
        for name in ("org", "project"):
            batch.alter_column(name, existing_type=sa.Text(), nullable=False)
