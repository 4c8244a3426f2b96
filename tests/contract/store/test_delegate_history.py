"""Rows of what delegates met with: origins, the selection log, nonces."""

from typing import Any

import pytest

from pierhead.control.delegates import Conclusion, Experience, LoggedLine, LogLine

HUB, QUAY = "https://hub.example.com", "https://quay.example.com:8443"


def test_the_latest_experience_of_an_origin_replaces_the_one_before(store: Any, build: Any) -> None:
    failed = Experience("d1", HUB, False, build.at(5), "no route to höst")
    with store.transaction() as tx:
        tx.experiences.put([Experience("d1", HUB, True, build.at(1)), Experience("d1", QUAY, True, build.at(1))])
        tx.experiences.put([failed])
        tx.experiences.put([Experience("d1", HUB, True, build.at(4))])  # an older one that arrives late
        tx.experiences.put(())
    with store.snapshot() as tx:
        assert tx.experiences.list(["d1"], [HUB, QUAY]) == (failed, Experience("d1", QUAY, True, build.at(1)))


def test_of_two_experiences_of_one_moment_the_later_told_counts(store: Any, build: Any) -> None:
    first, second = Experience("d1", HUB, True, build.at(1)), Experience("d1", HUB, False, build.at(1), "refused")
    with store.transaction() as tx:
        tx.experiences.put([first, second])
        assert tx.experiences.list(["d1"], [HUB]) == (second,)


def test_experiences_are_found_by_delegate_and_origin(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.experiences.put(Experience(name, place, True, build.at(1)) for name in ("d2", "d1") for place in (QUAY, HUB))
    with store.snapshot() as tx:
        found = tx.experiences.list(["d2", "d1", "none"], [QUAY, "https://none"])
        assert tx.experiences.list([], [HUB]) == ()
        assert tx.experiences.list(["d1"], []) == ()
        many = tx.experiences.list([f"none {number}" for number in range(3_000)] + ["d1"], [HUB])
    assert [(row.delegate_id, row.origin) for row in found] == [("d1", QUAY), ("d2", QUAY)]
    assert [row.delegate_id for row in many] == ["d1"]


def test_the_log_of_a_task_is_read_in_the_order_it_was_written(store: Any, build: Any) -> None:
    lines = [
        LoggedLine("t1", build.at(5), LogLine(Conclusion.NOT_SELECTED, "has not the tag eü", "site-1", "d1")),
        LoggedLine("t1", build.at(1), LogLine(Conclusion.BROADCAST, "offered")),
        LoggedLine("t1", build.at(5), LogLine(Conclusion.ASSIGNED, "acquired", "site-2", "d2")),
    ]
    with store.transaction() as tx:
        tx.selection_log.add(lines[:2])
        tx.selection_log.add([LoggedLine("other", build.at(1), LogLine(Conclusion.INFO, "x"))])
        tx.selection_log.add(())
    with store.transaction() as tx:
        tx.selection_log.add(iter(lines[2:]))
    with store.snapshot() as tx:
        assert tx.selection_log.list("t1") == tuple(lines)
        assert tx.selection_log.list("none") == ()


def test_a_log_without_end_is_read_up_to_a_limit(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.selection_log.add(
            LoggedLine("t1", build.at(0), LogLine(Conclusion.INFO, str(number))) for number in range(10_001)
        )
    with store.snapshot() as tx:
        assert [row.line.text for row in tx.selection_log.list("t1")][::9_999] == ["0", "9999"]


def test_a_nonce_is_used_once_by_each_delegate(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.nonces.use("d1", "n", build.at(60))
        assert not tx.nonces.use("d1", "n", build.at(90))
        assert tx.nonces.use("d2", "n", build.at(60))
        assert tx.nonces.use("d1", "m", build.at(60))
    with store.transaction() as tx:
        assert not tx.nonces.use("d1", "n", build.at(90))


def test_a_nonce_of_a_transaction_that_failed_was_not_used(store: Any, build: Any) -> None:
    def use_and_fail() -> None:
        with store.transaction() as tx:
            assert tx.nonces.use("d1", "n", build.at(60))
            raise RuntimeError("the use case failed")

    with pytest.raises(RuntimeError):
        use_and_fail()
    with store.transaction() as tx:
        assert tx.nonces.use("d1", "n", build.at(60))


def test_nonces_are_forgotten_after_they_expired(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.nonces.use("d1", "old", build.at(9))
        tx.nonces.use("d1", "live", build.at(10))
        assert tx.nonces.purge(build.at(10)) == 1
        assert tx.nonces.use("d1", "old", build.at(60))
        assert not tx.nonces.use("d1", "live", build.at(60))
