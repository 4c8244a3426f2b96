"""Pins of the time before pin sets are the account's afterwards, and become a set with the first change."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from pierhead.adapters.sql import SqlStore
from pierhead.adapters.sql.engine import Engines, make_engines, schema_change
from pierhead.adapters.sql.migrations import configuration
from pierhead.control.catalogue import CatalogueService, Infra, Pin
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import AUDIT_KEY

THEN = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
OLD = "INSERT INTO pins (account, infra, field, value, updated_at, updated_by) VALUES (:a, :i, :f, :v, :at, 'ada')"


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
    with made.writer.connect() as connection, schema_change(connection):
        command.upgrade(configuration(connection), "0004")
        moment = sa.bindparam("at", type_=sa.DateTime(timezone=True))
        rows = [("acct", "K8", "addonTag", "x:1"), ("acct", "VM", "gitCloneTag", "y:1"), ("other", "K8", "a", "z:1")]
        for account, infra, field, value in rows:
            values = {"a": account, "i": infra, "f": field, "v": value, "at": THEN}
            connection.execute(sa.text(OLD).bindparams(moment), values)
    yield made
    made.dispose()


def test_pins_stay_the_accounts_and_become_a_set_with_the_first_change(where: str, engines: Engines) -> None:
    store = SqlStore(where)
    store.use_audit_key(AUDIT_KEY)
    catalogue = CatalogueService(store, FakeClock())
    assert catalogue.pins("acct", Infra.K8) == (Pin("acct", Infra.K8, "addonTag", "x:1", THEN, "ada"),)
    assert catalogue.pins("other", Infra.K8)[0].scope == Scope("other")
    catalogue.update_config("acct", Infra.K8, [("addonTag", "x:2")], "bob")
    found = catalogue.history.page(Scope("acct"), PageRequest(0, 9)).items
    assert [(made.because.cause, made.pins[Infra.K8], made.pins[Infra.VM]) for made in found] == [
        ("update", {"addonTag": "x:2"}, {"gitCloneTag": "y:1"}),
        ("found", {"addonTag": "x:1"}, {"gitCloneTag": "y:1"}),
    ]
    store.close()


def test_the_way_back_keeps_the_pins_of_accounts(where: str, engines: Engines) -> None:
    store = SqlStore(where)
    with store.transaction() as tx:
        tx.pins.put([Pin("acct", Infra.K8, "addonTag", "canary:1", THEN, "bob", "o", "p")])
    store.close()
    with engines.writer.connect() as connection, schema_change(connection):
        command.downgrade(configuration(connection), "0004")
        rows = connection.execute(sa.text("SELECT account, infra, field, value FROM pins ORDER BY account, infra"))
        assert [tuple(row) for row in rows] == [
            ("acct", "K8", "addonTag", "x:1"),
            ("acct", "VM", "gitCloneTag", "y:1"),
            ("other", "K8", "a", "z:1"),
        ]
