"""``pierhead delegate token``: what lets new delegates in. A token's text is printed once, and never by a list."""

import os
import re
import time
from pathlib import Path
from typing import Any

import click

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import UsageError
from pierhead.cli.format import moment
from pierhead.cli.install_text import run_command, server_url
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.kit.errors import NotFoundError

_PATH = "/ng/api/delegate-token-ng"
_UNITS_S = {"m": 60, "h": 3600, "d": 86_400}
_named = click.argument("name", shell_complete=completes("tokens"))


class TokenNotListedError(NotFoundError):
    code = "delegate-token-not-listed"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no delegate token {name!r}", hint="see `pierhead delegate token list`")
        self.name = name


@click.group()
def token() -> None:
    """What a new delegate shows to be let in."""


@token.command("create")
@click.argument("name")
@click.option("--expires-in", metavar="TIME", help="Lets nobody in after this time: 30m, 12h, 90d.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the token there, for its owner only."
)
@with_api
def create_token(invocation: Invocation, name: str, expires_in: str | None, output: Path | None) -> None:
    """Make a token and print it, with the command that starts a delegate with it.

    The token alone goes to standard output: `pierhead delegate token create building-7 > delegate-token`.
    """
    query = {"tokenName": name, "revokeAfter": _revoke_after(expires_in) if expires_in is not None else None}
    if output is not None and output.exists():
        raise UsageError(f"{output} is there already", hint="name another file with --output")
    data = invocation.api().call("POST", _PATH, query)
    if output is not None:
        _write(output, data["value"])
    _tell_new(invocation, data, output)


@token.command("list")
@click.option("--status", type=click.Choice(["ACTIVE", "REVOKED"], case_sensitive=False), help="Only with this status.")
@with_api
def list_tokens(invocation: Invocation, status: str | None) -> None:
    """List tokens, without their texts."""
    found = invocation.api().call("GET", _PATH, {"status": status})
    screen = invocation.screen
    if screen.is_json:
        return screen.json([_without_value(each) for each in found])
    columns = ("token", "status", "made", "by", "expires")
    return screen.table(columns, [(each["name"], *_facts(each)) for each in found])


@token.command("show")
@_named
@click.option("--value", "is_value", is_flag=True, help="Print the token's text, and nothing else.")
@with_api
def show_token(invocation: Invocation, name: str, is_value: bool) -> None:
    """Show a token and the delegates that it let in."""
    api, screen = invocation.api(), invocation.screen
    data = _found(api, name)
    if is_value:
        return screen.raw(f"{_value(data)}\n")
    groups = api.call("GET", f"{_PATH}/delegate-groups", {"delegateTokenName": name})["delegateGroupDetails"]
    if screen.is_json:
        return screen.json({**_without_value(data), "delegateGroups": [group["groupName"] for group in groups]})
    status, made, by, expires = _facts(data)
    delegates = ", ".join(group["groupName"] for group in groups) or "none"
    pairs = [("name", data["name"]), ("status", status), ("made", made), ("by", by), ("expires", expires)]
    return screen.pairs([*pairs, ("let in", delegates)])


@token.command("revoke")
@_named
@yes_option
@with_api
def revoke_token(invocation: Invocation, name: str, is_sure: bool) -> None:
    """Let nobody in with a token any more, and send away the delegates that it let in."""
    api = invocation.api()
    confirm(f"Revoke token {name}? Delegates that it let in stop within seconds.", is_sure=is_sure)
    data = api.call("PUT", _PATH, {"tokenName": name})
    _tell_done(invocation, _without_value(data), f"token {name}: revoked")


@token.command("delete")
@_named
@yes_option
@with_api
def delete_token(invocation: Invocation, name: str, is_sure: bool) -> None:
    """Forget a revoked token, so that its name is free again."""
    confirm(f"Forget token {name}?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_PATH}/{segment(name)}")
    _tell_done(invocation, data, f"token {name}: deleted")


def _tell_new(invocation: Invocation, data: dict[str, Any], output: Path | None) -> None:
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data if output is None else _without_value(data))
    if output is None:
        screen.raw(f"{_value(data)}\n")
        screen.note(f"put token {data['name']} into a file that only you can read, then:")
    else:
        screen.note(f"token {data['name']} is in {output}; start a delegate with it:")
    return screen.note(f"  {run_command(server_url(invocation), 'NAME', output or Path('delegate-token'))}")


def _found(api: ApiClient, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = api.call("GET", _PATH, {"name": name})
    if not found:
        raise TokenNotListedError(name)
    return found[0]


def _value(data: dict[str, Any]) -> str:
    value = data.get("value")
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise UsageError(f"the text of token {data['name']} is not to be had", hint="make a new token")
    return value


def _without_value(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "value"}


def _facts(data: dict[str, Any]) -> tuple[object, object, object, object]:
    by = (data.get("createdByNgUser") or {}).get("name")
    return data["status"], moment(data.get("createdAt")), by, moment(data.get("revokeAfter")) or "never"


def _revoke_after(text: str) -> int:
    """Milliseconds since the epoch."""
    match = re.match(r"([1-9][0-9]{0,5})([mhd])\Z", text)
    if match is None:
        raise UsageError(f"{text!r} is not a time", hint="write it as 30m, 12h or 90d")
    return int((time.time() + int(match[1]) * _UNITS_S[match[2]]) * 1000)


def _write(output: Path, value: str) -> None:
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{value}\n")
    except OSError as error:
        raise UsageError(
            f"cannot write {output}: {error.strerror or error}", hint="see `pierhead delegate token show --value`"
        ) from None


def _tell_done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
