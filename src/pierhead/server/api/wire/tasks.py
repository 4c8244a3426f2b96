"""Tasks on our own wire: where each is, who holds it, why it went there. No payload, and so no secret."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self

from pierhead.control.delegates import LoggedLine, LogLine
from pierhead.control.tasks import TaskRow
from pierhead.kit.clock import to_epoch_ms

from .common import Wire

PLATFORM = "platform"


class RouteInfo(Wire):
    """Who asks, which decides whose delegates may; ``selectors``: what they must have; ``origins``: what they reach."""

    org_identifier: str | None
    project_identifier: str | None
    selectors: list[str]
    selected_by: str
    origins: list[str]

    @classmethod
    def of(cls, route: Mapping[str, object] | None) -> Self | None:
        if route is None:
            return None
        return cls(
            org_identifier=_text(route.get("org")),
            project_identifier=_text(route.get("project")),
            selectors=_texts(route.get("selectors")),
            selected_by=_text(route.get("selected_by")) or "",
            origins=_texts(route.get("origins")),
        )


class TaskErrorInfo(Wire):
    code: str
    category: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: Mapping[str, object] | None) -> Self | None:
        if error is None:
            return None
        code, category, message, hint = (_text(error.get(name)) or "" for name in cls.model_fields)
        return cls(code=code, category=category, message=message, hint=hint)


class TaskInfo(Wire):
    """``subject``: the image or repository it is about; ``run``: the run it belongs to. ``route`` is null for a task
    of the platform. ``holder`` has it, or had it at the end; ``holderName``: the same for people, ``platform`` for the
    server itself, null for a delegate that was forgotten meanwhile.
    """

    id: str
    kind: str
    connectors: list[str]
    subject: str | None
    run: str | None
    state: str
    route: RouteInfo | None
    holder: str | None
    holder_name: str | None
    attempts: int
    max_attempts: int
    fence: int
    is_cancel_requested: bool
    error: TaskErrorInfo | None
    created_at: int
    deadline_at: int | None
    lease_expires_at: int | None
    finished_at: int | None

    @classmethod
    def of(cls, task: TaskRow, names: Mapping[str, str]) -> Self:
        """``names``: those of delegates, by their ids."""
        is_held = task.owner is not None
        return cls(
            id=task.id,
            kind=task.kind,
            connectors=_connectors(task.payload),
            subject=_subject(task.payload),
            run=_text(task.payload.get("runId")),
            state=task.state,
            route=RouteInfo.of(task.route),
            holder=task.owner,
            holder_name=(names.get(task.owner or "") if task.route is not None else PLATFORM) if is_held else None,
            attempts=task.attempts,
            max_attempts=task.max_attempts,
            fence=task.fence,
            is_cancel_requested=task.is_cancel_requested,
            error=TaskErrorInfo.of(task.error),
            created_at=to_epoch_ms(task.created_at),
            deadline_at=_ms(task.deadline_at),
            lease_expires_at=_ms(task.lease_expires_at),
            finished_at=_ms(task.finished_at),
        )


class SelectionLine(Wire):
    """``at`` is null for what is the case now; ``delegate`` is empty for the task as a whole."""

    at: int | None
    conclusion: str
    text: str
    delegate: str
    delegate_id: str

    @classmethod
    def of(cls, line: LogLine, at: datetime | None = None) -> Self:
        return cls(
            at=_ms(at),
            conclusion=line.conclusion,
            text=line.text,
            delegate=line.delegate,
            delegate_id=line.delegate_id,
        )


class SelectionInfo(Wire):
    """``log`` is what has happened; ``now`` is what would be decided at this moment, for a task that still waits."""

    task: str
    state: str
    route: RouteInfo | None
    log: list[SelectionLine]
    now: list[SelectionLine]

    @classmethod
    def of_task(cls, task: TaskRow, log: Iterable[LoggedLine], now: Iterable[LogLine]) -> Self:
        return cls(
            task=task.id,
            state=task.state,
            route=RouteInfo.of(task.route),
            log=[SelectionLine.of(each.line, each.at) for each in log],
            now=[SelectionLine.of(each) for each in now],
        )


def _connectors(payload: Mapping[str, object]) -> list[str]:
    """Of a question or a test one, of a copy two for each image; each once where there are several images."""
    images = payload.get("images")
    if isinstance(images, list | tuple):
        return list(dict.fromkeys(name for image in images for name in _connectors(image)))
    places = [payload, payload.get("source"), payload.get("target")]
    named = [place.get("connector") for place in places if isinstance(place, Mapping)]
    return [str(name) for name in named if name is not None]


def _subject(payload: Mapping[str, object]) -> str | None:
    if "from" in payload and "to" in payload:
        return f"{payload['from']} to {payload['to']}"
    if isinstance(images := payload.get("images"), list | tuple):
        return f"{len(images)} images"
    return _text(payload.get("image") or payload.get("repository"))


def _ms(moment: datetime | None) -> int | None:
    return to_epoch_ms(moment) if moment else None


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else []
