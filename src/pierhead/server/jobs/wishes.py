"""What is wanted of a task before it is queued, and what came of one that was waited for; values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.control.audit import Action, Actor, Document
from pierhead.control.connectors import Connector
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskRow
from pierhead.protocol.tasks import TestReport


@dataclass(frozen=True, slots=True)
class Asked:
    """What the audit trail is told of somebody's wish."""

    by: Actor
    action: Action
    after: Document | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task to queue: ``connectors`` are those whose registries it has to reach."""

    scope: Scope
    kind: str
    payload: Mapping[str, object]
    connectors: tuple[Connector, ...]
    asks: bool
    asked_by: Asked | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """A connection test that was waited for; ``reason`` says in a sentence why it went the way it went."""

    report: TestReport
    task_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Queued:
    task: TaskRow
    reason: str
