"""What revision "0003" makes of what was there before: people, places, and what connectors may go on reaching.

It belongs to that revision and stays as it is, whatever becomes of the tables later.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

ADMIN_EMAIL = "admin@localhost"
_JSON = sa.JSON(none_as_null=True)
_MOMENT = sa.DateTime(timezone=True)
_SCOPED = ("secrets", "connectors", "delegate_tokens", "delegate_groups")


def fill(connection: sa.Connection) -> None:
    """The first user of an account has the account's own id for an id: no other may be guessed here."""
    now = datetime.now(UTC).replace(tzinfo=None) if connection.dialect.name == "sqlite" else datetime.now(UTC)
    for (account,) in connection.execute(sa.text("SELECT id FROM accounts")).all():
        _add_user(connection, account, now)
        for org, project in sorted(_places(connection, account)):
            _add_place(connection, account, org, project, now)
    connection.execute(
        sa.text(
            "INSERT INTO tokens (id, account, owner_type, owner_org, owner_project, owner, api_key, identifier, name, "
            "secret_hash, created_at, valid_from, expires_at, revoked_at, old_hash, old_until, description, tags, "
            "made_by, old_made_by) "
            "SELECT id, account, 'USER', '', '', account, 'admin', id, name, secret_hash, created_at, created_at, "
            "expires_at, revoked_at, NULL, NULL, '', '{}', '', '' FROM api_keys"
        )
    )
    _allow_private_addresses(connection)


def _add_user(connection: sa.Connection, account: str, now: datetime) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO users (account, id, email, name, created_at, last_modified_at, is_disabled, password_by, "
            "search_text) "
            "VALUES (:account, :account, :email, 'admin', :now, :now, :no, '', :text)"
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
