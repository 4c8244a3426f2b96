"""Several images copied in one task: each with connectors and choices of its own, and an outcome of its own."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.tasks import Lease
from pierhead.protocol.tasks import CopyEvent, CopyResult, CopyState, CopyTask, TaskFailure
from pierhead.server.jobs.results import ForeignReportError
from pierhead.server.jobs.work import Report
from pierhead.testing.application import MemoryApplication

COPIES, TASKS = "/pierhead/v1/copies", "/pierhead/v1/tasks"
PLACE = "account.harnessImage"
DIGEST = "sha256:" + "a" * 64


def item(image: str, target: str | None = None, **more: Any) -> dict[str, Any]:
    places = {"source": image, "target": target or f"mirror/{image}"}
    return {key: {"connector": PLACE, "image": name} for key, name in places.items()} | more


MANY = {"images": [item("a/one:1"), item("a/two:1", platforms=["linux/amd64", "linux/arm64"], index="rewritten")]}


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def leased(application: MemoryApplication) -> Lease:
    lease = application.queue.lease("platform", ("copy",))
    assert lease is not None
    return lease


def test_each_image_is_ordered_with_its_own_choices(client: TestClient, application: MemoryApplication) -> None:
    started = data(client.post(COPIES, json=MANY))
    assert (started["image"], started["images"], started["task"]["subject"]) == (None, [], "2 images")
    assert started["task"]["connectors"] == ["harnessImage"]
    order = application.works["copy"].order(leased(application))
    assert isinstance(order, CopyTask)
    assert [(each.key, each.index, each.platforms) for each in order.images] == [
        ("1", "whole", ()),
        ("2", "rewritten", ("linux/amd64", "linux/arm64")),
    ]
    assert order.images[1].target.endswith("mirror/a/two:1")


def test_one_image_may_have_the_new_choices_too(client: TestClient, application: MemoryApplication) -> None:
    data(client.post(COPIES, json=item("a/one:1", referrers=True, platforms=["linux/amd64"], index="sparse")))
    order = application.works["copy"].order(leased(application))
    assert isinstance(order, CopyTask)
    (image,) = order.images
    assert (image.key, image.index, image.referrers) == ("image", "sparse", True)


def test_outcomes_stand_side_by_side_and_one_failure_fails_the_task(
    client: TestClient, application: MemoryApplication
) -> None:
    task = data(client.post(COPIES, json=MANY))["task"]
    lease = leased(application)
    error = TaskFailure(code="push-denied", category="denied", message="no right to push", hint="ask for it")
    events = (
        CopyEvent(key="1", state=CopyState.COPIED, digest=DIGEST, source_digest=DIGEST, referrers=2),
        CopyEvent(key="2", state=CopyState.FAILED, error=error),
    )
    application.works["copy"].finish(lease, CopyResult(images=events), is_cancelled=False)
    done = data(client.get(f"{COPIES}/{task['id']}"))
    assert [(each["key"], each["state"], each["referrers"]) for each in done["images"]] == [
        ("1", "copied", 2),
        ("2", "failed", None),
    ]
    assert (done["task"]["state"], done["task"]["error"]["code"]) == ("FAILED", "push-denied")
    assert done["task"]["error"]["message"] == "1 of 2 images were not copied; the first: no right to push"
    assert done["image"] is None


def test_an_image_without_an_outcome_fails_the_task(client: TestClient, application: MemoryApplication) -> None:
    task = data(client.post(COPIES, json=MANY))["task"]
    event = CopyEvent(key="1", state=CopyState.COPIED, digest=DIGEST)
    application.works["copy"].finish(leased(application), CopyResult(images=(event,)), is_cancelled=False)
    assert data(client.get(f"{COPIES}/{task['id']}"))["task"]["error"]["code"] == "no-outcome"


def test_progress_of_each_is_kept_while_it_goes_on(client: TestClient, application: MemoryApplication) -> None:
    task = data(client.post(COPIES, json=MANY))["task"]
    lease = leased(application)
    for key, done in (("1", 4), ("2", 1), ("1", 9)):
        event = CopyEvent(key=key, state=CopyState.COPYING, bytes_total=10, bytes_done=done)
        application.works["copy"].progress(lease, Report(copies=(event,)))
    images = data(client.get(f"{COPIES}/{task['id']}"))["images"]
    assert {each["key"]: each["bytesDone"] for each in images} == {"1": 9, "2": 1}
    foreign = CopyEvent(key="3", state=CopyState.COPYING)
    with pytest.raises(ForeignReportError):
        application.works["copy"].progress(lease, Report(copies=(foreign,)))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"images": []}, "is required"),
        ({**item("a/one:1"), **MANY}, "stands in each"),
        ({"images": [item("a/one:1"), item("a/two:1", "mirror/a/one:1")]}, "two images"),
        ({"images": [item("a/one:1")] * 201}, "200"),
        ({"images": [{"source": {"connector": PLACE, "image": "a:1"}}]}, "target"),
        (item("a/one:1", index="other"), "index"),
        ({"images": [item("a/one:1", tag="x")]}, "tag"),
    ],
    ids=["none", "both", "twice", "many", "half", "mode", "unknown"],
)
def test_what_cannot_be_is_refused_before_there_is_a_task(client: TestClient, body: Any, told: str) -> None:
    answer = client.post(COPIES, json=body)
    assert answer.status_code == 400, answer.text
    assert told in answer.text
    assert data(client.get(TASKS))["totalItems"] == 0


def test_one_connector_that_is_not_there_refuses_all(client: TestClient) -> None:
    other = item("a/two:1")
    other["target"]["connector"] = "account.nope"
    assert client.post(COPIES, json={"images": [item("a/one:1"), other]}).status_code == 400
    assert data(client.get(TASKS))["totalItems"] == 0
