"""Delegates as people read them: a line for each replica, and one of them with all that is known."""

from collections.abc import Iterable
from typing import Any

from .format import moment
from .pages import scope_of
from .render import Screen

_COLUMNS = ("delegate", "host", "scope", "state", "connected", "tasks", "version", "last heard", "tags")
_KINDS = {
    "DELEGATE_NAME": "its name",
    "HOST_NAME": "its host",
    "DELEGATE_TAGS": "its configuration",
    "GROUP_SELECTORS": "added here",
}


def tell_delegates(screen: Screen, groups: Iterable[dict[str, Any]]) -> None:
    screen.table(_COLUMNS, [row for group in groups for row in _rows(group)])


def tell_group(screen: Screen, group: dict[str, Any]) -> None:
    screen.pairs(
        [
            ("name", group["name"]),
            ("scope", scope_of(group)),
            ("description", group.get("description")),
            ("made", moment(group.get("createdAt"))),
        ]
    )
    _tell_tags(screen, group.get("tags") or [])
    if group["replicas"]:
        screen.line()
        columns = ("id", "host", "state", "connected", "tasks", "version", "last heard", "token")
        screen.table(columns, [_replica(replica) for replica in group["replicas"]])
    if any(replica["state"] == "WAITING_FOR_APPROVAL" for replica in group["replicas"]):
        screen.note(f"it waits for approval: pierhead delegate approve {group['name']}")


def tell_delegate(screen: Screen, replica: dict[str, Any]) -> None:
    screen.pairs(
        [
            ("id", replica["id"]),
            ("delegate", replica["group"]),
            ("host", replica["hostName"]),
            ("scope", scope_of(replica)),
            ("state", replica["state"]),
            ("connected", _yes(replica["isConnected"])),
            ("tasks", _tasks(replica)),
            ("performs", ", ".join(replica.get("kinds") or [])),
            ("version", replica["version"]),
            ("let in by", _token(replica)),
            ("enrolled", moment(replica.get("enrolledAt"))),
            ("last heard", moment(replica.get("lastHeartbeatAt"))),
            ("last task", moment(replica.get("lastAssignedAt"))),
        ]
    )
    _tell_tags(screen, replica.get("tags") or [])
    if experiences := replica.get("experiences"):
        screen.line()
        screen.table(("registry", "reached", "when", "counts", "why"), [_experience(each) for each in experiences])


def _rows(group: dict[str, Any]) -> list[tuple[object, ...]]:
    name, scope = group["name"], scope_of(group)
    tags = ", ".join(each["tag"] for each in group.get("tags") or [] if each["kind"] != "DELEGATE_NAME")
    if not group["replicas"]:
        return [(name, "none", scope, "", "-", "", "", "", tags)]
    return [
        (
            name,
            replica["hostName"],
            scope,
            replica["state"],
            _yes(replica["isConnected"]),
            _tasks(replica),
            replica["version"],
            moment(replica.get("lastHeartbeatAt")),
            tags,
        )
        for replica in group["replicas"]
    ]


def _replica(replica: dict[str, Any]) -> tuple[object, ...]:
    return (
        replica["id"],
        replica["hostName"],
        replica["state"],
        _yes(replica["isConnected"]),
        _tasks(replica),
        replica["version"],
        moment(replica.get("lastHeartbeatAt")),
        _token(replica),
    )


def _tell_tags(screen: Screen, tags: list[dict[str, Any]]) -> None:
    if tags:
        screen.line()
        screen.table(("tag", "from"), [(each["tag"], _KINDS.get(each["kind"], each["kind"])) for each in tags])


def _experience(each: dict[str, Any]) -> tuple[object, ...]:
    return each["origin"], _yes(each["isSuccess"]), moment(each["at"]), _yes(each["counts"]), each.get("reason")


def _tasks(replica: dict[str, Any]) -> str:
    """``running / capacity``."""
    return f"{replica['runningTasks']} / {replica['capacity']}"


def _token(replica: dict[str, Any]) -> str:
    name = replica.get("token") or "a token that is gone"
    return name if replica.get("tokenIsLive") else f"{name} (not live)"


def _yes(value: object) -> str:
    return "yes" if value else "-"
