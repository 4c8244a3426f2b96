"""``pierhead image``: the CI images, their versions and pins. ``image pull`` is handed on."""

from typing import Any

import click

from pierhead.cli.commands.image_archive import load_archive, save_archive
from pierhead.cli.commands.image_check import check_image
from pierhead.cli.commands.image_copy import copy_image
from pierhead.cli.commands.image_pin import pin_images, preflight
from pierhead.cli.commands.image_pins import pins as pin_history
from pierhead.cli.commands.image_resolve import resolve_image
from pierhead.cli.complete import completes
from pierhead.cli.documents import MalformedDocumentError, parse_documents, read_source
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pin_options import infra_option

_CONFIG = "/ci/execution-config"


@click.group()
def image() -> None:
    """The CI images, their versions and pins; pull any image."""


image.add_command(resolve_image)
image.add_command(copy_image)
image.add_command(check_image)
image.add_command(save_archive)
image.add_command(load_archive)
image.add_command(pin_images)
image.add_command(pin_history)
image.add_command(preflight)


@image.command("list")
@infra_option
@with_api
def list_images(invocation: Invocation, infra: str) -> None:
    """List every image field: what it is for, its default, its pin."""
    data = invocation.api().call("GET", "/pierhead/v1/images", {"infra": infra})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = data if isinstance(data, list) else data.get("images", [])
    names = ("field", "default", "pinned", "effective", "purpose")
    return screen.table(names, ([row.get(name) for name in names] for row in rows))


@image.command("get")
@click.argument("field", shell_complete=completes("images"))
@infra_option
@with_api
def get_image(invocation: Invocation, field: str, infra: str) -> None:
    """Show one image field."""
    data = invocation.api().call("GET", "/pierhead/v1/images", {"infra": infra})
    rows = data if isinstance(data, list) else data.get("images", [])
    found = next((row for row in rows if row.get("field") == field), None)
    if found is None:
        raise UsageError(f"there is no image field {field!r} for {infra}", hint="see `pierhead image list`")
    if invocation.screen.is_json:
        invocation.screen.json(found)
    else:
        invocation.screen.pairs(found.items())


@image.command("defaults")
@infra_option
@with_api
def show_defaults(invocation: Invocation, infra: str) -> None:
    """Show the default image of every field."""
    _show_config(invocation, invocation.api().call("GET", f"{_CONFIG}/get-default-config", {"infra": infra}))


@image.command("effective")
@click.option("--pins-only", is_flag=True, help="Only the fields that are pinned.")
@infra_option
@with_api
def show_effective(invocation: Invocation, infra: str, pins_only: bool) -> None:
    """Show the images that pipelines use now: pins over defaults."""
    query = {"infra": infra, "overridesOnly": pins_only}
    _show_config(invocation, invocation.api().call("GET", f"{_CONFIG}/get-customer-config", query))


@image.command("apply")
@click.option("--file", "-f", "file", required=True, metavar="FILE", help="YAML or JSON; - for stdin.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@infra_option
@with_api
def apply_pins(invocation: Invocation, file: str, dry_run: bool, infra: str) -> None:
    """Pin what a file says: [{field: ..., value: ...}], or {field: image} as `image effective --json` prints it."""
    where, raw = read_source(file)
    pins = [pin for document in parse_documents(raw, where) for pin in _pins_of(document, where)]
    now = invocation.api().call("GET", f"{_CONFIG}/get-customer-config", {"infra": infra, "overridesOnly": False})
    changes = [pin for pin in pins if now.get(pin["field"]) != pin["value"]]
    if changes and not dry_run:
        invocation.api().call("POST", f"{_CONFIG}/update-config", {"infra": infra}, changes)
    _tell_pins(invocation, infra, pins, changes, now, is_dry=dry_run)


@image.command("reset")
@click.argument("fields", nargs=-1, metavar="[FIELD...]", shell_complete=completes("images"))
@click.option("--all", "is_all", is_flag=True, help="Every pin, for every kind of infrastructure.")
@infra_option
@with_api
def reset_images(invocation: Invocation, fields: tuple[str, ...], is_all: bool, infra: str) -> None:
    """Use the defaults again."""
    if invocation.target.org:
        raise UsageError("pins are the account's", hint="a canary ends with `pierhead image pins drop`")
    if is_all == bool(fields):
        raise UsageError("say either which fields, or --all")
    if is_all:
        data = invocation.api().call("DELETE", _CONFIG)
    else:
        body = [{"field": field} for field in fields]
        data = invocation.api().call("POST", f"{_CONFIG}/reset-config", {"infra": infra}, body)
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    for field in fields or ("every image",):
        invocation.screen.line(f"{field}: default")
    return None


@image.command("pull", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def pull_image(arguments: tuple[str, ...]) -> int:
    """Pull one image into an OCI image layout, without a server."""
    from .image_pull import main

    return main(list(arguments))


def _pins_of(document: Any, where: str) -> list[dict[str, str]]:
    if isinstance(document, dict) and set(document) == {"field", "value"}:
        document = {document["field"]: document["value"]}
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise MalformedDocumentError(where, "pins have to be [{field: ..., value: ...}] or {field: image}")
    return [{"field": str(field), "value": value} for field, value in document.items()]


def _tell_pins(
    invocation: Invocation,
    infra: str,
    pins: list[dict[str, str]],
    changes: list[dict[str, str]],
    now: dict[str, str],
    *,
    is_dry: bool,
) -> None:
    screen = invocation.screen
    steps: list[dict[str, object]] = [
        {
            "field": pin["field"],
            "infra": infra,
            "action": "updated" if pin in changes else "unchanged",
            "dryRun": is_dry,
        }
        | {"from": now.get(pin["field"]), "to": pin["value"]}
        for pin in pins
    ]
    if screen.is_json:
        return screen.json(steps)
    for step in steps:
        is_change = step["action"] == "updated"
        screen.line(f"{step['field']}: {'would be updated' if is_change and is_dry else step['action']}")
        if is_change:
            screen.line(f"- {step['from']}", style="red", indent=2)
            screen.line(f"+ {step['to']}", style="green", indent=2)
    return None


def _show_config(invocation: Invocation, data: dict[str, str]) -> None:
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return invocation.screen.table(("field", "image"), data.items())
