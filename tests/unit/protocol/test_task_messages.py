"""Tasks and results on the wire: camelCase, nothing unknown, no secret by accident."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from pierhead.protocol.tasks import (
    ImageEvent,
    ImageState,
    ListTagsTask,
    Policy,
    PullTask,
    RegistryAccess,
    Task,
    TestConnectionTask,
)

TASK: TypeAdapter[object] = TypeAdapter(Task)
ACCESS = {"connector": "account.hub", "url": "https://registry-1.docker.io", "username": "u", "password": "s3cret"}
IMAGE = {
    "key": "1",
    "reference": "docker.io/library/alpine:3",
    "policy": "IfNotPresent",
    "timeoutS": 60,
    "registry": ACCESS,
}


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "format-the-disk"},
        {"kind": "pull", "images": [{**IMAGE, "command": "sh"}]},
        {"kind": "pull", "images": [{**IMAGE, "policy": "Sometimes"}]},
        {"kind": "pull", "images": [{**IMAGE, "timeoutS": 0}]},
        {"kind": "listTags", "registry": ACCESS, "repository": "a", "limit": 0},
        {"kind": "testConnection"},
    ],
)
def test_what_is_no_task_is_refused(message):
    with pytest.raises(ValidationError):
        TASK.validate_python(message)


def test_a_task_is_read_by_its_kind():
    assert isinstance(TASK.validate_python({"kind": "pull", "images": [IMAGE]}), PullTask)
    assert isinstance(TASK.validate_python({"kind": "testConnection", "registry": ACCESS}), TestConnectionTask)
    assert isinstance(TASK.validate_python({"kind": "listTags", "registry": ACCESS, "repository": "a"}), ListTagsTask)


def test_a_task_is_written_as_it_was_read():
    task = PullTask.model_validate({"images": [IMAGE]})
    written = json.loads(task.model_dump_json(by_alias=True))
    assert (task.images[0].policy, task.images[0].timeout_s) == (Policy.IF_NOT_PRESENT, 60)
    assert {"timeoutS", "policy", "registry"} <= written["images"][0].keys()
    assert {"secretVersion", "trustedRealmHosts", "caPem"} <= written["images"][0]["registry"].keys()


def test_secrets_are_in_no_text_of_a_task():
    access = RegistryAccess.model_validate({**ACCESS, "clientKeyPem": "k3y", "proxyUrl": "http://u:pr0xy@p:3128"})
    text = f"{access!r} {access} {access.model_dump_json()} {PullTask(images=())!r}"
    assert not [secret for secret in ("s3cret", "k3y", "pr0xy") if secret in text]


def test_events_leave_out_nothing_that_was_said():
    event = ImageEvent(key="1", state=ImageState.PULLING, bytes_done=5, bytes_total=10, manifest_digest="sha256:0")
    assert event.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "key": "1",
        "state": "pulling",
        "bytesDone": 5,
        "bytesTotal": 10,
        "manifestDigest": "sha256:0",
        "warnings": [],
    }
