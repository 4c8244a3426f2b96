"""``pierhead notice``: what happened by itself, and webhooks that are told of it."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import FAILED
from pierhead.cli.format import moment
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, when
from pierhead.cli.render import Screen
from pierhead.cli.scoped import plain_identifier
from pierhead.kit.clock import SystemClock

NOTICES = "/pierhead/v1/notices"
SUBSCRIPTIONS = "/pierhead/v1/subscriptions"
_FOLLOW_SIZE = 200
_named = click.argument("identifier")
_topics = click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="Only this, such as mirror.failed; may be repeated."
)


@click.group()
def notice() -> None:
    """What happened by itself: releases, watched tags, mirrors that fail; and webhooks that are told of it."""


@notice.command("list")
@_topics
@page_options(50)
@with_api
def list_notices(invocation: Invocation, topics: tuple[str, ...], page: int, page_size: int) -> None:
    """List what happened in a place and in those in it, the last first; kept for 90 days."""
    data = invocation.api().call("GET", NOTICES, {**page_query(page, page_size), "topic": list(topics) or None})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("at", "topic", "scope", "title"), map(_row, data["content"]))
    return tell_more(screen, data)


@notice.command("follow")
@_topics
@click.option("--every", type=click.IntRange(1), default=5, show_default=True, metavar="SECONDS", help="Between looks.")
@click.option("--looks", type=click.IntRange(1), metavar="N", help="End after so many looks.")
@with_api
def follow_notices(invocation: Invocation, topics: tuple[str, ...], every: int, looks: int | None) -> None:
    """Show the last notices, and then each new one as it is told, until interrupted."""
    seen: set[str] = set()
    since, done = 0, 0
    while True:
        query = {"pageSize": _FOLLOW_SIZE, "since": since, "topic": list(topics) or None}
        found = invocation.api().call("GET", NOTICES, query)["content"]
        for each in reversed(found):
            if each["id"] not in seen:
                _show(invocation.screen, each)
        seen = {each["id"] for each in found} or seen
        since = max((each["at"] for each in found), default=since)
        done += 1
        if done == looks:
            return
        SystemClock().wait(every)


@notice.command("subscribe")
@_named
@click.option("--to", "receiver", metavar="URL", required=True, help="Where notices are posted to.")
@click.option("--secret", required=True, shell_complete=completes("secrets"), help="Secret that signs; a reference.")
@_topics
@click.option("--below", is_flag=True, help="Also what happens in the places in this one.")
@click.option("--name", help="Name.  [default: the identifier]")
@with_api
def subscribe(invocation: Invocation, /, identifier: str, topics: tuple[str, ...], below: bool, **given: str) -> None:
    """Have notices posted to a webhook, each signed with a secret.

    For example: pierhead notice subscribe ops --to https://hooks.example.com/pierhead --secret account.hookKey
    """
    identifier = plain_identifier(invocation.target, identifier)
    body = {"identifier": identifier, "url": given["receiver"], "secretRef": given["secret"], "topics": list(topics)}
    named = {"name": given["name"]} if given["name"] else {}
    data = invocation.api().call("POST", SUBSCRIPTIONS, body={**body, **named, "withChildren": below})
    _done(invocation, data, f"subscription {identifier}: created; see `pierhead notice test {identifier}`")


@notice.command("subscriptions")
@page_options(50)
@with_api
def list_subscriptions(invocation: Invocation, page: int, page_size: int) -> None:
    """List the subscriptions of one place."""
    data = invocation.api().call("GET", SUBSCRIPTIONS, page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "to", "topics", "below", "enabled"), map(_subscription, data["content"]))
    return tell_more(screen, data)


@notice.command("unsubscribe")
@_named
@yes_option
@with_api
def unsubscribe(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a subscription, with all that waits to be sent."""
    path = _one(invocation, identifier)
    confirm(f"Delete the subscription {identifier}, and what waits to be sent?", is_sure=is_sure)
    _done(invocation, invocation.api().call("DELETE", path), f"subscription {identifier}: deleted")


@notice.command("test")
@_named
@with_api
def test_subscription(invocation: Invocation, identifier: str) -> int:
    """Send a test notice now; exit code 1 when it was not accepted."""
    data = invocation.api().call("POST", f"{_one(invocation, identifier)}/test")
    is_delivered = data["state"] == "DELIVERED"
    told = f"delivered, status {data['status']}" if is_delivered else f"not delivered: {data['error']}"
    _done(invocation, data, f"subscription {identifier}: {told}")
    return 0 if is_delivered else FAILED


@notice.command("deliveries")
@_named
@page_options(50)
@with_api
def list_deliveries(invocation: Invocation, identifier: str, page: int, page_size: int) -> None:
    """List what was sent, waits or was given up, the newest first."""
    data = invocation.api().call("GET", f"{_one(invocation, identifier)}/deliveries", page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("told", "topic", "state", "attempts", "next", "status", "error"), map(_delivery, data["content"]))
    return tell_more(screen, data)


def _one(invocation: Invocation, identifier: str) -> str:
    return f"{SUBSCRIPTIONS}/{segment(plain_identifier(invocation.target, identifier))}"


def _row(each: dict[str, Any]) -> tuple[object, ...]:
    return moment(each["at"]), each["topic"], scope_of(each), each["title"]


def _subscription(each: dict[str, Any]) -> tuple[object, ...]:
    topics = ", ".join(each["topics"]) or "all"
    return each["identifier"], each["url"], topics, _yes(each["withChildren"]), _yes(each["enabled"])


def _delivery(each: dict[str, Any]) -> tuple[object, ...]:
    facts = (each["topic"], each["state"], each["attempts"], when(each, "nextAt"), each["status"], each["error"])
    return moment(each["createdAt"]), *facts


def _show(screen: Screen, each: dict[str, Any]) -> None:
    if screen.is_json:
        return screen.json(each)
    return screen.line(f"{moment(each['at'])}  {each['topic']}  {each['title']}")


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
