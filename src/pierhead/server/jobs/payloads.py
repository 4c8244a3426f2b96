"""What stands in the queue for each kind of task: places and names, never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskRow

PULL_KIND = "pull"
TEST_KIND = "testConnection"
TAGS_KIND = "listTags"
REPOSITORIES_KIND = "listRepositories"
RESOLVE_KIND = "resolve"
READ_TAGS_KIND = "readTags"
COPY_KIND = "copy"


@dataclass(frozen=True, slots=True)
class Place:
    """A connector by where it stands."""

    scope: Scope
    connector: str

    def to_json(self) -> dict[str, object]:
        return {"org": self.scope.org, "project": self.scope.project, "connector": self.connector}


def place_in(task: TaskRow, key: str | None = None) -> Place:
    """What ``Place.to_json`` wrote, into the payload itself or below ``key``; the account is always the task's."""
    return place_of(task.account, task.payload if key is None else task.payload[key])


def place_of(account: str, written: object) -> Place:
    assert isinstance(written, Mapping)
    org, project = written.get("org"), written.get("project")
    scope = Scope(account, str(org) if org else None, str(project) if project else None)
    return Place(scope, str(written["connector"]))


def text_in(task: TaskRow, key: str) -> str:
    return str(task.payload[key])


def limit_in(task: TaskRow) -> int:
    return int(str(task.payload["limit"]))


def texts_in(task: TaskRow, key: str) -> tuple[str, ...]:
    found = task.payload[key]
    assert isinstance(found, list | tuple)
    return tuple(map(str, found))
