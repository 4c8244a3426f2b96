"""A database of the time before people, roles and the audit trail, with rows in it, is brought to the newest schema.

What worked goes on working: keys, connectors, and the organizations that rows only named. And the way back.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from pierhead.adapters.sql import SqlStore
from pierhead.adapters.sql.engine import Engines, make_engines, schema_change
from pierhead.adapters.sql.migrations import configuration
from pierhead.control.access import (
    ADMIN_EMAIL,
    AccessService,
    ApiKeyDraft,
    InvalidTokenError,
    People,
    Pepper,
    Permission,
    TokenAddress,
)
from pierhead.control.access import TokenDraft as Draft
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock

THEN = datetime(2025, 1, 5, 12, tzinfo=UTC)
PEPPER, SECRET = b"p" * 32, "s" * 43
PLACE = Scope("acct", "org", "project")


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def engines(where: str) -> Iterator[Engines]:
    made = make_engines(where)
    yield made
    made.dispose()


@pytest.fixture
def old(engines: Engines) -> Engines:
    """At the revision before, with two accounts, their keys, and what lives in places that nobody made."""
    to(engines, "0002")
    for account in ("acct", "other"):
        add(engines, "accounts", id=account, name=account.title(), created_at=THEN)
        add_key(engines, f"key_of_{account}", account)
    add_key(engines, "revoked", "acct", revoked_at=THEN)
    add_key(engines, "ended", "acct", expires_at=THEN + timedelta(days=1))
    add_connector(engines, "hub", Scope("acct"))
    add_connector(engines, "inner", PLACE)
    delegate_token = {"created_by": "key", "created_at": THEN, "secret_hash": b"h", "sealed": b"s", "name": "t"}
    add(engines, "delegate_tokens", **columns(Scope("acct", "another")), **delegate_token, id="d1", status="ACTIVE")
    return engines


def to(engines: Engines, revision: str) -> None:
    with engines.writer.connect() as connection, schema_change(connection):
        if revision != "head" and sa.inspect(connection).has_table("users"):
            command.downgrade(configuration(connection), revision)
        else:
            command.upgrade(configuration(connection), revision)


def add(engines: Engines, table: str, **values: Any) -> None:
    with engines.writer.begin() as connection:
        known = sa.Table(table, sa.MetaData(), autoload_with=connection)
        connection.execute(known.insert(), {name: value for name, value in values.items() if name in known.c})


def add_key(engines: Engines, key: str, account: str, **more: Any) -> None:
    digest = Pepper(PEPPER).hash(SecretValue(SECRET))
    add(engines, "api_keys", id=key, account=account, name=key, secret_hash=digest, created_at=THEN, **more)


def add_connector(engines: Engines, identifier: str, scope: Scope) -> None:
    spec: dict[str, object] = {"url": "https://r.example.com", "providerType": "Other", "auth": None}
    spec |= dict.fromkeys(("caCertificatePem", "clientCertificatePem", "clientKeyRef", "proxyUrl"))
    spec |= dict.fromkeys(("executeOnDelegate", "proxy", "ignoreTestConnection"), False)
    spec |= {"delegateSelectors": [], "trustedRealmHosts": []}
    add(
        engines,
        "connectors",
        **columns(scope),
        id=f"id of {identifier}",
        identifier=identifier,
        type="DockerRegistry",
        name=identifier,
        description="",
        tags={},
        spec=spec,
        version=1,
        created_at=THEN,
        last_modified_at=THEN,
        search_text=identifier,
    )


def columns(scope: Scope) -> dict[str, str]:
    return {"account": scope.account, "org": scope.org or "", "project": scope.project or ""}


def text(key: str, account: str = "acct") -> str:
    return f"pat.{account}.{key}.{SECRET}"


def access_on(store: SqlStore) -> AccessService:
    store.use_audit_key(b"a" * 32)
    return AccessService(store, FakeClock(), PEPPER)


def test_an_old_key_still_opens_and_may_do_everything_in_its_account(where: str, old: Engines) -> None:
    store = SqlStore(where)
    access = access_on(store)
    for account in ("acct", "other"):
        principal = access.authenticate(text(f"key_of_{account}", account), account)
        grants = access.grants(principal.ref)
        assert all(grants.allows(one, Scope(account, "org", "project"), "x") for one in Permission)
        assert all(grants.allows(one, Scope(account)) for one in Permission)
        assert not grants.allows(Permission.ACCOUNT_VIEW, Scope("acct" if account == "other" else "other"))
    for shut in (text("revoked"), text("ended"), text("key_of_acct", "other"), text("key_of_other")):
        with pytest.raises(InvalidTokenError):
            access.authenticate(shut)
    store.close()


def test_old_keys_are_listed_rotated_and_revoked_like_new_ones(where: str, old: Engines) -> None:
    store = SqlStore(where)
    access, clock = access_on(store), FakeClock()
    people = People.on(store, clock, access.pepper)
    (admin,) = people.users.list("acct", ADMIN_EMAIL, PageRequest()).items
    assert [token.identifier for token in people.api_tokens.list(admin.ref)] == ["ended", "key_of_acct", "revoked"]
    assert [key.identifier for key in people.api_keys.list(admin.ref)] == ["admin"]
    address = TokenAddress(admin.ref, "admin", "key_of_acct")
    new = people.api_tokens.rotate(address).reveal()
    with pytest.raises(InvalidTokenError):
        access.authenticate(text("key_of_acct"))
    assert access.authenticate(new).ref == admin.ref
    people.api_tokens.create(Draft(TokenAddress(admin.ref, "admin", "fresh"), "fresh"))
    people.api_tokens.revoke(address)
    with pytest.raises(InvalidTokenError):
        access.authenticate(new)
    store.close()


def test_the_organizations_and_projects_that_rows_name_are_there(where: str, old: Engines) -> None:
    store = SqlStore(where)
    with store.snapshot() as tx:
        organizations = {one.identifier for one in tx.organizations.list(Scope("acct"))}
        assert organizations == {"default", "org", "another"}
        for place in (PLACE, Scope("acct", "another"), Scope("acct", "default", "default_project")):
            check_place(tx, place)
        assert [one.identifier for one in tx.projects.list_below(Scope("acct", "org"))] == ["project"]
        assert {one.identifier for one in tx.organizations.list(Scope("other"))} == {"default"}
        assert tx.organizations.page(Scope("acct"), "ANOTHER", PageRequest()).total == 1
    store.close()


def test_connectors_that_were_there_may_go_on_reaching_private_addresses(where: str, old: Engines) -> None:
    store = SqlStore(where)
    with store.snapshot() as tx:
        for scope, identifier in ((Scope("acct"), "hub"), (PLACE, "inner")):
            connector = tx.connectors.find(scope, identifier)
            assert connector is not None
            assert connector.spec.allow_private_addresses
    store.close()


def test_the_way_back_gives_the_first_user_his_keys_again_and_nobody_else_any(where: str, old: Engines) -> None:
    store = SqlStore(where)
    access = access_on(store)
    people = People.on(store, FakeClock(), access.pepper)
    eve = people.users.create("acct", "eve@example.com").ref
    people.api_keys.create(ApiKeyDraft(eve, "admin", "admin"))
    people.api_tokens.create(Draft(TokenAddress(eve, "admin", "admin"), "admin"))
    store.close()
    to(old, "0002")
    with old.reader.begin() as connection:
        found = connection.exec_driver_sql("SELECT id, account, name FROM api_keys ORDER BY id").fetchall()
        tables = set(sa.inspect(connection).get_table_names())
    assert [tuple(row) for row in found] == [
        ("ended", "acct", "ended"),
        ("key_of_acct", "acct", "key_of_acct"),
        ("key_of_other", "other", "key_of_other"),
        ("revoked", "acct", "revoked"),
    ]
    assert not tables & {"users", "tokens", "entities", "audit_records", "properties"}
    store = SqlStore(where)
    assert access_on(store).authenticate(text("key_of_acct")).account == "acct"
    store.close()


def test_a_database_without_rows_is_brought_up_too(where: str, engines: Engines) -> None:
    to(engines, "0002")
    store = SqlStore(where)
    account, key = access_on(store).create_account()
    assert access_on(store).authenticate(key.reveal()).account == account.id
    store.close()
