"""Runs with several tasks: what each task may do to the run, and when the run ends."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.adapters.sql import SqlStore
from pierhead.control.catalogue import Catalogue
from pierhead.control.connectors import Connector, DockerRegistrySpec, ProviderType
from pierhead.control.delegates import DelegateTransaction, Path, Route
from pierhead.control.organizations import PlaceNotFoundError
from pierhead.control.pipelines import (
    PULL_KIND,
    ImageFacts,
    ImageFailure,
    ImageState,
    Run,
    RunImage,
    RunNotFoundError,
    RunService,
    RunState,
)
from pierhead.control.scopes import Scope
from pierhead.control.tasks import Lease, StaleLeaseError, TaskQueue, TaskRow, TaskState
from pierhead.kit.ids import new_id
from pierhead.kit.signals import Topic
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import AUDIT_KEY, MemoryStore
from pierhead.testing.places import make_place

Connect = Callable[..., Connector]

PROJECT = Scope("acc", "default", "shop")
PULLED = ImageFacts(ImageState.PULLED, digest="sha256:" + "a" * 64)
GONE = ImageFailure("manifest-unknown", "not-found", "it does not exist", "check the tag")
NOBODY = {"code": "no-eligible-delegates", "category": "unavailable", "message": "nobody has it", "hint": "start one"}
MIXED = """
pipeline:
  identifier: mixed
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          cloneCodebase: false
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution:
            steps:
              - step: {identifier: inside, type: Run, spec: {image: 'tool:1', connectorRef: account.inside}}
              - step: {identifier: open, type: Run, spec: {image: 'golang:1.22'}}
    - stage:
        identifier: again
        type: CI
        spec:
          cloneCodebase: false
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution:
            steps:
              - step: {identifier: inside, type: Run, spec: {image: 'tool:1', connectorRef: account.inside}}
"""


@dataclass(frozen=True)
class Settled:
    route: Route | None
    reason: str


@dataclass
class PlainSettler:
    """Where a path leads when delegates are there, and where when ``has_delegates`` is off."""

    has_delegates: bool = True
    asked: list[tuple[Path, Scope, tuple[str, ...]]] = field(default_factory=list)

    def settle(
        self, tx: DelegateTransaction, path: Path, scope: Scope, origins: Iterable[str], secrets: Iterable[Scope]
    ) -> Settled:
        asked = (path, scope, tuple(origins))
        self.asked.append(asked)
        if path.is_platform:
            return Settled(None, path.reason)
        if not path.selectors and not self.has_delegates:
            return Settled(None, f"{path.reason}; there is none, so the platform does it")
        return Settled(Route(scope, path.selectors, str(path.origin), asked[2], secrets=tuple(secrets)), path.reason)


class World:
    """A service on a store, and what a test says to it."""

    def __init__(self, store: MemoryStore | SqlStore, connectors: Iterable[Connector]) -> None:
        self.store = store
        self.clock = FakeClock()
        self.queue = TaskQueue(store, self.clock, lease_s=60)
        self.settler = PlainSettler()
        self.runs = RunService(store, self.queue, Catalogue.load(), self.clock, new_id, dispatcher=self.settler)
        make_place(store, PROJECT)
        with store.transaction() as tx:
            for connector in connectors:
                tx.connectors.add(connector)

    def start(self, text: str = MIXED, scope: Scope = PROJECT) -> Run:
        return self.runs.initialize(text.encode(), scope, "ada")

    def get(self, run: Run) -> Run:
        return self.runs.get(run.account, run.id)

    def task(self, task_id: str) -> TaskRow:
        return self.queue.get("acc", task_id)

    def lease(self, task_id: str, owner: str = "worker") -> Lease:
        """As whoever may have it does: the platform takes the oldest, a delegate the one it was offered."""
        if self.task(task_id).route is None:
            lease = self.queue.lease(owner, (PULL_KIND,))
        else:
            with self.store.transaction() as tx:
                lease = self.queue.acquire(tx, task_id, owner)
        assert lease is not None
        assert lease.id == task_id
        return lease

    def give_back(self, lease: Lease) -> None:
        with self.store.transaction() as tx:
            self.queue.release(tx, lease)

    def finish(self, task_id: str, facts: ImageFacts = PULLED) -> None:
        lease = self.lease(task_id)
        run, _ = self.runs.leased(lease)
        self.runs.finish(lease, [(image.pull_key, facts) for image in run.images])

    def give_up(self, task_id: str, error: dict[str, str] = NOBODY) -> None:
        """As the dispatcher does for a task that no delegate may do."""
        with self.store.transaction() as tx:
            dead = self.queue.give_up(tx, task_id, error)
            assert dead is not None
            self.runs.task_given_up(tx, dead)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: FilePath) -> Iterator[MemoryStore | SqlStore]:
    made = MemoryStore() if request.param == "memory" else SqlStore(tmp_path / "store.db")
    made.use_audit_key(AUDIT_KEY)
    with closing(made):
        yield made


@pytest.fixture
def world(store: MemoryStore | SqlStore, connect: Connect) -> World:
    return World(store, [platform(connect("harnessImage", "https://index.docker.io/v2/")), inside(connect)])


def platform(connector: Connector) -> Connector:
    return replace(connector, spec=replace(connector.spec, execute_on_delegate=False))


def inside(connect: Connect, *selectors: str) -> Connector:
    found = connect("inside", "http://inside.corp:5000")
    return replace(found, spec=replace(found.spec, delegate_selectors=selectors or ("inside",)))


def of(run: Run, name: str) -> list[RunImage]:
    return [image for image in run.images if name in image.reference]


def tasks_of(run: Run) -> tuple[str, str]:
    """The platform's and the delegates'."""
    (platform_task,) = {image.task_id for image in run.images if "inside" not in image.reference}
    (delegates_task,) = {image.task_id for image in of(run, "inside.corp")}
    assert platform_task
    assert delegates_task
    return platform_task, delegates_task


def test_each_way_gets_a_task_of_its_own_and_each_image_says_which_and_why(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    assert run.task_ids == (by_platform, by_delegates)
    assert world.get(run) == run
    assert world.task(by_platform).route is None
    route = world.task(by_delegates).route
    assert route is not None
    assert Route.from_json(route) == Route(PROJECT, ("inside",), "connector", ("http://inside.corp:5000",))
    assert {world.task(task).payload["runId"] for task in run.task_ids} == {run.id}
    assert {image.path_reason for image in of(run, "inside.corp")} == {
        "connector account.inside is reached through a delegate with the tag inside"
    }
    assert all(image.path_reason for image in run.images)
    assert [world.task(task).deadline_at for task in run.task_ids] == [None, None]


def test_paths_are_settled_for_who_asks_with_the_registries_to_reach(world: World) -> None:
    world.start()
    asked = {(path.is_platform, scope, origins) for path, scope, origins in world.settler.asked}
    assert asked == {
        (True, PROJECT, ("https://docker.io",)),
        (False, PROJECT, ("http://inside.corp:5000",)),
    }


def test_paths_that_come_down_to_the_platform_share_its_task(connect: Connect) -> None:
    anywhere = replace(connect("inside", "http://inside.corp:5000"))
    world = World(MemoryStore(), [platform(connect("harnessImage", "https://index.docker.io/v2/")), anywhere])
    world.settler.has_delegates = False
    run = world.start()
    (task_id,) = run.task_ids
    assert world.task(task_id).route is None
    assert {image.path_reason for image in of(run, "inside")} == {
        "connector account.inside is reached through any available delegate; there is none, so the platform does it"
    }


def test_the_same_delegates_and_registry_are_one_way_whoever_asks_for_them(world: World) -> None:
    run = world.start(MIXED.replace("identifier: again", "identifier: again\n        delegateSelectors: [Inside]"))
    first, *rest = of(run, "inside.corp")
    assert {image.task_id for image in rest} == {first.task_id}


def test_one_registry_that_no_delegate_reaches_does_not_take_the_others_down(world: World) -> None:
    text = MIXED.replace("pipeline:\n", "pipeline:\n  delegateSelectors: [inside]\n")
    run = world.start(text)
    hub, corp = {image.task_id for image in of(run, "docker.io")}, {image.task_id for image in of(run, "inside.corp")}
    assert len(hub) == len(corp) == 1
    (lost,) = hub
    (done,) = corp
    assert lost
    assert done
    world.give_up(lost)
    world.finish(done)
    ended = world.get(run)
    assert ended.state is RunState.FAILED
    assert {image.facts.state for image in of(ended, "inside.corp")} == {ImageState.PULLED}


def test_a_lease_shows_the_images_of_its_task_and_their_connectors_alone(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    shown, connectors = world.runs.leased(world.lease(by_delegates))
    assert shown.images == tuple(of(run, "inside.corp"))
    assert list(connectors) == ["account.inside"]
    shown, connectors = world.runs.leased(world.lease(by_platform))
    assert {image.task_id for image in shown.images} == {by_platform}
    assert list(connectors) == ["account.harnessImage"]


def test_a_lease_on_a_task_that_is_for_no_run_shows_none(world: World) -> None:
    with world.store.transaction() as tx:
        task = world.queue.enqueue(tx, "acc", PULL_KIND, {"runId": "gone"})
    with pytest.raises(RunNotFoundError, match="gone"):
        world.runs.leased(world.lease(task.id))


@pytest.mark.parametrize("first", [0, 1])
def test_the_run_ends_when_its_last_task_does(world: World, first: int) -> None:
    run = world.start()
    tasks = tasks_of(run)
    world.finish(tasks[first])
    half = world.get(run)
    assert half.state is RunState.RUNNING
    assert {image.facts.state for image in half.images if image.task_id == tasks[first]} == {ImageState.PULLED}
    assert {image.facts.state for image in half.images if image.task_id != tasks[first]} == {ImageState.PENDING}
    world.clock.advance(5)
    world.finish(tasks[1 - first])
    ended = world.get(run)
    assert ended.state is RunState.SUCCEEDED
    assert ended.finished_at == world.clock.now()
    assert [world.task(task).state for task in tasks] == [TaskState.SUCCEEDED] * 2


def test_a_word_about_an_image_of_another_task_does_not_count(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    world.runs.finish(world.lease(by_delegates), [(image.pull_key, PULLED) for image in run.images])
    seen = world.get(run)
    assert seen.state is RunState.RUNNING
    assert {image.facts.state for image in seen.images if image.task_id == by_platform} == {ImageState.PENDING}


def test_an_image_that_its_task_says_nothing_about_has_failed(world: World) -> None:
    run = world.start()
    _, by_delegates = tasks_of(run)
    world.runs.finish(world.lease(by_delegates), [])
    failures = [image.facts.failure for image in of(world.get(run), "inside.corp")]
    assert [failure and failure.code for failure in failures] == ["task-left-image"] * 2
    task = world.task(by_delegates)
    assert (task.state, task.error and task.error["code"]) == (TaskState.FAILED, "task-left-image")


def test_a_failed_image_stands_in_the_error_of_its_task_and_in_the_run_only(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    world.finish(by_platform)
    world.finish(by_delegates, ImageFacts(ImageState.FAILED, failure=GONE))
    assert world.get(run).state is RunState.FAILED
    assert world.task(by_platform).error is None
    assert world.task(by_delegates).error == {
        "code": GONE.code,
        "category": GONE.category,
        "message": GONE.message,
        "hint": GONE.hint,
    }


def test_finishing_once_more_under_the_same_lease_changes_nothing(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    lease = world.lease(by_delegates)
    keys = [image.pull_key for image in of(run, "inside.corp")]
    world.runs.finish(lease, [(key, PULLED) for key in keys])
    before = world.get(run)
    world.runs.finish(lease, [(key, ImageFacts(ImageState.FAILED, failure=GONE)) for key in keys])
    assert world.get(run) == before
    world.finish(by_platform)
    ended = world.get(run)
    world.clock.advance(1)
    world.runs.finish(lease, [])
    assert world.get(run) == ended


def test_a_stale_lease_changes_nothing(world: World) -> None:
    run = world.start()
    _, by_delegates = tasks_of(run)
    stale = world.lease(by_delegates, "lost")
    world.clock.advance(61)
    fresh = world.lease(by_delegates, "other")
    (key, *_) = [image.pull_key for image in of(run, "inside.corp")]
    with pytest.raises(StaleLeaseError):
        world.runs.begin(stale, "id of lost", "lost")
    with pytest.raises(StaleLeaseError):
        world.runs.record(stale, [(key, PULLED)])
    with pytest.raises(StaleLeaseError):
        world.runs.finish(stale, [(key, PULLED)])
    with pytest.raises(StaleLeaseError):
        world.give_back(stale)
    assert world.get(run) == run
    world.runs.finish(fresh, [(key, PULLED)])
    with pytest.raises(StaleLeaseError):
        world.runs.finish(stale, [(key, PULLED)])


def test_the_name_of_who_performs_a_task_stands_at_its_images_and_nobody_elses(world: World) -> None:
    run = world.start()
    _, by_delegates = tasks_of(run)
    lease = world.lease(by_delegates)
    begun, _ = world.runs.begin(lease, "id of eu", "delegate-eu")
    assert {image.performer for image in begun.images} == {"id of eu"}
    world.runs.record(lease, [(of(run, "inside.corp")[0].pull_key, ImageFacts(ImageState.PULLING, bytes_done=1))])
    seen = world.get(run)
    assert {image.delegate for image in of(seen, "inside.corp")} == {"delegate-eu"}
    assert {image.delegate for image in of(seen, "docker.io")} == {None}
    assert {image.facts.bytes_done for image in of(seen, "inside.corp")} == {1}


@pytest.mark.parametrize("performer", ["other", "first"])
def test_a_digest_that_one_performer_resolved_is_no_order_for_another(world: World, performer: str) -> None:
    run = world.start()
    by_platform, _ = tasks_of(run)
    lease = world.lease(by_platform, "first")
    world.runs.begin(lease, "first", "same name")
    done, resolved, *_ = dict.fromkeys(image.pull_key for image in run.images if image.task_id == by_platform)
    facts = ImageFacts(ImageState.PULLING, digest="sha256:" + "b" * 64, bytes_total=9, bytes_done=5)
    world.runs.record(lease, [(done, PULLED), (resolved, facts)])
    world.give_back(lease)
    begun, _ = world.runs.begin(world.lease(by_platform, performer), performer, "same name")
    shown = {image.pull_key: image for image in begun.images}
    assert shown[resolved].facts == (facts if performer == "first" else ImageFacts())
    assert (shown[done].facts, shown[done].performer) == (PULLED, "first"), "an outcome stays with who had it"


def test_another_attempt_keeps_what_is_done_and_the_digest_that_was_resolved(world: World) -> None:
    run = world.start()
    by_platform, _ = tasks_of(run)
    lease = world.lease(by_platform, "first")
    done, resolved, *_ = dict.fromkeys(image.pull_key for image in run.images if image.task_id == by_platform)
    then, now = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    world.runs.record(lease, [(done, PULLED), (resolved, ImageFacts(ImageState.RESOLVED, digest=then))])
    world.give_back(lease)
    again = world.lease(by_platform, "second")
    shown = {image.pull_key: image.facts for image in world.runs.leased(again)[0].images}
    assert shown[done] == PULLED
    assert shown[resolved].digest == then
    rest = [(key, replace(PULLED, digest=now)) for key in shown]
    world.runs.finish(again, rest)
    ended = {image.pull_key: image.facts for image in world.get(run).images}
    assert ended[done] == PULLED
    assert ended[resolved].digest == then


# Tasks that nobody performs


def test_a_task_that_nobody_may_do_fails_its_images_and_the_other_task_succeeds(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    world.give_up(by_delegates)
    half = world.get(run)
    assert half.state is RunState.RUNNING
    assert {image.facts.failure for image in of(half, "inside.corp")} == {
        ImageFailure("no-eligible-delegates", "unavailable", "nobody has it", "start one")
    }
    world.finish(by_platform)
    ended = world.get(run)
    assert ended.state is RunState.FAILED
    assert {image.facts.state for image in of(ended, "docker.io")} == {ImageState.PULLED}


def test_the_end_of_the_last_task_ends_the_run_also_when_it_was_given_up(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    world.finish(by_platform)
    world.give_up(by_delegates)
    assert world.get(run).state is RunState.FAILED


def test_a_task_whose_workers_all_go_silent_is_ended_by_the_sweep_and_its_images_with_it(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    world.finish(by_platform)
    for attempt in range(3):
        world.lease(by_delegates, f"delegate {attempt}")
        world.clock.advance(61)
        world.runs.sweep()
    ended = world.get(run)
    assert ended.state is RunState.FAILED
    codes = {image.facts.failure.code for image in of(ended, "inside.corp") if image.facts.failure}
    assert codes == {"task-attempts-exhausted"}


def test_a_restart_takes_back_the_platforms_task_and_leaves_the_delegates_alone(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    world.lease(by_platform, "platform")
    world.lease(by_delegates, "a delegate")
    world.runs.reclaim("platform")
    assert [world.task(task).state for task in (by_platform, by_delegates)] == [TaskState.QUEUED, TaskState.LEASED]
    assert world.get(run).state is RunState.RUNNING


def test_the_hook_passes_over_tasks_that_are_not_for_a_run_or_go_on(world: World) -> None:
    run = world.start()
    with world.store.transaction() as tx:
        other = world.queue.enqueue(tx, "acc", "testConnection", {})
        dead = world.queue.give_up(tx, other.id, NOBODY)
        assert dead is not None
        world.runs.task_given_up(tx, dead)
        world.runs.task_given_up(tx, replace(dead, kind=PULL_KIND))
        world.runs.task_given_up(tx, world.task(run.task_ids[0]))
    assert world.get(run) == run


# Cancelled


def test_a_cancelled_run_ends_its_waiting_tasks_and_asks_the_others_to_stop(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    lease = world.lease(by_delegates)
    cancelled = world.runs.cancel("acc", run.id)
    assert cancelled.state is RunState.CANCELLED
    assert world.task(by_platform).state is TaskState.CANCELLED
    assert world.task(by_delegates).is_cancel_requested
    codes = {image.facts.failure.code for image in of(cancelled, "docker.io") if image.facts.failure}
    assert codes == {"task-cancelled"}
    assert {image.facts.state for image in of(cancelled, "inside.corp")} == {ImageState.PENDING}
    world.runs.finish(lease, [])
    ended = world.get(run)
    assert (ended.state, ended.finished_at) == (RunState.CANCELLED, cancelled.finished_at)
    assert all(image.facts.state.is_final for image in ended.images)
    assert world.task(by_delegates).state is TaskState.CANCELLED
    assert world.runs.cancel("acc", run.id) == ended


def test_a_task_that_was_done_when_it_was_cancelled_has_succeeded(world: World) -> None:
    run = world.start()
    _, by_delegates = tasks_of(run)
    lease = world.lease(by_delegates)
    world.runs.cancel("acc", run.id)
    world.runs.finish(lease, [(image.pull_key, PULLED) for image in of(run, "inside.corp")])
    assert world.task(by_delegates).state is TaskState.SUCCEEDED
    assert world.get(run).state is RunState.CANCELLED


def test_one_task_that_is_cancelled_by_itself_does_not_end_the_others(world: World) -> None:
    run = world.start()
    by_platform, by_delegates = tasks_of(run)
    with world.store.transaction() as tx:
        world.runs.task_given_up(tx, world.queue.cancel(tx, by_delegates))
    assert world.get(run).state is RunState.RUNNING
    with world.store.transaction() as tx:
        world.runs.task_given_up(tx, world.queue.cancel(tx, by_platform))
    assert world.get(run).state is RunState.CANCELLED


# Changes are told


def test_everything_that_changes_a_run_is_told_to_who_waits_for_it(world: World) -> None:
    run, other = world.start(), world.start()
    told: list[str] = []
    world.store.signals.on(Topic.RUN, told.append)
    with world.runs.changes(run.id) as bell, world.runs.changes(other.id) as silent:
        by_platform, by_delegates = tasks_of(run)
        world.runs.record(world.lease(by_platform), [(run.images[0].pull_key, ImageFacts(ImageState.RESOLVING))])
        world.give_up(by_delegates)
        world.runs.cancel("acc", run.id)
        assert (bell.count, silent.count) == (3, 0)
    assert told == [run.id] * 3


# Whatever the pipeline and whatever becomes of the tasks


_SELECTORS = st.sampled_from(["", "a", "b", "[a, b]", "[B, a]"])
_CONNECTORS = st.sampled_from(["", "account.inside", "account.any", "account.harnessImage", "account.nobody"])
_IMAGES = st.sampled_from(["tool:1", "golang", "other.corp/x:2", "NO REFERENCE"])
_STEP = st.tuples(_SELECTORS, _CONNECTORS, _IMAGES)
_STAGE = st.tuples(_SELECTORS, st.lists(_STEP, max_size=4))


def _pipeline(selectors: str, stages: list[tuple[str, list[tuple[str, str, str]]]]) -> str:
    lines = ["pipeline:", f"  delegateSelectors: {selectors}", "  stages:"]
    for number, (of_stage, steps) in enumerate(stages):
        lines += [
            f"    - stage: {{identifier: s{number}, type: CI, delegateSelectors: {of_stage or '~'}, spec: {{",
            "        infrastructure: {type: KubernetesDirect, spec: {connectorRef: c, namespace: n}},",
            "        execution: {steps: [",
            *(
                f"          {{step: {{identifier: t{index}, type: Run, spec: {{image: '{image}',"
                f" connectorRef: '{connector}', delegateSelectors: {of_step or '~'}}}}}}},"
                for index, (of_step, connector, image) in enumerate(steps)
            ),
            "        ]}}}",
        ]
    return "\n".join(lines)


def test_a_run_in_a_place_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(PlaceNotFoundError, match=r"project \[nowhere\] not found\."):
        world.start(scope=Scope("acc", "default", "nowhere"))
    with pytest.raises(PlaceNotFoundError, match=r"org \[nowhere\] not found\."):
        world.runs.explain(MIXED.encode(), Scope("acc", "nowhere"))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), selectors=_SELECTORS, stages=st.lists(_STAGE, min_size=1, max_size=3), there=st.booleans())
def test_every_image_has_one_task_or_an_outcome_and_every_run_ends_with_its_last_task(
    data: st.DataObject, selectors: str, stages: list[tuple[str, list[tuple[str, str, str]]]], there: bool
) -> None:
    world = World(MemoryStore(), _connectors())
    world.settler.has_delegates = there
    run = world.start(_pipeline(selectors, stages))
    assert all((image.task_id is None) == image.facts.state.is_final for image in run.images)
    by_key: dict[str, set[str | None]] = {}
    for image in run.images:
        if not image.facts.state.is_final:
            by_key.setdefault(image.pull_key, set()).add(image.task_id)
    assert all(len(tasks) == 1 for tasks in by_key.values())
    routes = [world.task(task).route for task in run.task_ids]
    assert len({str(route) for route in routes}) == len(routes)
    for position, task in enumerate(data.draw(st.permutations(run.task_ids))):
        assert world.get(run).state is RunState.RUNNING, position
        if data.draw(st.booleans()) or world.task(task).route is None:
            _perform_all_platform_work(world) if world.task(task).route is None else world.finish(task)
        else:
            world.give_up(task)
    ended = world.get(run)
    assert ended.state.is_final
    assert all(image.facts.state.is_final for image in ended.images)


def _perform_all_platform_work(world: World) -> None:
    while (lease := world.queue.lease("platform", (PULL_KIND,))) is not None:
        run, _ = world.runs.leased(lease)
        world.runs.finish(lease, [(image.pull_key, PULLED) for image in run.images])


def _connectors() -> list[Connector]:
    urls = {
        "harnessImage": "https://index.docker.io/v2/",
        "inside": "http://inside.corp:5000",
        "any": "https://any.corp",
    }
    specs = {name: DockerRegistrySpec(url, ProviderType.OTHER) for name, url in urls.items()}
    specs["harnessImage"] = replace(specs["harnessImage"], execute_on_delegate=False)
    specs["inside"] = replace(specs["inside"], delegate_selectors=("inside",))
    account, now = Scope("acc"), FakeClock().now()
    return [Connector(name, account, name, name, "", {}, spec, 1, now, now) for name, spec in specs.items()]
