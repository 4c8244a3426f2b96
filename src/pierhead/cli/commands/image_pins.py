"""``pierhead image pins``: what was pinned after each change, how sets differ, back to a former one, canaries."""

from typing import Any

import click

from pierhead.cli.errors import UsageError
from pierhead.cli.format import moment
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more
from pierhead.cli.pin_options import reason_option

from .image_pin import PIN_SETS

_NUMBER = click.IntRange(1)


@click.group("pins")
def pins() -> None:
    """Former pins, and the way back to them; canaries."""


@pins.command("history")
@click.option("--everywhere", is_flag=True, help="Also those of every canary.")
@page_options(20)
@with_api
def history(invocation: Invocation, everywhere: bool, page: int, page_size: int) -> None:
    """List the pin sets of the account (or of --org and --project), the newest first."""
    data = invocation.api().call("GET", PIN_SETS, {**page_query(page, page_size), "everywhere": everywhere})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    names = ("set", "place", "made", "by", "what", "pins", "checked", "reason")
    screen.table(names, (_row(made) for made in data["content"]))
    tell_more(screen, data)
    return None


@pins.command("show")
@click.argument("number", type=_NUMBER)
@with_api
def show(invocation: Invocation, number: int) -> None:
    """Show what one set pinned."""
    data = invocation.api().call("GET", f"{PIN_SETS}/{number}")
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.pairs(zip(("set", "place", "made", "by", "what", "pins", "checked", "reason"), _row(data), strict=True))
    screen.line()
    rows = [(infra, field, image) for infra, held in data["pins"].items() for field, image in held.items()]
    return screen.table(("infra", "field", "image"), rows)


@pins.command("diff")
@click.argument("before", type=_NUMBER)
@click.argument("after", type=_NUMBER)
@with_api
def diff(invocation: Invocation, before: int, after: int) -> None:
    """Show what leads from one pin set to another."""
    data = invocation.api().call("GET", f"{PIN_SETS}/diff", {"from": before, "to": after})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    tell_steps(invocation, data["changes"])
    return None


@pins.command("rollback")
@click.argument("number", type=_NUMBER, required=False)
@reason_option
@with_api
def rollback(invocation: Invocation, number: int | None, reason: str) -> None:
    """Pin again exactly what a former set had pinned; without a number, the one before the last."""
    data = invocation.api().call("POST", f"{PIN_SETS}/rollback", body={"number": number, "reason": reason})
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    was = f"as set {data['restores']} was" if data["restores"] else "as before the first"
    return invocation.screen.line(f"pin set {data['number']} of {scope_of(data)}: {was}")


@pins.command("promote")
@reason_option
@with_api
def promote(invocation: Invocation, reason: str) -> None:
    """Make the pins of a canary (--org, --project) the account's, and end the canary."""
    place = _place(invocation)
    data = invocation.api().call("POST", f"{PIN_SETS}/promote", body={"reason": reason})
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return invocation.screen.line(f"pin set {data['number']} of {scope_of(data)}: what {place} tried is everybody's")


@pins.command("drop")
@reason_option
@with_api
def drop(invocation: Invocation, reason: str) -> None:
    """End a canary (--org, --project) without making its pins the account's."""
    place = _place(invocation)
    api = invocation.api()
    found = [pin for pin in api.call("GET", "/pierhead/v1/canaries")["pins"] if _is_of(pin, invocation)]
    if not found:
        raise UsageError(f"{place} pins no image before all others", hint="see `pierhead image pins canaries`")
    body = {"pins": [{"infra": pin["infra"], "field": pin["field"], "value": None} for pin in found], "reason": reason}
    data = api.call("POST", PIN_SETS, body=body)
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return invocation.screen.line(f"pin set {data['number']} of {scope_of(data)}: {len(found)} fewer pins")


@pins.command("canaries")
@with_api
def canaries(invocation: Invocation) -> None:
    """List the pins of organizations and projects, which count before the account's."""
    data = invocation.api().call("GET", "/pierhead/v1/canaries")
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = [(scope_of(pin), pin["infra"], pin["field"], pin["image"], pin["updatedBy"]) for pin in data["pins"]]
    return screen.table(("place", "infra", "field", "image", "by"), rows)


def tell_steps(invocation: Invocation, steps: list[dict[str, Any]]) -> None:
    """Fields with what was and what is."""
    for step in steps:
        invocation.screen.line(f"{step['infra']} {step['field']}")
        if step["before"] is not None:
            invocation.screen.line(f"- {step['before']}", style="red", indent=2)
        if step["after"] is not None:
            invocation.screen.line(f"+ {step['after']}", style="green", indent=2)
    if not steps:
        invocation.screen.note("no difference")


def _place(invocation: Invocation) -> str:
    """Raises UsageError where none was named."""
    if not invocation.target.org:
        raise UsageError("which canary?", hint="say --org, or --org and --project; see `pierhead image pins canaries`")
    return "/".join(part for part in (invocation.target.org, invocation.target.project) if part)


def _is_of(pin: dict[str, Any], invocation: Invocation) -> bool:
    return (pin["orgIdentifier"], pin["projectIdentifier"]) == (invocation.target.org, invocation.target.project)


def _row(made: dict[str, Any]) -> tuple[object, ...]:
    what = f"{made['cause']} {made['restores']}" if made["restores"] is not None else made["cause"]
    count = sum(len(held) for held in made["pins"].values())
    checked = {"passed": "yes", "forced": "forced"}.get(made["preflight"], "")
    place = scope_of(made)
    return made["number"], place, moment(made["madeAt"]), made["updatedBy"], what, str(count), checked, made["reason"]
