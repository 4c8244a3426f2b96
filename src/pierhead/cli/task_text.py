"""Tasks as people read them, and the answer to the question why a task went where it went."""

from collections.abc import Iterable, Sequence
from typing import Any

from .format import moment
from .pages import when
from .render import Screen


def tell_tasks(screen: Screen, tasks: Iterable[dict[str, Any]]) -> None:
    columns = ("task", "kind", "what", "connector", "state", "by", "tries", "made", "error")
    screen.table(columns, [_row(task) for task in tasks])


def tell_task(screen: Screen, task: dict[str, Any]) -> None:
    error = task.get("error") or {}
    screen.pairs(
        [
            ("task", task["id"]),
            ("kind", task["kind"]),
            ("what", task.get("subject")),
            ("run", task.get("run")),
            ("connector", _connectors(task)),
            ("state", task["state"] + (", asked to stop" if task.get("isCancelRequested") else "")),
            ("path", path_of(task.get("route"))),
            ("reaches", ", ".join((task.get("route") or {}).get("origins") or [])),
            ("by", task.get("holderName") or task.get("holder")),
            ("tries", f"{task['attempts']} of {task['maxAttempts']}"),
            ("lease", f"number {task['fence']}" if task["fence"] else None),
            ("until", when(task, "leaseExpiresAt")),
            ("made", when(task, "createdAt")),
            ("deadline", when(task, "deadlineAt")),
            ("ended", when(task, "finishedAt")),
            ("error", error.get("message")),
            ("code", error.get("code")),
            ("remedy", error.get("hint")),
        ]
    )


def tell_selection(screen: Screen, data: dict[str, Any]) -> None:
    """What is the case now first, because that is what can still be changed; then what has happened, in order."""
    screen.line(f"task {data['task']} {data['state']}, {path_of(data.get('route'))}")
    if now := data.get("now"):
        _tell(screen, "as it is now", ("delegate", "", "why"), [_line(line) for line in now])
    log = [(moment(line.get("at")), *_line(line)) for line in data.get("log") or []]
    if log:
        _tell(screen, "as it happened", ("when", "delegate", "", "why"), log)
    elif not now and data.get("route"):
        screen.line("nothing was decided yet")


def path_of(route: dict[str, Any] | None) -> str:
    """The way to the registry in words."""
    if route is None:
        return "through the platform"
    selectors = ", ".join(route.get("selectors") or [])
    if not selectors:
        return "through any available delegate"
    by = f", which the {route['selectedBy']} asks for" if route.get("selectedBy") else ""
    return f"through a delegate with {selectors}{by}"


def _tell(screen: Screen, title: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> None:
    screen.line()
    screen.line(title, style="bold")
    screen.table(columns, rows)


def _line(line: dict[str, Any]) -> tuple[object, object, object]:
    return line.get("delegate") or "(all)", line["conclusion"], line["text"]


def _connectors(task: dict[str, Any]) -> str:
    return ", ".join(dict.fromkeys(task.get("connectors") or []))


def _row(task: dict[str, Any]) -> tuple[object, ...]:
    error = task.get("error") or {}
    by = task.get("holderName") or task.get("holder") or ("" if task.get("route") else "platform")
    tries = f"{task['attempts']} / {task['maxAttempts']}"
    return (
        task["id"],
        task["kind"],
        task.get("subject") or (f"run {task['run']}" if task.get("run") else ""),
        _connectors(task),
        task["state"],
        by,
        tries,
        when(task, "createdAt"),
        error.get("code"),
    )
