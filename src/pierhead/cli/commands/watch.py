"""``pierhead watch``: see new and moved tags of an image."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import FAILED
from pierhead.cli.format import moment, short_digest
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, when
from pierhead.cli.render import Screen
from pierhead.cli.scoped import plain_identifier

_PATH = "/pierhead/v1/watches"
_named = click.argument("identifier")


@click.group()
def watch() -> None:
    """See new and moved tags of an image."""


@watch.command("create")
@_named
@click.option("--connector", required=True, shell_complete=completes("connectors"), help="Connector reference.")
@click.option("--image", required=True, help="Image, as the connector would place it.")
@click.option("--tag", help="One tag, such as latest: see when it moves.")
@click.option("--regex", metavar="PATTERN", help="Tags that match it whole; '.*' for every one.")
@click.option("--semver", metavar="RANGE", help="Versions in the range, such as ^1.16.")
@click.option(
    "--interval", type=click.IntRange(60), default=300, show_default=True, metavar="SECONDS", help="Between two looks."
)
@click.option("--name", help="Name.  [default: the identifier]")
@with_api
def create_watch(
    invocation: Invocation,
    identifier: str,
    connector: str,
    image: str,
    tag: str | None,
    regex: str | None,
    semver: str | None,
    interval: int,
    name: str | None,
) -> None:
    """Watch an image: one of --tag, --regex and --semver. The first look only records what is there."""
    identifier = plain_identifier(invocation.target, identifier)
    given = {"name": name, "tag": tag, "tagRegex": regex, "semver": semver}
    body = {"identifier": identifier, "connectorRef": connector, "image": image, "intervalSeconds": interval}
    data = invocation.api().call("POST", _PATH, body=body | {key: value for key, value in given.items() if value})
    _done(invocation, data, f"watch {identifier}: created")


@watch.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(100)
@with_api
def list_watches(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List the watches of one place, the last made first."""
    data = invocation.api().call("GET", _PATH, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "image", "tags", "newest", "looked", "error"), map(_row, data["content"]))
    return tell_more(screen, data)


@watch.command("show")
@_named
@with_api
def show_watch(invocation: Invocation, identifier: str) -> None:
    """Show a watch, and how its last look went."""
    data = invocation.api().call("GET", _one(invocation, identifier))
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return _tell(invocation.screen, data)


@watch.command("events")
@_named
@page_options(100)
@with_api
def list_events(invocation: Invocation, identifier: str, page: int, page_size: int) -> None:
    """List new and moved tags, the last seen first; the last 1,000 are kept."""
    data = invocation.api().call("GET", f"{_one(invocation, identifier)}/events", page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    _tell_events(screen, data["content"])
    return tell_more(screen, data)


@watch.command("poll")
@_named
@with_api
def poll_watch(invocation: Invocation, identifier: str) -> int:
    """Look now, and show what is new; exit code 1 when the registry gave no answer."""
    data = invocation.api().call("POST", f"{_one(invocation, identifier)}/poll")
    screen = invocation.screen
    state = data["watch"]["state"]
    if screen.is_json:
        screen.json(data)
    else:
        if data["events"]:
            _tell_events(screen, data["events"])
        _tell_state(screen, state)
    return FAILED if state["failures"] else 0


@watch.command("delete")
@_named
@yes_option
@with_api
def delete_watch(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a watch, and all that it has seen."""
    path = _one(invocation, identifier)
    confirm(f"Delete the watch {identifier}, and all that it has seen?", is_sure=is_sure)
    _done(invocation, invocation.api().call("DELETE", path), f"watch {identifier}: deleted")


def _one(invocation: Invocation, identifier: str) -> str:
    return f"{_PATH}/{segment(plain_identifier(invocation.target, identifier))}"


def _rule(watch: dict[str, Any]) -> str:
    return next(str(watch[key]) for key in ("tag", "tagRegex", "semver") if watch[key])


def _row(watch: dict[str, Any]) -> tuple[object, ...]:
    state = watch["state"]
    return watch["identifier"], watch["image"], _rule(watch), state["newest"], when(state, "polledAt"), state["error"]


def _tell(screen: Screen, watch: dict[str, Any]) -> None:
    screen.pairs(
        [
            *((name, watch.get(name)) for name in ("identifier", "name", "description")),
            ("scope", scope_of(watch)),
            ("connector", watch["connectorRef"]),
            ("image", watch["image"]),
            ("tags", _rule(watch)),
            ("interval", f"{watch['intervalSeconds']} s"),
            ("next look", when(watch["state"], "nextPollAt")),
        ]
    )
    _tell_state(screen, watch["state"])


def _tell_state(screen: Screen, state: dict[str, Any]) -> None:
    screen.pairs(
        [
            ("looked", when(state, "polledAt")),
            ("answered", when(state, "goodAt")),
            ("newest", state["newest"]),
            ("matching", f"{state['matching']} of {state['listed']} tags" if state["goodAt"] else None),
            ("not read", f"{state['unread']} digests" if state["unread"] else None),
            ("incomplete", "the registry has more tags than were read" if state["isTruncated"] else None),
            ("error", state["error"]),
            ("code", state["errorCode"]),
        ]
    )


def _tell_events(screen: Screen, events: list[dict[str, Any]]) -> None:
    screen.table(("seen", "what", "tag", "from", "to"), map(_event, events))


def _event(event: dict[str, Any]) -> tuple[object, ...]:
    digests = short_digest(event["oldDigest"]), short_digest(event["newDigest"])
    return moment(event["at"]), event["kind"], event["tag"], *digests


def _done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
