"""What one delegate says cannot lead the next one astray, nor keep a task from it for ever."""

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.pipelines import PULL_KIND, ImageState, Run
from pierhead.control.scopes import Scope
from pierhead.control.tasks import FREE_RELEASES, TaskState
from pierhead.testing.application import MemoryApplication

EVIL = "sha256:" + "b" * 64
PIPELINE = b"""
pipeline:
  identifier: p
  delegateSelectors: [dmz]
  stages:
    - stage:
        identifier: s
        type: CI
        spec:
          cloneCodebase: false
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.c, namespace: n}}
          execution:
            steps:
              - step: {identifier: t, type: Run, spec: {image: 'tool:1', connectorRef: account.private}}
"""


@pytest.fixture
def run(application: MemoryApplication) -> Run:
    spec = {"dockerRegistryUrl": "https://r.internal", "providerType": "Other", "auth": {"type": "Anonymous"}}
    document = {"identifier": "private", "name": "private", "type": "DockerRegistry", "spec": spec}
    application.connectors.create(parse_connector({"connector": document}, application.account.id))
    return application.runs.initialize(PIPELINE, Scope(application.account.id), "ada")


def task_of(run: Run) -> str:
    (task_id,) = {image.task_id for image in run.images if image.reference.startswith("r.internal/")}
    return task_id


def take(application: MemoryApplication, delegate, task_id: str):
    """The task taken as soon as it is offered to this delegate; the others get nothing meanwhile."""
    for _ in range(10):
        application.dispatcher.dispatch()
        if taken := delegate.take(task_id):
            return taken
        application.clock.advance(6)
        delegate.poll()
    raise AssertionError("it was never offered")


def test_the_digest_that_one_delegate_reports_is_no_order_for_the_next(application, run, newcomer) -> None:
    task_id = task_of(run)
    liar = newcomer(tags=("dmz",)).join()
    head, task = take(application, liar, task_id)
    assert head.kind == PULL_KIND
    (image,) = task.images
    said = {"key": image.key, "state": "resolved", "digest": EVIL}
    assert liar.progress(task_id, head.fence, images=[said]).status == 200
    assert EVIL in {each.facts.digest for each in application.runs.get(run.account, run.id).images}
    liar.post(f"tasks/{task_id}/release", {"fence": head.fence})
    honest = newcomer(host_name="probe-1", tags=("dmz",)).join()
    _, again = take(application, honest, task_id)
    assert [each.digest for each in again.images] == [None]
    shown = [each for each in application.runs.get(run.account, run.id).images if each.task_id == task_id]
    assert {(each.facts.digest, each.facts.state, each.performer) for each in shown} == {
        (None, ImageState.PENDING, honest.id)
    }


def test_the_same_delegate_goes_on_with_the_digest_it_found(application, run, newcomer) -> None:
    task_id = task_of(run)
    delegate = newcomer(tags=("dmz",)).join()
    head, task = take(application, delegate, task_id)
    said = {"key": task.images[0].key, "state": "resolved", "digest": EVIL}
    delegate.progress(task_id, head.fence, images=[said])
    delegate.session = "another-start-of-the-process"
    assert delegate.open_session().status == 200
    application.queue.sweep()
    _, again = take(application, delegate, task_id)
    assert [each.digest for each in again.images] == [EVIL]


def test_taking_a_task_and_giving_it_back_ends_it_some_day(application, run, newcomer) -> None:
    task_id = task_of(run)
    delegate = newcomer(tags=("dmz",)).join()
    times = 0
    while application.queue.get(run.account, task_id).state is TaskState.QUEUED:
        delegate.session = f"start-number-{times:06}"
        assert delegate.open_session().status == 200
        head, _ = take(application, delegate, task_id)
        assert delegate.post(f"tasks/{task_id}/release", {"fence": head.fence}).status == 200
        times += 1
    assert times == FREE_RELEASES + 3
    application.queue.sweep()
    assert application.queue.get(run.account, task_id).state is TaskState.DEAD


def test_progress_does_not_keep_a_cancelled_task_alive(application, run, newcomer) -> None:
    task_id = task_of(run)
    delegate = newcomer(tags=("dmz",)).join()
    head, _ = take(application, delegate, task_id)
    application.runs.cancel(run.account, run.id)
    for _ in range(3):
        assert delegate.progress(task_id, head.fence).body == {"isCancelRequested": True}
        application.clock.advance(application.queue.lease_s / 3)
    application.queue.sweep()
    assert application.queue.get(run.account, task_id).state is TaskState.CANCELLED
    assert delegate.progress(task_id, head.fence).status == 409
