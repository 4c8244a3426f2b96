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
_CLAIMED = ("HOST_NAME", "DELEGATE_TAGS")


def tell_delegates(screen: Screen, groups: Iterable[dict[str, Any]]) -> None:
    groups = list(groups)
    screen.table(_COLUMNS, [row for group in groups for row in _rows(group)])
    for replica in (replica for group in groups for replica in group["replicas"] if _waits(replica)):
        if unapproved := _unapproved(replica):
            screen.note(
                f"{replica['group']} on {replica['hostName']} waits for approval again: it now claims {unapproved}"
            )


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
    waiting = [replica for replica in group["replicas"] if _waits(replica)]
    for replica in waiting:
        screen.note(f"on {replica['hostName']} it claims {_claims(replica)}")
        if unapproved := _unapproved(replica):
            screen.note(f"approved before, but not with {unapproved}")
    if waiting:
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
    if _waits(replica) and (unapproved := _unapproved(replica)):
        screen.note(f"approved before, but not with {unapproved}")
    if experiences := replica.get("experiences"):
        screen.line()
        screen.table(("registry", "reached", "when", "counts", "why"), [_experience(each) for each in experiences])


def tell_approved(screen: Screen, name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """With what those claim that waited before: that is what was approved. Both are a group or one replica."""
    waited = {replica["id"] for replica in before.get("replicas", [before]) if _waits(replica)}
    screen.line(f"delegate {name}: approved")
    for replica in after.get("replicas", [after]):
        if replica["id"] in waited:
            screen.note(f"on {replica['hostName']}, it may now get what asks for {_claims(replica)}")


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


def _waits(replica: dict[str, Any]) -> bool:
    return bool(replica["state"] == "WAITING_FOR_APPROVAL")


def _claims(replica: dict[str, Any]) -> str:
    """What it says it is: not its name, and no tags that people put on its group."""
    own = (each["tag"] for each in replica.get("tags") or [] if each["kind"] in _CLAIMED)
    return ", ".join(sorted(own)) or "no tags"


def _unapproved(replica: dict[str, Any]) -> str:
    return ", ".join(replica.get("unapprovedTags") or [])


def _tasks(replica: dict[str, Any]) -> str:
    """``running / capacity``."""
    return f"{replica['runningTasks']} / {replica['capacity']}"


def _token(replica: dict[str, Any]) -> str:
    name = replica.get("token") or "a token that is gone"
    return name if replica.get("tokenIsLive") else f"{name} (not live)"


def _yes(value: object) -> str:
    return "yes" if value else "-"
