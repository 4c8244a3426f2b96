"""The audit trail against whoever has the database: what was touched is found; what cannot be written is not done."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pierhead.adapters.sql import SqlStore
from pierhead.control.audit import (
    SYSTEM,
    Action,
    AuditBrokenError,
    AuditFilter,
    AuditService,
    AuditTamperedError,
    AuditUnavailableError,
    Subject,
    note,
)
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import SystemClock
from pierhead.kit.paging import PageRequest
from pierhead.testing.memory import AUDIT_KEY
from pierhead.testing.tampering import undetected

AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def test_every_one_of_200_random_changes_of_the_tables_is_found(tmp_path: Path) -> None:
    assert undetected(tmp_path / "store.db", 200, seed=4) == []


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    where = tmp_path / "store.db" if request.param == "sqlite" else request.getfixturevalue("database")
    made = SqlStore(where)
    made.use_audit_key(AUDIT_KEY)
    yield made
    if request.param == "postgresql":  # the tables stay for the next test
        with made.writing() as connection:
            connection.execute(sa.text("DROP FUNCTION IF EXISTS full_ CASCADE"))
    made.close()


def _stop_the_trail(store: SqlStore) -> None:
    """As a full disk or a missing right would."""
    with store.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(
                sa.text("CREATE TRIGGER full BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'full'); END")
            )
            return
        raises = "BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END"
        connection.execute(sa.text(f"CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS $$ {raises} $$"))
        connection.execute(
            sa.text("CREATE TRIGGER full_ BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION full_()")
        )


def _change(store: SqlStore, value: str) -> None:
    with store.transaction() as tx:
        tx.properties.put("changed", value)
        note(tx, AT, SYSTEM, Action.UPDATE, Subject(Scope("acct"), ResourceType.SETTING, "x"))


def test_a_change_that_cannot_be_written_down_is_not_made_and_reading_goes_on(store: SqlStore) -> None:
    _change(store, "before")
    _stop_the_trail(store)
    with pytest.raises(AuditUnavailableError, match="nothing was changed"):
        _change(store, "after")
    with store.snapshot() as tx:
        assert tx.properties.get("changed") == "before"
    trail = AuditService(store, SystemClock(), AUDIT_KEY)
    assert trail.list("acct", AuditFilter(), PageRequest()).total == 1
    assert trail.verify("acct").records == 1


def test_a_trail_whose_end_is_gone_takes_nothing_more(store: SqlStore) -> None:
    _change(store, "before")
    with store.writing() as connection:
        connection.execute(sa.text("DELETE FROM audit_tails"))
    with pytest.raises(AuditBrokenError):
        _change(store, "after")


def test_a_shortened_trail_is_not_made_whole_by_the_next_change(store: SqlStore) -> None:
    for number in range(9):
        _change(store, str(number))
    with store.writing() as connection:
        connection.execute(sa.text("DELETE FROM audit_records WHERE sequence > 5"))
        last = "(SELECT seal FROM audit_records WHERE sequence = 5)"
        connection.execute(sa.text(f"UPDATE audit_tails SET sequence = 5, last = {last}"))
    with pytest.raises(AuditBrokenError, match="nothing was changed"):
        _change(store, "after")
    with store.snapshot() as tx:
        assert tx.properties.get("changed") == "8"
    trail = AuditService(store, SystemClock(), AUDIT_KEY)
    assert trail.list("acct", AuditFilter(), PageRequest()).total == 5
    with pytest.raises(AuditTamperedError):
        trail.verify("acct")


def test_one_record_costs_one_question_more_than_writing_it(store: SqlStore) -> None:
    _change(store, "before")
    said: list[str] = []

    def listener(*given: Any) -> None:
        said.append(given[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", listener)
    try:
        with store.transaction() as tx:
            for name in "xy":
                note(tx, AT, SYSTEM, Action.UPDATE, Subject(Scope("acct"), ResourceType.SETTING, name))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listener)
    assert [text.split()[0] for text in said if "audit" in text] == ["SELECT", "SELECT", "INSERT", "INSERT"]


@pytest.mark.parametrize("value", ["CAST(X'ff41' AS TEXT)", "'text'", "X'ff'", "7"])
@pytest.mark.parametrize("column", ["seal", "previous", "address", "id", "at", "org", "search_text", "before"])
def test_what_no_server_can_have_written_is_a_verdict_at_its_record(tmp_path: Path, column: str, value: str) -> None:
    store = SqlStore(tmp_path / "store.db")
    store.use_audit_key(AUDIT_KEY)
    for number in range(5):
        _change(store, str(number))
    with store.writing() as connection:
        connection.execute(sa.text(f"UPDATE audit_records SET {column} = {value} WHERE sequence = 3"))
    trail = AuditService(store, SystemClock(), AUDIT_KEY)
    with pytest.raises(AuditTamperedError) as refusal:
        trail.verify("acct")
    assert refusal.value.sequence == 3
    store.close()
