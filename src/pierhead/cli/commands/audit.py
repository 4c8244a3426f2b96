"""``pierhead audit``: who changed what, and whether the trail is what was written."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.format import moment
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more

if TYPE_CHECKING:
    from enum import StrEnum

AUDITS = "/audit/api/audits/list"
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


@click.group()
def audit() -> None:
    """Who changed what, and whether the trail is what was written."""


@audit.command("list")
@click.option("--resource", help="Only about this kind of thing, such as CONNECTOR, or one of them: CONNECTOR/hub.")
@click.option("--action", "actions", multiple=True, help="Only this, such as UPDATE or DELETE. May be repeated.")
@click.option("--principal", help="Only by whoever has this identifier, name or email.")
@click.option("--since", help="Not older than that: 30m, 12h, 7d, 2w, or a date such as 2026-01-31.")
@page_options(20)
@with_api
def list_audits(
    invocation: Invocation,
    resource: str | None,
    actions: tuple[str, ...],
    principal: str | None,
    since: str | None,
    page: int,
    page_size: int,
) -> None:
    """List changes, newest first, of the scope and of what is in it."""
    from pierhead.control.audit import Action
    from pierhead.control.scopes import ResourceType

    kind, _, identifier = (resource or "").partition("/")
    wanted: dict[str, Any] = {"filterType": "Audit"}
    wanted["actions"] = [_known("--action", action, Action) for action in actions]
    if resource:
        wanted["resources"] = [{"type": _known("--resource", kind, ResourceType), "identifier": identifier or None}]
    if principal:
        wanted["people"] = [principal]
    if since:
        wanted["startTime"] = int(_since(since).timestamp() * 1000)
    data = invocation.api().call("POST", AUDITS, page_query(page, page_size), wanted)
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    columns = ("when", "by", "action", "what", "where", "record")
    invocation.screen.table(columns, [_row(event) for event in data["content"]])
    return tell_more(invocation.screen, data)


@audit.command("show")
@click.argument("identifier", metavar="RECORD")
@with_api
def show_audit(invocation: Invocation, identifier: str) -> None:
    """Show who made a change, when and with what, and what was there before it and after it."""
    data = invocation.api().call("GET", "/audit/api/auditYaml", {"auditId": identifier})
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    invocation.screen.pairs(_told(data))
    for title, text in (("before", data["oldYaml"]), ("after", data["newYaml"])):
        invocation.screen.line(f"{title}:" if text else f"{title}: nothing")
        for line in text.splitlines():
            invocation.screen.line(line, indent=2)
    return None


@audit.command("verify")
@with_api
def verify_audit(invocation: Invocation) -> int:
    """Check every record and the end of the trail; exit code 1 when one is not as it was written."""
    data = invocation.api().call("GET", "/pierhead/v1/audit/verify")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    elif data["intact"]:
        invocation.screen.line(f"{data['records']} records, all as they were written; the last seal is {data['seal']}")
    else:
        invocation.screen.line(f"broken at record {data['brokenAt']}: {data['problem']}", style="red")
    return 0 if data["intact"] else FAILED


def _row(event: dict[str, Any]) -> tuple[object, ...]:
    info = event["authenticationInfo"]
    who = info["labels"].get("username") or info["principal"]["identifier"]
    where = scope_of(event["resourceScope"])
    return _when(event), who, event["action"], _what(event), where, event["auditId"]


def _when(event: dict[str, Any]) -> str:
    """Also of a time that somebody has put there."""
    return moment(event["timestamp"]) or f"{event['timestamp']} ms"


def _what(event: dict[str, Any]) -> str:
    return f"{event['resource']['type']} {event['resource']['identifier']}"


def _told(data: dict[str, Any]) -> list[tuple[str, object]]:
    event, key = data["event"], data["key"]
    info = event["authenticationInfo"]
    principal, labels = info["principal"], info["labels"]
    used = labels.get("credential")
    return [
        ("when", _when(event)),
        ("by", f"{labels.get('username', '')} ({principal['type']} {principal['identifier']})".strip()),
        ("key", f"{key['identifier']} in {key['apiKeyIdentifier']} ({used})" if key else used),
        ("address", event["requestMetadata"]["clientIP"]),
        ("request", event["httpRequestInfo"]["requestId"]),
        ("action", event["action"]),
        ("what", _what(event)),
        ("where", scope_of(event["resourceScope"])),
        ("number", event["insertId"]),
    ]


def _known(option: str, word: str, words: "type[StrEnum]") -> str:
    """The word as it is written in records, however it is written here. Raises UsageError."""
    bare = word.upper().replace("-", "").replace("_", "")
    for known in words:
        if known.value.replace("_", "") == bare:
            return known.value
    raise UsageError(f"{option} {word!r} is nothing that is recorded", hint=f"known are {', '.join(words)}")


def _since(text: str) -> datetime:
    """Raises UsageError."""
    unit = _UNITS.get(text[-1:])
    if unit is not None and text[:-1].isdecimal() and len(text) < 8:
        return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * unit)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since {text!r} is no time", hint="write 30m, 12h, 7d, 2w or 2026-01-31") from None
    return found if found.tzinfo else found.astimezone()
