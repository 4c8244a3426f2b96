"""Notices and the outbox of their deliveries: what every store promises."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pierhead.control.notices import Delivery, DeliveryState, Notice, Subscription, Topic
from pierhead.control.scopes import Area, Scope
from pierhead.kit.paging import PageRequest

ACCOUNT, PROJECT = Scope("acct"), Scope("acct", "o", "p")


def notice(build: Any, name: str, second: float = 0, scope: Scope = PROJECT, **more: Any) -> Notice:
    values = {"topic": Topic.MIRROR_FAILED, "title": "Ünïcode", "text": "t", "subject_type": "MIRROR", "subject": "m"}
    return Notice(**{"id": name, "scope": scope, "at": build.at(second), **values, "key": f"key {name}", **more})


def delivery(build: Any, name: str, second: float = 0, subscription: str = "s", **more: Any) -> Delivery:
    at: datetime = build.at(second)
    values = {"scope": PROJECT, "subscription": subscription, "notice": "n", "topic": Topic.MIRROR_FAILED}
    return Delivery(**{"id": name, **values, "created_at": at, "next_at": at, **more})


def test_a_notice_is_told_once_by_its_key_and_reads_back(store: Any, build: Any) -> None:
    full = notice(build, "n1", details={"tags": ["1.0", "ключ"], "count": 2})
    with store.transaction() as tx:
        assert tx.notices.add(full)
        assert not tx.notices.add(notice(build, "n2", key="key n1"))
        assert tx.notices.add(notice(build, "n3", scope=Scope("other"), key="key n1"))
    with store.snapshot() as tx:
        assert tx.notices.find("acct", "n1") == full
        assert tx.notices.find("other", "n1") is None
        assert tx.notices.find("acct", "n2") is None


def test_notices_are_listed_by_area_topic_and_time_the_last_first(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.notices.add(notice(build, "a", 1))
        tx.notices.add(notice(build, "b", 2, ACCOUNT, topic=Topic.HOTFIX_AVAILABLE))
        tx.notices.add(notice(build, "c", 3, Scope("acct", "o")))
        tx.notices.add(notice(build, "d", 4, Scope("other")))

    def ids(*args: Any) -> list[str]:
        with store.snapshot() as tx:
            return [each.id for each in tx.notices.page("acct", PageRequest(), *args).items]

    assert ids() == ["c", "b", "a"]
    assert ids((Area(Scope("acct", "o"), with_children=True),)) == ["c", "a"]
    assert ids((Area(ACCOUNT, with_children=False),)) == ["b"]
    assert ids(()) == []
    assert ids(None, (Topic.HOTFIX_AVAILABLE, Topic.MIRROR_BLOCKED)) == ["b"]
    assert ids(None, (), build.at(2)) == ["c", "b"]


def test_old_notices_and_all_but_the_newest_are_forgotten(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for n in range(6):
            tx.notices.add(notice(build, f"n{n}", n))
        tx.notices.add(notice(build, "other", 0, Scope("other")))
    with store.transaction() as tx:
        assert tx.notices.prune("acct", build.at(2), 10) == 2
        assert tx.notices.prune("acct", build.at(2), 3) == 1
    with store.snapshot() as tx:
        assert [each.id for each in tx.notices.page("acct", PageRequest()).items] == ["n5", "n4", "n3"]
        assert tx.notices.find("other", "other") is not None


def test_of_what_waits_for_a_subscription_only_the_oldest_is_claimed(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.deliveries.add([delivery(build, "first", 2), delivery(build, "second", 1)])
        tx.deliveries.add([delivery(build, "other", 3, "t"), delivery(build, "later", 50, "u")])
        tx.deliveries.add([])
    with store.transaction() as tx:
        assert not tx.deliveries.has_due(build.at(1))
        assert tx.deliveries.has_due(build.at(2))
        claimed = tx.deliveries.claim_due(build.at(9), build.at(100), 9)
        assert [(each.id, each.attempts, each.next_at) for each in claimed] == [
            ("first", 1, build.at(100)),
            ("other", 1, build.at(100)),
        ]
    with store.transaction() as tx:
        assert tx.deliveries.claim_due(build.at(9), build.at(100), 9) == ()
        done = delivery(build, "first", 2, attempts=1, state=DeliveryState.DELIVERED, status=204)
        assert tx.deliveries.settle(done)
        assert [each.id for each in tx.deliveries.claim_due(build.at(9), build.at(100), 9)] == ["second"]


def test_an_attempt_that_was_overtaken_is_not_settled(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.deliveries.add([delivery(build, "d")])
        [stale] = tx.deliveries.claim_due(build.at(1), build.at(10), 1)
    with store.transaction() as tx:
        [again] = tx.deliveries.claim_due(build.at(11), build.at(20), 1)
        assert (again.id, again.attempts) == ("d", 2)
        assert not tx.deliveries.settle(stale)
        failed = delivery(
            build, "d", attempts=2, next_at=build.at(30), status=500, error_code="x", error="nö", topic=Topic.TEST
        )
        assert tx.deliveries.settle(failed)
    with store.transaction() as tx:
        assert tx.deliveries.page(PROJECT, "s", PageRequest()).items == (failed,)
        assert tx.deliveries.give_up(PROJECT, "s", build.at(40), "off", "switched off") == 1
        assert not tx.deliveries.settle(failed)
        [ended] = tx.deliveries.page(PROJECT, "s", PageRequest()).items
        assert (ended.state, ended.error_code, ended.finished_at) == (DeliveryState.GIVEN_UP, "off", build.at(40))


def test_ended_deliveries_go_with_their_notice_and_waiting_ones_stay(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.notices.add(notice(build, "kept"))
        tx.deliveries.add([delivery(build, "a", notice="kept", state=DeliveryState.DELIVERED)])
        tx.deliveries.add([delivery(build, "b", state=DeliveryState.GIVEN_UP), delivery(build, "c")])
        tx.deliveries.prune("acct")
        assert [each.id for each in tx.deliveries.page(PROJECT, "s", PageRequest()).items] == ["c", "a"]
        tx.deliveries.remove(PROJECT, "s")
        assert tx.deliveries.page(PROJECT, "s", PageRequest()).total == 0


@pytest.mark.parametrize("scope", [PROJECT, ACCOUNT])
def test_what_was_told_in_a_place_goes_with_it(store: Any, build: Any, scope: Scope) -> None:
    made = Subscription(scope, "s", "s", "https://r.example", "key", build.at(0), build.at(0), (Topic.TEST,), True)
    with store.transaction() as tx:
        tx.subscriptions.add(made)
        tx.notices.add(notice(build, "n", 0, scope))
        tx.deliveries.add([delivery(build, "d", scope=scope)])
        assert tx.subscriptions.find(scope, "s") == made
        tx.contents.clear(PROJECT)
    is_kept = scope == ACCOUNT
    with store.snapshot() as tx:
        assert (tx.notices.find("acct", "n") is not None) is is_kept
        assert (tx.deliveries.page(scope, "s", PageRequest()).total == 1) is is_kept
        assert (tx.subscriptions.find(scope, "s") is not None) is is_kept


def test_a_claim_lasts_until_it_says(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.deliveries.add([delivery(build, "d")])
        tx.deliveries.claim_due(build.at(0), build.at(0) + timedelta(minutes=2), 1)
        assert not tx.deliveries.has_due(build.at(119))
        assert tx.deliveries.has_due(build.at(120))


def test_servers_that_claim_at_once_never_get_the_same_delivery(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.deliveries.add([delivery(build, f"d{n}", n, f"s{n % 12}") for n in range(24)])
    claimed: list[str] = []
    ready = threading.Barrier(4)

    def empty_it() -> None:
        ready.wait(10)
        while True:
            with store.transaction() as tx:
                found = tx.deliveries.claim_due(build.at(60), build.at(600), 2)
            claimed.extend(each.id for each in found)
            if not found:
                return
            for each in found:
                with store.transaction() as tx:
                    assert tx.deliveries.settle(replace(each, state=DeliveryState.DELIVERED))

    with ThreadPoolExecutor(4) as pool:
        for ended in [pool.submit(empty_it) for _ in range(4)]:
            ended.result(30)
    with store.transaction() as tx:  # whoever left early saw what others held at that moment
        claimed += [each.id for each in tx.deliveries.claim_due(build.at(60), build.at(600), 99)]
    assert len(claimed) == len(set(claimed))
    for subscription in range(12):
        own = [name for name in claimed if int(name[1:]) % 12 == subscription]
        assert own == sorted(own, key=lambda name: int(name[1:]))
    assert {f"d{n}" for n in range(12)} <= set(claimed)
