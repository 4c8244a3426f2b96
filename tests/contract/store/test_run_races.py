"""Tasks of one run that end at the same moment: one of them ends the run, and none of them forgets to."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from pierhead.control.catalogue import Catalogue
from pierhead.control.delegates import DelegateTransaction, Path
from pierhead.control.pipelines import PULL_KIND, ImageFacts, ImageState, RunService, RunState, SettledPath
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskQueue
from pierhead.kit.ids import new_id
from pierhead.testing.clock import FakeClock

TASKS = 4
RUNS = 12
PULLED = ImageFacts(ImageState.PULLED)
DEAD = {"code": "no-eligible-delegates", "category": "unavailable", "message": "nobody has it", "hint": ""}


class NoSettler:
    """These runs are written by hand."""

    def settle(
        self, tx: DelegateTransaction, path: Path, scope: Scope, origins: Iterable[str], secrets: Iterable[Scope]
    ) -> SettledPath:
        raise NotImplementedError


@pytest.fixture
def runs(store: Any) -> RunService:
    clock = FakeClock()
    return RunService(store, TaskQueue(store, clock), Catalogue.load(), clock, new_id, dispatcher=NoSettler())


def add(store: Any, build: Any, run: str) -> list[str]:
    """A run of ``TASKS`` tasks with an image each; gives the tasks."""
    tasks = [f"{run} task {n}" for n in range(TASKS)]
    images = tuple(
        build.image(run, "first", n, pull_key=f"key {n}", task_id=task, connector=None) for n, task in enumerate(tasks)
    )
    with store.transaction() as tx:
        tx.runs.add(build.run(run, images=images))
        for task in tasks:
            tx.tasks.add(build.task(task, payload={"runId": run}, kind=PULL_KIND))
    return tasks


def at_once(*calls: Callable[[], object]) -> None:
    ready = threading.Barrier(len(calls))

    def call(one: Callable[[], object]) -> None:
        ready.wait(10)
        one()

    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(call, one) for one in calls]:
            done.result(60)


@pytest.mark.parametrize("how", ["finished", "given up", "both"])
def test_tasks_that_end_at_once_end_their_run(store: Any, build: Any, runs: RunService, how: str) -> None:
    queue = TaskQueue(store, FakeClock())
    for number in range(RUNS):
        run = f"r{number}"
        tasks = add(store, build, run)
        performed = {"finished": TASKS, "given up": 0, "both": TASKS // 2}[how]
        leases = [queue.lease("worker", (PULL_KIND,)) for _ in range(performed)]
        held = {lease.id for lease in leases if lease}

        def give_up(task: str) -> None:
            with store.transaction() as tx:
                dead = queue.give_up(tx, task, DEAD)
                assert dead is not None
                runs.task_given_up(tx, dead)

        def finish(lease: Any) -> None:
            runs.finish(lease, [(image.pull_key, PULLED) for image in runs.leased(lease)[0].images])

        at_once(
            *(partial(finish, lease) for lease in leases),
            *(partial(give_up, task) for task in tasks if task not in held),
        )
        ended = runs.get("acct", run)
        assert ended.state is (RunState.SUCCEEDED if how == "finished" else RunState.FAILED)
        assert all(image.facts.state.is_final for image in ended.images)


def test_a_run_that_is_cancelled_while_its_tasks_end_is_over_one_way_or_the_other(
    store: Any, build: Any, runs: RunService
) -> None:
    queue = TaskQueue(store, FakeClock())
    for number in range(RUNS):
        run = f"r{number}"
        add(store, build, run)
        leases = [queue.lease("worker", (PULL_KIND,)) for _ in range(TASKS)]

        def finish(lease: Any) -> None:
            runs.finish(lease, [(image.pull_key, PULLED) for image in runs.leased(lease)[0].images])

        at_once(*(partial(finish, lease) for lease in leases), partial(runs.cancel, "acct", run))
        ended = runs.get("acct", run)
        assert ended.state in (RunState.SUCCEEDED, RunState.CANCELLED)
        assert {image.facts.state for image in ended.images} == {ImageState.PULLED}
