"""What every store promises of its transactions and snapshots."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from pierhead.control.delegates import Conclusion, LoggedLine, LogLine
from pierhead.control.scopes import Scope
from pierhead.kit.errors import UnavailableError
from pierhead.kit.signals import Signal, Topic


class ChangedMyMindError(Exception):
    pass


def test_what_was_written_is_there_after_the_block(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account())
    with store.snapshot() as tx:
        assert tx.accounts.find("acct") == build.account()


def test_a_block_that_raises_leaves_nothing_of_anything(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.tasks.add(build.task("kept"))
    with pytest.raises(ChangedMyMindError):
        _write_everywhere_and_raise(store, build)
    with store.snapshot() as tx:
        assert tx.accounts.list() == ()
        assert tx.users.find("acct", "u1") is None
        assert tx.tokens.find("key") is None
        assert tx.sessions.find(build.session().id_hash) is None
        assert tx.service_accounts.list(build.service_account().scope) == ()
        assert tx.secrets.find(build.secret().scope, "pw") is None
        assert tx.connectors.find(build.connector().scope, "hub") is None
        assert tx.pins.all(Scope("acct"), build.pin().infra) == ()
        assert tx.tasks.find("t1") is None
        assert tx.tasks.find("kept") == build.task("kept")
        assert tx.runs.find("acct", "r1") is None
        assert tx.delegate_tokens.list(build.token().scope) == ()
        assert tx.delegate_groups.list("acct") == ()
        assert tx.delegates.find("d1") is None
        assert tx.selection_log.list("t1") == ()


def test_a_transaction_sees_what_it_wrote(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.tasks.add(build.task())
        assert tx.tasks.find("t1") == build.task()


def test_a_snapshot_sees_nothing_of_an_open_transaction_and_nothing_that_came_after_it(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.tasks.add(build.task("before"))
    with store.snapshot() as view:
        assert view.tasks.find("before") is not None
        with store.transaction() as tx:
            tx.tasks.add(build.task("after"))
            with store.snapshot() as other:
                assert other.tasks.find("after") is None
        assert view.tasks.find("after") is None


def test_nothing_written_to_a_snapshot_lasts(store: Any, build: Any) -> None:
    with suppress(UnavailableError), store.snapshot() as view:  # a store may refuse it at once
        view.tasks.add(build.task())
    with store.snapshot() as view:
        assert view.tasks.find("t1") is None


def test_callbacks_run_in_order_after_the_commit_and_see_it(store: Any, build: Any) -> None:
    heard: list[object] = []

    def look() -> None:
        with store.snapshot() as view:
            heard.append(view.tasks.find("t1"))

    with store.transaction() as tx:
        tx.after_commit(lambda: heard.append("first"))
        tx.after_commit(look)
        tx.tasks.add(build.task())
        assert heard == []
    assert heard == ["first", build.task()]


def test_callbacks_do_not_run_after_a_roll_back(store: Any) -> None:
    heard: list[str] = []

    def ring_and_raise() -> None:
        with store.transaction() as tx:
            tx.after_commit(lambda: heard.append("rung"))
            raise ChangedMyMindError

    with pytest.raises(ChangedMyMindError):
        ring_and_raise()
    assert heard == []


def test_a_callback_that_fails_does_not_fail_what_is_committed(store: Any, build: Any) -> None:
    heard: list[str] = []
    with store.transaction() as tx:
        tx.after_commit(lambda: 1 / 0)
        tx.after_commit(lambda: heard.append("rung"))
        tx.tasks.add(build.task())
    assert heard == ["rung"]


def test_what_is_announced_is_told_once_after_the_commit(store: Any, build: Any) -> None:
    heard: list[str] = []
    stop = _hear(store, Topic.TASK_WAITS, heard)
    _hear(store, Topic.RUN, heard)
    with store.transaction() as tx:
        tx.tasks.add(build.task())
        for key in ("a", "b", "a"):
            tx.announce(Signal(Topic.TASK_WAITS, key))
        assert heard == []
    assert heard == ["a", "b"]
    stop()
    with store.transaction() as tx:
        tx.announce(Signal(Topic.TASK_WAITS, "c"))
    assert heard == ["a", "b"]


def test_what_is_announced_in_vain_is_not_told(store: Any) -> None:
    heard: list[str] = []
    _hear(store, Topic.TASK_WAITS, heard)

    def announce_and_raise() -> None:
        with store.transaction() as tx:
            tx.announce(Signal(Topic.TASK_WAITS, "a"))
            raise ChangedMyMindError

    with pytest.raises(ChangedMyMindError):
        announce_and_raise()
    assert heard == []


def test_writers_on_many_threads_lose_nothing(store: Any, build: Any) -> None:
    def write(worker: int) -> None:
        for number in range(20):
            with store.transaction() as tx:
                tx.tasks.add(build.task(f"{worker}-{number}"))

    _on_threads(8, write)
    with store.snapshot() as tx:
        assert all(tx.tasks.find(f"{worker}-{number}") for worker in range(8) for number in range(20))


def test_a_second_transaction_of_the_same_thread_is_refused_not_waited_for(store: Any) -> None:
    with store.transaction(), pytest.raises(RuntimeError, match="open already"), store.transaction():
        pass
    with store.transaction():
        pass


def _hear(store: Any, topic: Topic, heard: list[str]) -> Callable[[], None]:
    """Leaves out the empty key, which a store may tell at any time to have everybody look again."""
    stop: Callable[[], None] = store.signals.on(topic, lambda key: heard.append(key) if key else None)
    return stop


def _write_everywhere_and_raise(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account())
        tx.users.add(build.user())
        tx.tokens.add(build.key())
        tx.sessions.add(build.session())
        tx.service_accounts.add(build.service_account())
        tx.secrets.add(build.secret())
        tx.connectors.add(build.connector())
        tx.pins.put([build.pin()])
        tx.tasks.add(build.task())
        tx.tasks.cancel("kept", build.start)
        tx.runs.add(build.run())
        tx.delegate_tokens.add(build.token())
        tx.delegate_groups.add(build.group())
        tx.delegates.put(build.delegate())
        tx.selection_log.add([LoggedLine("t1", build.start, LogLine(Conclusion.INFO, "x"))])
        raise ChangedMyMindError


def _on_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
