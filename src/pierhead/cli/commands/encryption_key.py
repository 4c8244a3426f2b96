"""``pierhead encryption-key``: what secrets are encrypted with, and going over to a new key."""

import click

from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api

_PATH = "/pierhead/v1/encryption-keys"


@click.group("encryption-key")
def encryption_key() -> None:
    """What secrets are encrypted with."""


@encryption_key.command("list")
@with_api
def list_keys(invocation: Invocation) -> None:
    """List keys by their fingerprints, oldest first, and how much each of them protects."""
    keys, screen = invocation.api().call("GET", _PATH), invocation.screen
    if screen.is_json:
        return screen.json(keys)
    return screen.table(("key", "role", "protects"), [(key["id"], _role(key), key["uses"]) for key in keys])


@encryption_key.command("rotate")
@yes_option
@with_api
def rotate_keys(invocation: Invocation, is_sure: bool) -> None:
    """Go over to a new key while everything goes on working.

    A rotation that was interrupted goes on where it stopped.
    """
    confirm("Add an encryption key and wrap every secret with it?", is_sure=is_sure)
    done, screen = invocation.api().call("POST", f"{_PATH}/rotate"), invocation.screen
    if screen.is_json:
        return screen.json(done)
    added = f"added key {done['added']}" if done["added"] else f"current key {done['current']}"
    screen.line(f"{added}: {done['moved']} wrapped anew")
    if done["unreadable"]:
        screen.note(f"{done['unreadable']} cannot be read, and stay as they are")
    if done["hint"]:
        screen.note(done["hint"])
    return None


def _role(key: dict[str, object]) -> str:
    names = ("current", "root", "removable")
    roles = [name for name in names if key[name]] or ["in use"]
    return ", ".join(roles if key["held"] else ["missing"])
