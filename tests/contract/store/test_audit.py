"""The audit trail: one chain for each account, written with what it tells of, and found out when anybody touches it."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pierhead.adapters.sql import SqlStore
from pierhead.adapters.sql.access_schema import audit_tails
from pierhead.control.audit import (
    SYSTEM,
    Action,
    Actor,
    AuditBrokenError,
    AuditFilter,
    AuditService,
    AuditTamperedError,
    PrincipalType,
    Subject,
    Tail,
    note,
)
from pierhead.control.scopes import Area, ResourceType, Scope
from pierhead.kit.clock import SystemClock
from pierhead.kit.paging import PageRequest
from pierhead.testing.memory import AUDIT_KEY, MemoryStore

AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
ALICE = Actor(PrincipalType.USER, "alice", "Alice", "key1", "192.0.2.1", "req1")


def subject(identifier: str = "hub", account: str = "acct", **more: Any) -> Subject:
    return Subject(Scope(account, **more), ResourceType.CONNECTOR, identifier, f"name of {identifier}")


def write(store: Any, *identifiers: str, by: Actor = ALICE, account: str = "acct", **documents: Any) -> None:
    with store.transaction() as tx:
        for identifier in identifiers:
            note(tx, AT, by, Action.UPDATE, subject(identifier, account), **documents)


def trail(store: Any) -> AuditService:
    return AuditService(store, SystemClock(), AUDIT_KEY)


def spoil(store: Any, gone: int, tail: Tail | None) -> None:
    """As whoever has the tables: a record less, and the end elsewhere."""
    if isinstance(store, MemoryStore):
        with store.transaction() as tx:
            tx.audit.spoil("acct", gone, None, tail)
        return
    with store.writing() as connection:
        connection.execute(sa.text(f"DELETE FROM audit_records WHERE sequence = {gone}"))
        connection.execute(sa.text("DELETE FROM audit_tails"))
        if tail is not None:
            values = {"account": "acct", "sequence": tail.sequence, "last": tail.last, "seal": tail.seal}
            connection.execute(audit_tails.insert(), values)


def ended(store: Any) -> Tail:
    with store.snapshot() as tx:
        found = tx.audit.tail("acct")
    assert isinstance(found, Tail)
    return found


def test_one_chain_goes_on_across_transactions_in_the_order_of_adding(store: Any) -> None:
    write(store, "a", "b")
    write(store, "c")
    with store.snapshot() as tx:
        records = tx.audit.after("acct", 0, 10)
    assert [(r.sequence, r.entry.subject.identifier) for r in records] == [(1, "a"), (2, "b"), (3, "c")]
    assert [r.previous for r in records[1:]] == [r.seal for r in records[:-1]]
    assert trail(store).verify("acct").records == 3
    assert trail(store).verify("other").records == 0


def test_two_accounts_in_one_transaction_have_a_chain_each(store: Any) -> None:
    with store.transaction() as tx:
        for account in ("zoo", "acct", "zoo"):
            note(tx, AT, SYSTEM, Action.CREATE, subject(account=account))
    assert (trail(store).verify("zoo").records, trail(store).verify("acct").records) == (2, 1)


def test_a_transaction_that_is_rolled_back_leaves_nothing(store: Any) -> None:
    write(store, "a")
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:  # noqa: PT012 - the block is what fails
        note(tx, AT, ALICE, Action.DELETE, subject("b"))
        _ = 1 / len(tx.audit.after("acct", 1, 10))
    write(store, "c")
    assert trail(store).verify("acct").records == 2


def test_documents_come_back_so_that_the_seal_still_fits(store: Any) -> None:
    before = {
        "floats": [1e22, 1.0, -0.0, 0.1, 1e-7, 100.0],
        "text": 'ÜñΩ\u2028\x00\ud800 \\ "',
        "nested": {"z": [{"b": None, "a": True}], "a": {}},
        "tuple": (1, 2),
        "big": 2**80,
    }
    write(store, "a", before=before, after={})
    (record,) = trail(store).list("acct", AuditFilter(), PageRequest()).items
    assert record.entry.before == {**before, "tuple": [1, 2]}
    assert record.entry.after == {}
    assert (record.entry.at, record.entry.by) == (AT, ALICE)
    assert trail(store).verify("acct").records == 1


def test_what_is_too_large_is_cut_and_what_is_no_json_is_refused(store: Any) -> None:
    write(store, "a", after={"text": "x" * 1_000_000})
    (record,) = trail(store).list("acct", AuditFilter(), PageRequest()).items
    assert record.entry.after is not None
    assert record.entry.after["isCut"] is True
    for bad in (float("nan"), object()):
        with pytest.raises((ValueError, TypeError)):
            write(store, "b", after={"bad": bad})


def test_texts_that_no_database_takes_do_not_stop_a_mutation(store: Any) -> None:
    write(store, "a\x00b\ud800", by=Actor(PrincipalType.USER, "bob\x00", "n\udfff" * 5000))
    assert trail(store).verify("acct").records == 1


def test_without_a_key_nothing_that_is_audited_can_be_written(store: Any) -> None:
    store.use_audit_key(None)
    with pytest.raises(RuntimeError, match="no key"):
        write(store, "a")
    store.use_audit_key(AUDIT_KEY)
    assert trail(store).verify("acct").records == 0


def test_a_filter_finds_by_scope_kind_name_action_person_time_and_text(store: Any) -> None:
    with store.transaction() as tx:
        note(tx, AT, ALICE, Action.CREATE, subject("Hub", org="o", project="p"))
        note(tx, AT + timedelta(hours=1), SYSTEM, Action.DELETE, Subject(Scope("acct", "o"), ResourceType.SECRET, "pw"))

    def found(**wanted: Any) -> list[str]:
        page = trail(store).list("acct", AuditFilter(**wanted), PageRequest())
        return [record.entry.subject.identifier for record in page.items]

    assert found() == ["pw", "Hub"]
    assert found(areas=(Area(Scope("acct", "o", "p"), with_children=False),)) == ["Hub"]
    assert found(areas=(Area(Scope("acct", "o"), with_children=True),)) == ["pw", "Hub"]
    assert found(areas=(Area(Scope("acct", "o"), with_children=False),)) == ["pw"]
    assert found(areas=(Area(Scope("acct", "x"), with_children=True),)) == []
    assert found(areas=()) == []
    assert found(resources=((ResourceType.SECRET, ""), (ResourceType.CONNECTOR, "none"))) == ["pw"]
    assert found(resource_types=(ResourceType.SECRET,)) == ["pw"]
    assert found(identifiers=("Hub",), actions=(Action.CREATE,)) == ["Hub"]
    assert found(principals=("alice",)) == ["Hub"]
    assert found(people=("Alice", "nobody")) == found(people=("alice",)) == ["Hub"]
    assert found(since=AT + timedelta(minutes=1)) == ["pw"]
    assert found(until=AT) == ["Hub"]
    assert found(search="hUB") == ["Hub"]
    assert found(search="%") == []


def test_a_trail_that_began_and_is_wiped_out_is_missed(store: Any) -> None:
    trail(store).begin("acct")
    trail(store).begin("acct")
    assert trail(store).verify("acct").records == 1
    with store.transaction() as tx:
        tx.properties.put("audit trail of acct", "another")
    with pytest.raises(AuditTamperedError, match="does not begin"):
        trail(store).verify("acct")


def test_nothing_follows_a_trail_that_does_not_end_as_it_was_written(store: Any) -> None:
    write(store, "a")
    older = ended(store)
    write(store, "b", "c")
    good = ended(store)
    shortened = Tail("acct", older.sequence, older.last, good.seal)
    for gone, tail in ((3, good), (3, shortened), (0, older), (0, shortened), (0, None), (3, None)):
        spoil(store, gone, tail)
        with pytest.raises(AuditBrokenError, match="nothing was changed"):
            write(store, "d")
        with pytest.raises(AuditTamperedError):
            trail(store).verify("acct")
        assert trail(store).list("acct", AuditFilter(), PageRequest()).items[-1].sequence == 1


def test_a_trail_that_began_does_not_begin_again(store: Any) -> None:
    trail(store).begin("acct")
    spoil(store, 1, None)
    with pytest.raises(AuditBrokenError, match="it has begun"):
        write(store, "a")


def test_behind_a_break_it_goes_on_and_is_never_whole_again(store: Any) -> None:
    write(store, "a", "b")
    spoil(store, 2, None)
    with store.transaction() as tx:
        note(tx, AT, SYSTEM, Action.UPDATE, subject("restored"), behind_break=True)
    write(store, "c")
    with pytest.raises(AuditTamperedError, match="the record is missing at record 2"):
        trail(store).verify("acct")


def test_a_last_record_that_is_missing_is_named(store: Any) -> None:
    write(store, "a", "b", "c")
    spoil(store, 3, ended(store))
    with pytest.raises(AuditTamperedError, match="the record is missing at record 3"):
        trail(store).verify("acct")


def test_many_writers_at_once_keep_one_chain_without_gaps(store: Any) -> None:
    failures: list[BaseException] = []

    def writer(name: str) -> None:
        try:
            for number in range(20):
                write(store, f"{name}{number}", f"{name}{number}b")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=writer, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert trail(store).verify("acct").records == 160


def test_two_processes_that_write_accounts_in_other_orders_do_not_wait_for_each_other(database: str) -> None:
    stores = [SqlStore(database), SqlStore(database)]
    failures: list[BaseException] = []

    def writer(store: SqlStore, accounts: tuple[str, str]) -> None:
        try:
            for _ in range(30):
                with store.transaction() as tx:
                    for account in accounts:
                        note(tx, AT, SYSTEM, Action.UPDATE, subject(account=account))
        except BaseException as error:
            failures.append(error)

    for store in stores:
        store.use_audit_key(AUDIT_KEY)
    pairs = zip(stores, (("acct", "zoo"), ("zoo", "acct")), strict=True)
    threads = [threading.Thread(target=writer, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert [trail(stores[0]).verify(account).records for account in ("acct", "zoo")] == [60, 60]
    for store in stores:
        store.close()


def test_a_new_sqlite_file_and_its_writer_agree_after_reopening(tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "a.db")
    store.use_audit_key(AUDIT_KEY)
    write(store, "a")
    store.close()
    again = SqlStore(tmp_path / "a.db")
    again.use_audit_key(AUDIT_KEY)
    write(again, "b")
    assert trail(again).verify("acct").records == 2
    again.close()
