"""The dispatcher on every store: what its rules promise holds where rows are locked, too."""

import threading
from typing import Any

from pierhead.control.delegates import (
    Acquired,
    Conclusion,
    Delegate,
    DelegateGroup,
    DelegateState,
    DelegateToken,
    Dispatcher,
    Offers,
    Route,
)
from pierhead.control.scopes import Scope
from pierhead.control.tasks import StaleLeaseError, TaskQueue, TaskState
from pierhead.testing.clock import FakeClock

ACCOUNT = Scope("acct")
HUB = "https://docker.io"


class Yard:
    def __init__(self, store: Any, size: int, capacity: int = 100) -> None:
        self.store = store
        self.clock = FakeClock()
        self.queue = TaskQueue(store, self.clock)
        now = self.clock.now()
        with store.transaction() as tx:
            tx.delegate_tokens.add(DelegateToken("t", ACCOUNT, "tok", "ann", now, b"", b""))
            tx.delegate_groups.add(DelegateGroup("g", ACCOUNT, "gpu", now))
            for n in range(size):
                tx.delegates.put(
                    Delegate(
                        id=f"d{n}",
                        group_id="g",
                        scope=ACCOUNT,
                        name="gpu",
                        host_name=f"h{n}",
                        signing_key=b"k",
                        sealing_key=b"k",
                        token_id="t",
                        state=DelegateState.ENABLED,
                        version="1",
                        kinds=("pull",),
                        capacity=capacity,
                        enrolled_at=now,
                        session="s" * 16,
                        is_connected=True,
                        last_heartbeat_at=now,
                    )
                )

    def dispatcher(self) -> Dispatcher:
        return Dispatcher(store=self.store, queue=TaskQueue(self.store, self.clock), clock=self.clock)

    def asked(self, task: str) -> tuple[str, ...]:
        """Who was asked last."""
        return Offers.from_json(self.queue.get("acct", task).offers).latest

    def enqueue(self, count: int) -> list[str]:
        route = Route(ACCOUNT, origins=(HUB,)).to_json()
        with self.store.transaction() as tx:
            return [self.queue.enqueue(tx, "acct", "pull", {}, route=route).id for _ in range(count)]


def in_threads(*works: Any) -> None:
    start = threading.Barrier(len(works))

    def begin(work: Any) -> None:
        start.wait(10)
        work()

    threads = [threading.Thread(target=begin, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_two_dispatchers_offer_each_task_once(store: Any) -> None:
    yard = Yard(store, size=5)
    tasks = yard.enqueue(250)
    dispatchers = [yard.dispatcher(), yard.dispatcher()]

    def work(dispatcher: Dispatcher) -> None:
        for _ in range(4):
            dispatcher.dispatch()

    in_threads(lambda: work(dispatchers[0]), lambda: work(dispatchers[1]))
    for task in tasks:
        broadcasts = [it for it in dispatchers[0].log(task) if it.line.conclusion is Conclusion.BROADCAST]
        assert [it.line.delegate_id for it in broadcasts] == list(yard.asked(task))
        assert len(broadcasts) == 1


def test_from_the_offer_to_the_end_and_back_again(store: Any) -> None:
    yard = Yard(store, size=2, capacity=1)
    dispatcher = yard.dispatcher()
    (task,) = yard.enqueue(1)
    dispatcher.dispatch()
    (first,) = yard.asked(task)
    got = dispatcher.acquire(first, task, "n1")
    assert isinstance(got, Acquired)
    dispatcher.decline(first, task, got.lease.fence, {HUB: "connection refused"})
    dispatcher.dispatch()
    (second,) = yard.asked(task)
    assert {first, second} == {"d0", "d1"}
    again = dispatcher.acquire(second, task, "n2")
    assert isinstance(again, Acquired)
    with store.transaction() as tx:
        dispatcher.learned(tx, second, {HUB: True})
        yard.queue.finish(tx, again.lease, TaskState.SUCCEEDED)
    assert yard.queue.get("acct", task).state is TaskState.SUCCEEDED
    said = [logged.line.conclusion.value for logged in dispatcher.log(task)]
    assert said == [
        "Selected",
        "Broadcast",
        "Assigned",
        "Rejected",
        "Selected",
        "Not Selected",
        "Broadcast",
        "Assigned",
    ]
    with store.snapshot() as tx:
        assert [(seen.origin, seen.is_success) for seen in tx.experiences.list_of(first)] == [(HUB, False)]
        assert tx.delegates.count("acct") == 2


def test_one_with_room_for_one_takes_one_however_fast_it_grasps(store: Any) -> None:
    yard = Yard(store, size=1, capacity=1)
    dispatcher = yard.dispatcher()
    tasks = yard.enqueue(8)
    offers = {"asked": {"d0": "s" * 16}}
    with store.transaction() as tx:
        for task in tasks:
            tx.tasks.put_offers(task, offers, yard.clock.now())
    got: list[object] = []
    in_threads(*(lambda task=task: got.append(dispatcher.acquire("d0", task, f"n-{task}")) for task in tasks))
    assert len(got) == 8
    assert sum(isinstance(one, Acquired) for one in got) == 1


class Crowd:
    """Everybody at once on the same few rows."""

    def __init__(self, yard: Yard, tasks: list[str]) -> None:
        self.yard = yard
        self.tasks = tasks
        self.dispatchers = [yard.dispatcher(), yard.dispatcher()]
        self.acquired = 0
        self.errors: list[Exception] = []

    def grasp(self) -> None:
        for n, task in enumerate(self.tasks):
            for delegate in self.yard.asked(task):
                got = self.dispatchers[0].acquire(delegate, task, f"n-{task}")
                self.acquired += isinstance(got, Acquired)
                if isinstance(got, Acquired) and n % 3 == 0:
                    self.dispatchers[0].decline(delegate, task, got.lease.fence, {HUB: "no"})

    def stop(self) -> None:
        for n in range(20):
            with self.yard.store.transaction() as tx:
                delegate = tx.delegates.find(f"d{n % 4}")
                tx.tasks.expire(delegate.id, self.yard.clock.now())
                tx.delegates.seen([delegate.id], self.yard.clock.now())

    def sweep(self) -> None:
        for _ in range(20):
            with self.yard.store.transaction() as tx:
                self.yard.queue.sweep_in(tx)
            with self.yard.store.transaction() as tx:
                tx.tasks.hurry_offers("acct", self.yard.clock.now())
            self.dispatchers[1].dispatch()

    def safely(self, work: Any) -> Any:
        def run() -> None:
            try:
                work()
            except StaleLeaseError:
                pass  # taken away on the way: that may happen
            except Exception as error:
                self.errors.append(error)

        return run


def test_those_that_go_and_those_that_grasp_never_wait_for_each_other(store: Any) -> None:
    yard = Yard(store, size=4, capacity=50)
    crowd = Crowd(yard, yard.enqueue(60))
    for dispatcher in crowd.dispatchers:
        dispatcher.dispatch()
    in_threads(*(crowd.safely(work) for work in (crowd.grasp, crowd.stop, crowd.sweep)))
    assert crowd.errors == []
    assert crowd.acquired > 0
