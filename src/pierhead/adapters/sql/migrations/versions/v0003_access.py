"""People, service accounts, roles, organizations and the audit trail. Revision "0003", after "0002".

What worked goes on working: an API key becomes a token of a first user, who may do everything; organizations and
projects that rows name come into being; connectors that are there may go on reaching private addresses.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)
_MOMENT = sa.DateTime(timezone=True)
_SCOPED = ("secrets", "connectors", "delegate_tokens", "delegate_groups")
ADMIN_EMAIL = "admin@localhost"


def upgrade() -> None:
    _create_people()
    _create_entities()
    _create_audit()
    _fill()
    op.drop_index(op.f("ix_api_keys_account"), "api_keys")
    op.drop_table("api_keys")


def downgrade() -> None:
    """Keys of the first user go back to where they came from; what had no place before is dropped."""
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
        "WHERE api_key = 'admin' AND owner_type = 'USER'"
    )
    tables = ("properties", "audit_tails", "audit_records", "entities", "login_failures", "sessions", "tokens", "users")
    for name in tables:
        op.drop_table(name)


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
        sa.Column("before", _JSON, nullable=True),
        sa.Column("after", _JSON, nullable=True),
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


def _fill() -> None:
    """The first user of an account has the account's own id for an id: no other may be guessed here."""
    connection = op.get_bind()
    now = datetime.now(UTC).replace(tzinfo=None) if connection.dialect.name == "sqlite" else datetime.now(UTC)
    for (account,) in connection.execute(sa.text("SELECT id FROM accounts")).all():
        _add_user(connection, account, now)
        for org, project in sorted(_places(connection, account)):
            _add_place(connection, account, org, project, now)
    connection.execute(
        sa.text(
            "INSERT INTO tokens (id, account, owner_type, owner_org, owner_project, owner, api_key, identifier, name, "
            "secret_hash, created_at, valid_from, expires_at, revoked_at, old_hash, old_until, description, tags) "
            "SELECT id, account, 'USER', '', '', account, 'admin', id, name, secret_hash, created_at, created_at, "
            "expires_at, revoked_at, NULL, NULL, '', '{}' FROM api_keys"
        )
    )
    _allow_private_addresses(connection)


def _add_user(connection: sa.Connection, account: str, now: datetime) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO users (account, id, email, name, created_at, last_modified_at, is_disabled, search_text) "
            "VALUES (:account, :account, :email, 'admin', :now, :now, :no, :text)"
        ).bindparams(sa.bindparam("now", type_=_MOMENT), sa.bindparam("no", type_=sa.Boolean())),
        {"account": account, "email": ADMIN_EMAIL, "now": now, "no": False, "text": f"{ADMIN_EMAIL}\x1fadmin"},
    )
    owner = {"type": "USER", "scope": _scope(account), "identifier": account}
    common = {"scope": _scope(account), **_times(now), "description": "", "tags": {}}
    key = {**common, "identifier": "admin", "name": "admin", "owner": owner, "default_expiry_ms": None, "about": ""}
    _add_entity(connection, "api-key", account, "", "", _key(account), "admin", "", key, now)
    assignment = {
        **common,
        "identifier": "admin",
        "role": "_account_admin",
        "resource_group": "_all_resources_including_child_scopes",
        "principal": owner,
        "is_disabled": False,
        "is_managed": True,
        "name": "",
        "parent": "",
    }
    del assignment["description"]
    _add_entity(connection, "role-assignment", account, "", "", "", "admin", _key(account), assignment, now)


def _key(account: str) -> str:
    return f"USER://{account}"


def _places(connection: sa.Connection, account: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for table in _SCOPED:
        query = sa.text(f"SELECT DISTINCT org, project FROM {table} WHERE account = :account")  # noqa: S608 - a table
        found |= {(org, project) for org, project in connection.execute(query, {"account": account}) if org}
    return found | {(org, "") for org, _ in found} | {("default", ""), ("default", "default_project")}


def _add_place(connection: sa.Connection, account: str, org: str, project: str, now: datetime) -> None:
    kind, scope_org, identifier = ("project", org, project) if project else ("organization", "", org)
    name = {"default": "default", "default_project": "Default Project"}.get(identifier, identifier)
    value = {
        "scope": _scope(account, scope_org or None),
        "identifier": identifier,
        "name": name,
        **_times(now),
        "description": "",
        "tags": {},
        "parent": "",
        "about": "",
    }
    more = {"color": "", "modules": []} if project else {}
    _add_entity(connection, kind, account, scope_org, "", "", identifier, "", {**value, **more}, now)


def _add_entity(
    connection: sa.Connection,
    kind: str,
    account: str,
    org: str,
    project: str,
    parent: str,
    identifier: str,
    about: str,
    value: Mapping[str, object],
    now: datetime,
) -> None:
    statement = sa.text(
        "INSERT INTO entities (kind, account, org, project, parent, identifier, about, document, created_at, "
        "last_modified_at, search_text) VALUES (:kind, :account, :org, :project, :parent, :identifier, :about, "
        ":document, :now, :now, :text)"
    ).bindparams(sa.bindparam("now", type_=_MOMENT), sa.bindparam("document", type_=_JSON))
    text = f"{str(value['name']).casefold()}\x1f{identifier.casefold()}"
    place = {"account": account, "org": org, "project": project, "parent": parent, "identifier": identifier}
    row = {"kind": kind, **place, "about": about, "document": dict(value), "now": now, "text": text}
    connection.execute(statement, row)


def _scope(account: str, org: str | None = None) -> dict[str, str | None]:
    return {"account": account, "org": org, "project": None}


def _times(now: datetime) -> dict[str, str]:
    at = now.replace(tzinfo=UTC).isoformat()
    return {"created_at": at, "last_modified_at": at}


def _allow_private_addresses(connection: sa.Connection) -> None:
    for identifier, spec in connection.execute(sa.text("SELECT id, spec FROM connectors")).all():
        document = json.loads(spec) if isinstance(spec, str) else dict(spec)
        document["allowPrivateAddresses"] = True
        statement = sa.text("UPDATE connectors SET spec = :spec WHERE id = :id").bindparams(
            sa.bindparam("spec", type_=_JSON)
        )
        connection.execute(statement, {"spec": document, "id": identifier})
