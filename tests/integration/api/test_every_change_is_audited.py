"""Every operation that changes something writes one record, with the caller in it; no other, and no refusal, does."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.audit import Action, PrincipalType
from pierhead.control.secrets import ConfiguredStore, ManagerType, Reach
from pierhead.kit.redact import SecretValue
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.granted import somebody

from .story import READS, STORY, WITHOUT_A_KEY, Story


class OpenVault:
    """Has every path, and is asked for none here."""

    def check(self, path: str, version: str | None) -> None:
        del path, version

    def read(self, path: str, version: str | None) -> SecretValue:
        return SecretValue(f"{path} {version}")


@pytest.fixture
def application(tmp_path: Path) -> MemoryApplication:
    vault = ConfiguredStore("vault", "Vault", ManagerType.VAULT, Reach(), OpenVault())
    return memory_application(tmp_path, managers=(vault,))


@pytest.fixture
def story(client: TestClient, application: MemoryApplication) -> Story:
    client.base_url = "https://pier.example"  # or no session would come back
    return Story(client, application)


def test_every_operation_that_changes_something_has_a_sample(story: Story) -> None:
    told = {step.operation for step in STORY}
    assert sorted(set(story.routes) - told - READS) == []
    assert sorted(told & READS) == []


def test_every_change_writes_one_record_with_the_caller_in_it(story: Story) -> None:
    problems = []
    for step in STORY:
        for prepared in step.path.values():
            story.now(prepared)
        before = len(story.records())
        if step.operation in WITHOUT_A_KEY:
            key = story.client.headers.pop("X-API-KEY")
        answer = story.send(step)
        if step.operation in WITHOUT_A_KEY:
            story.client.headers["X-API-KEY"] = key
        new = story.records()[before:]
        if answer.status_code >= 300:
            problems.append(f"{step.operation}: {answer.status_code} {answer.text[:300]}")
            continue
        if step.keep:
            story.kept[step.keep] = answer.json()["data"]
        who = story.kept["user"]["id"] if step.operation in WITHOUT_A_KEY else story.admin
        wanted = [(PrincipalType.USER, who)]
        if [(record.entry.by.type, record.entry.by.identifier) for record in new] != wanted:
            problems.append(f"{step.operation}: {[(r.entry.action, r.entry.by, r.entry.subject) for r in new]}")
    assert not problems, "\n".join(problems)
    assert story.application.audit.verify(story.account).records == len(story.records())


def test_what_is_refused_or_fails_writes_none(story: Story) -> None:
    _, key = somebody(story.application)
    admin = story.client.headers["X-API-KEY"]
    problems = []
    for step in STORY:
        for prepared in (*step.path.values(), step.body):
            if step.operation not in WITHOUT_A_KEY:
                _try(story, prepared)
        before = len(story.records())
        story.client.headers["X-API-KEY"] = key.reveal()
        refused = None if step.operation in (*WITHOUT_A_KEY, "updateUserInfo") else story.send(step)
        story.client.headers["X-API-KEY"] = admin
        new = [record for record in story.records()[before:] if record.entry.action is not Action.REFUSED]
        if new or (refused is not None and refused.status_code < 300):
            problems.append(f"{step.operation}: {refused and refused.status_code} {new}")
    assert problems == []


def _try(story: Story, prepared: Any) -> None:
    story.kept.setdefault("user", {"id": "nobody"})
    story.kept.setdefault("eve", {"id": "nobody"})
    story.kept.setdefault("copy", {"task": {"id": "none"}})
    story.kept.setdefault("run", {"id": "none"})
    story.kept.setdefault("mirror_run", {"id": "none"})
    story.now(prepared)
