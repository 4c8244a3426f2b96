"""Which path a question takes, what is queued for it, and how its answer or its failure comes back."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pierhead.control.connectors import UNLIMITED, ConnectivityStatus, Connector, parse_connector
from pierhead.control.delegates import DelegateState, Route
from pierhead.control.scopes import Scope
from pierhead.control.tasks import Lease, TaskRow, TaskState
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.protocol.tasks import FailedResult, TagsResult, TaskFailure, TestReport
from pierhead.server.jobs import connector_tasks
from pierhead.server.jobs.connector_tasks import ConnectorTasks, path_of
from pierhead.server.jobs.errors import TaskFailedError, TaskTimedOutError
from pierhead.server.jobs.loops import Retesting
from pierhead.server.jobs.test_work import RETEST_EVERY
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.enrolled import enrol


@pytest.fixture
def application(tmp_path) -> Iterator[MemoryApplication]:
    application = memory_application(tmp_path)
    yield application
    application.close()


@pytest.fixture
def scope(application: MemoryApplication) -> Scope:
    return Scope(application.account.id)


@pytest.fixture
def tasks(application: MemoryApplication) -> ConnectorTasks:
    return application.connector_tasks.real


def save(application: MemoryApplication, identifier: str = "c", **spec: object) -> Connector:
    given = {
        "dockerRegistryUrl": f"https://{identifier}.example",
        "providerType": "Other",
        "auth": {"type": "Anonymous"},
        "executeOnDelegate": True,
        **spec,
    }
    document = {"identifier": identifier, "name": "n", "type": "DockerRegistry", "spec": given}
    return application.connectors.create(parse_connector({"connector": document}, application.account.id)).connector


def queued(application: MemoryApplication) -> TaskRow:
    (task,) = application.queue.page(application.account.id, (TaskState.QUEUED,), PageRequest()).items
    return task


def answering(
    application: MemoryApplication, answer: Callable[[Lease], object], owner: str = "delegate"
) -> threading.Thread:
    """Performs the next routed task as a delegate would, once it is there."""

    def perform() -> None:
        ends_at = time.monotonic() + 5
        while True:
            try:
                task = queued(application)
                break
            except ValueError:
                assert time.monotonic() < ends_at
                threading.Event().wait(0.005)
        with application.store.transaction() as tx:
            lease = application.queue.acquire(tx, task.id, owner)
        assert lease is not None
        application.works[task.kind].finish(lease, answer(lease), is_cancelled=False)

    thread = threading.Thread(target=perform, daemon=True)
    thread.start()
    return thread


def test_the_connector_says_which_way_its_questions_go(application) -> None:
    assert path_of((save(application, "a", executeOnDelegate=False),)).is_platform
    anybody = path_of((save(application, "b"),))
    assert (anybody.is_platform, anybody.selectors) == (False, ())
    assert path_of((save(application, "d", delegateSelectors=["DMZ"]),)).selectors == ("dmz",)


def test_between_two_registries_whoever_has_all_the_tags_goes(application) -> None:
    near, far = save(application, "near", executeOnDelegate=False), save(application, "far", delegateSelectors=["x"])
    other = save(application, "other", delegateSelectors=["y", "x"])
    assert path_of((near, near)).is_platform
    assert path_of((near, far)).selectors == ("x",)
    assert path_of((far, other)).selectors == ("x", "y")


def test_any_delegate_means_the_platform_where_there_is_none(application, scope, tasks) -> None:
    save(application)
    tasks.start_test(scope, "c")
    assert queued(application).route is None


def test_any_delegate_means_a_delegate_where_there_is_one(application, scope, tasks) -> None:
    save(application)
    enrol(application, scope, "one", state=DelegateState.ENABLED)
    tasks.start_test(scope, "c")
    route = Route.from_json(queued(application).route)
    assert (route.origins, route.rounds, route.waits, route.ignores_failures) == (
        ("https://c.example",),
        1,
        False,
        True,
    )


def test_a_copy_waits_for_a_delegate_and_has_no_deadline(application, scope, tasks) -> None:
    save(application, "a", delegateSelectors=["x"])
    save(application, "b", executeOnDelegate=False)
    tasks.start_copy(scope, "account.a", "lib/app:1", "account.b", "app:1")
    task = queued(application)
    assert Route.from_json(task.route).waits
    assert task.deadline_at is None
    lease = Lease(application_lease(application, task))
    (image,) = application.works["copy"].order(lease).images
    assert (image.source, image.target) == ("a.example/lib/app:1", "b.example/app:1")
    assert (image.from_registry.connector, image.to_registry.connector) == ("account.a", "account.b")


def application_lease(application: MemoryApplication, task: TaskRow) -> TaskRow:
    owner = enrol(application, task.scope, "own").id
    with application.store.transaction() as tx:
        lease = application.queue.acquire(tx, task.id, owner)
    assert lease is not None
    return lease.task


def unsaved(application: MemoryApplication, identifier: str = "c", **spec: object) -> Connector:
    given = {"dockerRegistryUrl": "https://tried.example", "providerType": "Other", "auth": {"type": "Anonymous"}}
    document = {"identifier": identifier, "name": "n", "type": "DockerRegistry", "spec": {**given, **spec}}
    draft = parse_connector({"connector": document}, application.account.id)
    return application.connectors.unsaved(draft, UNLIMITED)


def test_an_unsaved_connector_is_tested_by_the_delegate_that_it_asks_for(application, scope, tasks) -> None:
    save(application)  # the same identifier, and another registry
    orders = []

    def perform(lease: Lease) -> TestReport:
        orders.append(application.works[lease.task.kind].order(lease))
        return TestReport(outcome="success", steps=())

    tried = unsaved(application, delegateSelectors=["x"], allowPrivateAddresses=True)
    thread = answering(application, perform, enrol(application, scope, "own").id)
    tested = tasks.tested_unsaved(tried)
    thread.join(5)
    assert tested.report.outcome == "success"
    (order,) = orders
    assert (order.kind, order.registry.url) == ("testConnection", "https://tried.example")
    assert application.connectors.get(scope, "c").status is None
    task = application.queue.find(scope.account, tested.task_id)
    assert Route.from_json(task.route).origins == ("https://tried.example",)


def test_an_unsaved_connector_that_nobody_can_test_fails_in_the_words_of_a_saved_one(application, scope, tasks) -> None:
    save(application)
    threading.Thread(target=lambda: wait_and_dispatch(application), daemon=True).start()
    report = tasks.tested_unsaved(unsaved(application, delegateSelectors=["x"])).report
    assert (report.outcome, report.error.code) == ("failure", "no-eligible-delegates")
    assert application.connectors.get(scope, "c").status is None


def test_the_secrets_of_an_unsaved_connector_never_stand_in_the_queue(application, scope, tasks) -> None:
    from pierhead.control.secrets import SecretDraft

    application.secrets.create(SecretDraft(scope, "password", "s", value=SecretValue("hunter2")))
    login = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.password"}}
    passwords = []

    def perform(lease: Lease) -> TestReport:
        passwords.append(application.works[lease.task.kind].order(lease).registry.password.get_secret_value())
        assert "hunter2" not in str(lease.task)
        return TestReport(outcome="success", steps=())

    thread = answering(application, perform, enrol(application, scope, "own").id)
    tasks.tested_unsaved(unsaved(application, auth=login, delegateSelectors=["x"]))
    thread.join(5)
    assert passwords == ["hunter2"]


def test_a_question_through_a_delegate_waits_for_its_answer(application, scope, tasks) -> None:
    save(application, delegateSelectors=["x"])
    found = TagsResult(name="app", tags=("1", "2"), truncated=False)
    thread = answering(application, lambda lease: found)
    assert tasks.list_tags(scope, "c", "app", 10) == found
    thread.join(5)


def test_a_failure_comes_back_as_it_was_said(application, scope, tasks) -> None:
    save(application, delegateSelectors=["x"])
    failure = TaskFailure(code="registry-denied", category="denied", message="m", hint="h")
    answering(application, lambda lease: FailedResult(error=failure))
    with pytest.raises(TaskFailedError) as caught:
        tasks.resolve(scope, "c", "app:1")
    assert caught.value.failure == failure


def test_a_task_that_nobody_can_do_says_why_in_the_same_words(application, scope, tasks) -> None:
    save(application, delegateSelectors=["x"])
    thread = threading.Thread(target=lambda: wait_and_dispatch(application), daemon=True)
    thread.start()
    report = tasks.test_connection(scope, "c")
    report = getattr(report, "report", report)
    assert (report.outcome, report.error.code) == ("failure", "no-eligible-delegates")
    assert report.error.message == "There are no eligible delegates available in the account to execute the task."
    assert application.connectors.get(scope, "c").status.status is ConnectivityStatus.FAILURE


def wait_and_dispatch(application: MemoryApplication) -> None:
    for _ in range(1000):
        application.dispatcher.dispatch()
        threading.Event().wait(0.005)


def test_a_question_that_nobody_answers_is_withdrawn(application, scope, tasks, monkeypatch) -> None:
    monkeypatch.setattr(connector_tasks, "WITHIN_S", 0.05)
    save(application, delegateSelectors=["x"])
    with pytest.raises(TaskTimedOutError):
        tasks.list_repositories(scope, "c", 10)
    (task,) = application.queue.page(scope.account, (), PageRequest()).items
    assert task.state is TaskState.CANCELLED


def test_a_waiting_task_that_is_cancelled_ends_at_once(application, scope, tasks) -> None:
    save(application, delegateSelectors=["x"])
    tasks.start_test(scope, "c")
    assert tasks.cancel(scope.account, queued(application).id).state is TaskState.CANCELLED
    assert application.connectors.get(scope, "c").status is None


def test_connectors_whose_time_has_come_are_tested_again_a_few_at_once(application, scope, tasks) -> None:
    for number in range(6):
        save(application, f"c{number}", delegateSelectors=["x"])
    with application.store.transaction() as tx:
        for number in range(6):
            tx.connectors.set_next_test(scope, f"c{number}", application.clock.now())
    retesting = Retesting(application.store, application.queue, tasks, application.clock)
    stop = threading.Event()
    stop.set()  # so that it does not wait for their ends
    retesting._step(stop)
    assert application.queue.page(scope.account, (), PageRequest()).total == 4
    retesting._step(stop)
    assert application.queue.page(scope.account, (), PageRequest()).total == 6
    retesting._step(stop)
    assert application.queue.page(scope.account, (), PageRequest()).total == 6
    application.clock.advance(RETEST_EVERY.total_seconds())
    retesting._step(stop)
    assert application.queue.page(scope.account, (), PageRequest()).total == 10
