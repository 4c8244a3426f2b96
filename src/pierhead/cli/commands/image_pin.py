"""``pierhead image pin`` and ``image preflight``: use other images than the defaults, once they are in place."""

from typing import Any

import click

from pierhead.cli.complete import completes
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import scope_of
from pierhead.cli.pin_options import (
    any_infra_option,
    check_canary,
    check_options,
    infra_option,
    pin_of,
    reason_option,
    way,
)

PIN_SETS = "/pierhead/v1/pin-sets"


@click.command("pin")
@click.argument("pins", nargs=-1, required=True, metavar="FIELD=IMAGE...", shell_complete=completes("images"))
@infra_option
@click.option("--canary", "is_canary", is_flag=True, help="Pin for --org and --project first, before the account.")
@check_options
@click.option("--force", is_flag=True, help="Pin without looking whether the images are there; needs --reason.")
@reason_option
@with_api
def pin_images(
    invocation: Invocation,
    pins: tuple[str, ...],
    infra: str,
    is_canary: bool,
    connector: str | None,
    source: str | None,
    no_compare: bool,
    force: bool,
    reason: str,
) -> None:
    """Use these images instead of the defaults.

    First it is asked whether runs would find them, with the bytes of their source; if not, or if nobody can tell,
    nothing is pinned.

    pierhead image pin gitCloneTag=harness/drone-git:1.0.9-rootless
    """
    wanted = [{**pin_of(text), "infra": infra.upper()} for text in pins]
    check_canary(invocation.target, is_canary)
    if force and not reason.strip():
        raise UsageError("--force needs a reason", hint="say --reason TEXT")
    body = {"pins": wanted, "force": force, "reason": reason, **way(connector, source, no_compare)}
    data = invocation.api().call("POST", PIN_SETS, body=body)
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    for pin in wanted:
        invocation.screen.line(f"{pin['field']}: pinned to {pin['value']}")
    invocation.screen.note(f"pin set {data['number']} of {scope_of(data)}; see `pierhead image pins history`")
    return None


@click.command("preflight")
@check_options
@click.option("--set", "pins", multiple=True, metavar="FIELD=IMAGE", help="Look at this one alone; may be repeated.")
@any_infra_option
@with_api
def preflight(
    invocation: Invocation,
    connector: str | None,
    source: str | None,
    no_compare: bool,
    pins: tuple[str, ...],
    infra: str | None,
) -> int:
    """Look whether the images that runs use are at a connector, with the digests of their source. Changes nothing.

    Exit code 1 when one is not, or when nobody can tell.
    """
    body: dict[str, Any] = way(connector, source, no_compare)
    body["pins"] = [{**pin_of(text), "infra": (infra or "K8").upper()} for text in pins]
    body["infra"] = infra.upper() if infra else None
    data = invocation.api().call("POST", "/pierhead/v1/preflight", body=body)
    _tell(invocation, data)
    return 0 if data["isGood"] else FAILED


def _tell(invocation: Invocation, data: dict[str, Any]) -> None:
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = [(row["infra"], row["field"], row["image"], row["state"]) for row in data["images"]]
    screen.table(("infra", "field", "image", "state"), rows)
    for reason in dict.fromkeys(row["reason"] for row in data["images"] if row["state"] != "present"):
        screen.line(reason, style="yellow")
    good = sum(row["state"] == "present" for row in data["images"])
    compared = f", compared with {data['source']}" if data["source"] else ""
    screen.note(f"{good} of {len(rows)} are at {data['target']}{compared}")
    return None
