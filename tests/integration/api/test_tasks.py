"""Tasks and copies on our own API: where they are, why, and how they end."""

from typing import Any

from starlette.testclient import TestClient

from pierhead.control.delegates import Conclusion, LoggedLine, LogLine, Route
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskRow, TaskState
from pierhead.protocol.tasks import CopyEvent, CopyResult, CopyState, TaskFailure
from pierhead.server.jobs.work import Report
from pierhead.testing.application import A_DIGEST, MemoryApplication
from pierhead.testing.enrolled import enrol

TASKS, COPIES = "/pierhead/v1/tasks", "/pierhead/v1/copies"


def queued(application: MemoryApplication, *, selectors: tuple[str, ...] | None = ("gpu",)) -> TaskRow:
    """A task for delegates; with no ``selectors`` one of the platform."""
    scope = Scope(application.account.id)
    route = None if selectors is None else Route(scope, selectors, "stage", ("https://r.example",)).to_json()
    payload = {"connector": "mirror", "repository": "a/b", "secret": "secret-reference-that-stays-here"}
    with application.store.transaction() as tx:
        return application.queue.enqueue(tx, scope.account, "listTags", payload, route=route)


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_task_is_shown_without_its_payload(client: TestClient, application: MemoryApplication) -> None:
    task = queued(application)
    answer = client.get(f"{TASKS}/{task.id}")
    assert "secret-reference" not in answer.text
    shown = data(answer)
    assert shown.pop("createdAt") > 1_000_000_000_000
    assert shown == {
        "id": task.id,
        "kind": "listTags",
        "connectors": ["mirror"],
        "subject": "a/b",
        "run": None,
        "state": "QUEUED",
        "route": {
            "orgIdentifier": None,
            "projectIdentifier": None,
            "selectors": ["gpu"],
            "selectedBy": "stage",
            "origins": ["https://r.example"],
        },
        "holder": None,
        "holderName": None,
        "attempts": 0,
        "maxAttempts": 3,
        "fence": 0,
        "isCancelRequested": False,
        "error": None,
        "deadlineAt": None,
        "leaseExpiresAt": None,
        "finishedAt": None,
    }


def test_dead_letters_are_found_by_their_state_with_their_reason(
    client: TestClient, application: MemoryApplication
) -> None:
    queued(application, selectors=None)
    dead = queued(application)
    application.dispatcher.dispatch()  # there is no delegate at all, so nobody can ever do it
    page = data(client.get(f"{TASKS}?state=DEAD"))
    assert [task["id"] for task in page["content"]] == [dead.id]
    error = page["content"][0]["error"]
    assert set(error) == {"code", "category", "message", "hint"}
    assert error["code"] == "no-eligible-delegates"
    assert data(client.get(TASKS))["totalItems"] == 2
    assert data(client.get(f"{TASKS}?state=DEAD&state=QUEUED"))["totalItems"] == 2
    assert client.get(f"{TASKS}?state=LOST").status_code == 400


def test_the_selection_says_for_every_delegate_why_not(client: TestClient, application: MemoryApplication) -> None:
    scope = Scope(application.account.id)
    enrol(application, scope, "plain")
    enrol(application, scope, "away", tags=("gpu",), is_connected=False)
    task = queued(application)
    with application.store.transaction() as tx:
        at = application.clock.now()
        tx.selection_log.add([LoggedLine(task.id, at, LogLine(Conclusion.INFO, "it began", "plain", "0"))])
    shown = data(client.get(f"{TASKS}/{task.id}/selection"))
    assert (shown["task"], shown["state"], shown["route"]["selectors"]) == (task.id, "QUEUED", ["gpu"])
    [logged] = shown["log"]
    assert logged.pop("at") > 1_000_000_000_000
    assert logged == {"conclusion": "Info", "text": "it began", "delegate": "plain", "delegateId": "0"}
    why = {line["delegate"].partition(" ")[0]: line for line in shown["now"] if line["delegate"]}
    assert set(why) == {"plain", "away"}
    assert "gpu" in why["plain"]["text"]
    assert {line["conclusion"] for line in why.values()} == {"Not Selected"}
    assert all(line["at"] is None for line in shown["now"])


def test_a_task_that_waits_for_no_delegate_has_nothing_to_choose(
    client: TestClient, application: MemoryApplication
) -> None:
    task = queued(application, selectors=None)
    shown = data(client.get(f"{TASKS}/{task.id}/selection"))
    assert (shown["route"], shown["log"], shown["now"]) == (None, [], [])


def test_a_waiting_task_is_cancelled_at_once_and_an_ended_one_stays(
    client: TestClient, application: MemoryApplication
) -> None:
    task = queued(application)
    assert data(client.post(f"{TASKS}/{task.id}/cancel"))["state"] == "CANCELLED"
    assert data(client.post(f"{TASKS}/{task.id}/cancel"))["state"] == "CANCELLED"


def test_the_holder_of_a_running_task_is_asked_to_stop(client: TestClient, application: MemoryApplication) -> None:
    task = queued(application, selectors=None)
    assert application.queue.lease("platform", ("listTags",)) is not None
    shown = data(client.post(f"{TASKS}/{task.id}/cancel"))
    assert (shown["state"], shown["holderName"], shown["isCancelRequested"]) == ("LEASED", "platform", True)


def test_a_holder_is_told_by_its_name_and_by_its_id_alone_once_it_is_forgotten(
    client: TestClient, application: MemoryApplication
) -> None:
    delegate = enrol(application, Scope(application.account.id), "box", tags=("gpu",), host="box-1")
    task = queued(application)
    with application.store.transaction() as tx:
        application.queue.acquire(tx, task.id, delegate.id)
    shown = data(client.get(f"{TASKS}/{task.id}"))
    assert (shown["holder"], shown["holderName"]) == (delegate.id, "box (box-1)")
    assert data(client.get(TASKS))["content"] == [shown]
    with application.store.transaction() as tx:
        tx.delegates.delete(delegate.id)
    assert data(client.get(f"{TASKS}/{task.id}"))["holderName"] is None


def test_tasks_of_another_account_are_not_there(client: TestClient, application: MemoryApplication) -> None:
    with application.store.transaction() as tx:
        theirs = application.queue.enqueue(tx, "another account", "pull", {})
    for method, path in (("GET", ""), ("GET", "/selection"), ("POST", "/cancel")):
        answer = client.request(method, f"{TASKS}/{theirs.id}{path}")
        assert (answer.status_code, answer.json()["pierheadCode"]) == (404, "task-not-found")
    assert client.get(f"{COPIES}/{theirs.id}").status_code == 404
    assert application.queue.get("another account", theirs.id).state is TaskState.QUEUED


COPY = {
    "source": {"connector": "account.harnessImage", "image": "harness/ci-addon:1.16.92"},
    "target": {"connector": "account.harnessImage", "image": "mirror/ci-addon:1.16.92"},
    "platforms": ["linux/amd64"],
}


def test_a_copy_is_a_task_that_tells_its_outcome(client: TestClient, application: MemoryApplication) -> None:
    started = data(client.post(COPIES, json=COPY))
    assert started["image"] is None
    task = started["task"]
    assert (task["kind"], task["state"]) == ("copy", "QUEUED")
    assert task["subject"] == "harness/ci-addon:1.16.92 to mirror/ci-addon:1.16.92"
    lease = application.queue.lease("platform", ("copy",))
    assert lease is not None
    event = CopyEvent(key="image", state=CopyState.COPIED, digest=A_DIGEST, bytes_total=10, bytes_done=10, seconds=0.5)
    application.works["copy"].finish(lease, CopyResult(images=(event,)), is_cancelled=False)
    done = data(client.get(f"{COPIES}/{task['id']}"))
    assert done["task"]["state"] == "SUCCEEDED"
    assert done["image"] == {
        "key": "image",
        "state": "copied",
        "digest": A_DIGEST,
        "bytesTotal": 10,
        "bytesDone": 10,
        "bytesFetched": None,
        "bytesMounted": None,
        "sourceDigest": None,
        "referrers": None,
        "referrersLeftOut": None,
        "seconds": 0.5,
        "failure": None,
    }


def test_a_failed_copy_says_why(client: TestClient, application: MemoryApplication) -> None:
    task = data(client.post(COPIES, json=COPY))["task"]
    lease = application.queue.lease("platform", ("copy",))
    assert lease is not None
    error = TaskFailure(code="push-denied", category="denied", message="no right to push", hint="ask for it")
    event = CopyEvent(key="image", state=CopyState.FAILED, error=error)
    application.works["copy"].finish(lease, CopyResult(images=(event,)), is_cancelled=False)
    done = data(client.get(f"{COPIES}/{task['id']}"))
    assert (done["task"]["state"], done["task"]["error"]["code"]) == ("FAILED", "push-denied")
    assert done["image"]["failure"]["message"] == "no right to push"


def test_a_copy_of_what_cannot_be_is_refused_before_there_is_a_task(
    client: TestClient, application: MemoryApplication
) -> None:
    def with_source(**changes: str) -> dict[str, Any]:
        return {**COPY, "source": {**COPY["source"], **changes}}  # type: ignore[dict-item]

    bodies = [
        with_source(connector="account.nope"),
        with_source(connector=""),
        with_source(image="UPPER case"),
        {**COPY, "platforms": ["windows"]},
        {**COPY, "platforms": ["linux/amd64"] * 33},
        {**COPY, "tag": "x"},
        {"source": COPY["source"]},
    ]
    for body in bodies:
        assert client.post(COPIES, json=body).status_code in (400, 404), body
    assert data(client.get(TASKS))["totalItems"] == 0


def test_repositories_and_what_a_tag_means_come_through_a_connector(
    client: TestClient, application: MemoryApplication
) -> None:
    application.connector_tasks.repositories = ("a", "b")
    own = "/pierhead/v1/connectors/harnessImage"
    assert data(client.get(f"{own}/repositories?limit=1")) == {"repositories": ["a"], "truncated": True}
    resolved = data(client.get(f"{own}/resolve?image=harness/ci-addon:1.16.92"))
    assert (resolved["reference"], resolved["digest"]) == ("harness/ci-addon:1.16.92", A_DIGEST)
    assert client.get(f"{own}/resolve").status_code == 400
    assert client.get("/pierhead/v1/connectors/nope/repositories").status_code == 404


def test_how_far_a_copy_is_can_be_seen_while_it_goes_on(client: TestClient, application: MemoryApplication) -> None:
    task = data(client.post(COPIES, json=COPY))["task"]
    lease = application.queue.lease("platform", ("copy",))
    assert lease is not None
    event = CopyEvent(key="image", state=CopyState.COPYING, bytes_total=10, bytes_done=4)
    application.works["copy"].progress(lease, Report(copies=(event,)))
    image = data(client.get(f"{COPIES}/{task['id']}"))["image"]
    assert (image["state"], image["bytesDone"], image["bytesTotal"]) == ("copying", 4, 10)
