"""``pierhead api-key``: tokens of the caller or of a service account. A text is printed once, and never by a list.

What the reference calls an API key is a container of tokens; here it is named by ``--in`` and made when it is absent.
"""

import time
from typing import Any

import click

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import UsageError
from pierhead.cli.format import moment
from pierhead.cli.invocation import Invocation
from pierhead.cli.keys import TOKENS, Owner, key_text, make_key
from pierhead.cli.options import with_api
from pierhead.cli.scoped import plain_identifier
from pierhead.cli.spans import milliseconds_of
from pierhead.kit.errors import NotFoundError

_OWN = "/pierhead/v1/tokens"
_MOST = 100
_named = click.argument("name", shell_complete=completes("api-keys"))
_owned = click.option(
    "--service-account", "machine", metavar="ID", help="Of this service account, not of the caller.",
    shell_complete=completes("service-accounts"),
)  # fmt: skip
_within = click.option("--in", "container", metavar="KEY", help="Which API key it is in.  [default: wherever it is]")


class TokenNotListedError(NotFoundError):
    code = "api-key-not-listed"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no API key {name!r}", hint="see `pierhead api-key list`")


@click.group("api-key")
def api_key() -> None:
    """Keys of yours, or of a service account."""


@api_key.command("list")
@_owned
@with_api
def list_keys(invocation: Invocation, machine: str | None) -> None:
    """List keys, without their texts."""
    found = _listed(invocation.api(), _owner(invocation, machine))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(found)
    columns = ("name", "in", "status", "made", "ends", "old one ends")
    return screen.table(columns, [_row(each) for each in found])


@api_key.command("create")
@click.argument("name")
@_owned
@click.option(
    "--expires", metavar="TIME", help="How long it lasts: 12h, 90d.  [default: as the container says, or 90d]"
)
@click.option("--in", "container", metavar="KEY", default="default", show_default=True, help="Which API key it is in.")
@with_api
def create_key(invocation: Invocation, name: str, machine: str | None, expires: str | None, container: str) -> None:
    """Make a key and print it, this once.

    The key alone goes to standard output: `pierhead api-key create ci > ci-key`.
    """
    api, owner = invocation.api(), _owner(invocation, machine)
    _tell_text(invocation, make_key(api, owner, container, name, expires=expires))


@api_key.command("rotate")
@_named
@_owned
@_within
@click.option("--overlap", metavar="TIME", help="The old text stays good that long: 1h, 7d.  [default: not at all]")
@with_api
def rotate_key(
    invocation: Invocation, name: str, machine: str | None, container: str | None, overlap: str | None
) -> None:
    """Give a key a new text and print it, this once."""
    api, owner = invocation.api(), _owner(invocation, machine)
    query = {**owner, "apiKeyIdentifier": container or _container_of(api, owner, name)}
    until = int(time.time() * 1000) + milliseconds_of(overlap) if overlap is not None else None
    text = api.call("POST", f"{TOKENS}/rotate/{segment(name)}", {**query, "rotateTimestamp": until})
    _tell_text(invocation, text)


@api_key.command("revoke")
@_named
@_owned
@_within
@yes_option
@with_api
def revoke_key(invocation: Invocation, name: str, machine: str | None, container: str | None, is_sure: bool) -> None:
    """End a key at once; it stays in the list."""
    api, owner = invocation.api(), _owner(invocation, machine)
    query = {**owner, "apiKeyIdentifier": container or _container_of(api, owner, name)}
    confirm(f"Revoke API key {name}? Whoever uses it is refused from now on.", is_sure=is_sure)
    _tell(invocation, api.call("POST", f"{_OWN}/{segment(name)}/revoke", query), f"API key {name}: revoked")
    invocation.screen.note(f"its name stays taken until `pierhead api-key delete {name}`")


@api_key.command("delete")
@_named
@_owned
@_within
@yes_option
@with_api
def delete_key(invocation: Invocation, name: str, machine: str | None, container: str | None, is_sure: bool) -> None:
    """End a key at once and forget it."""
    api, owner = invocation.api(), _owner(invocation, machine)
    query = {**owner, "apiKeyIdentifier": container or _container_of(api, owner, name)}
    confirm(f"Delete API key {name}? Whoever uses it is refused from now on.", is_sure=is_sure)
    _tell(invocation, api.call("DELETE", f"{TOKENS}/{segment(name)}", query), f"API key {name}: deleted")


def _owner(invocation: Invocation, machine: str | None) -> Owner:
    """As the wire wants it. Without a service account it is the caller, whoever that is."""
    if machine is not None:
        named = plain_identifier(invocation.target, machine)
        return {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": named, **invocation.target.scope}
    me = invocation.api().call("GET", "/pierhead/v1/whoami")
    places = {name: me[name] for name in ("orgIdentifier", "projectIdentifier") if me[name]}
    return {"apiKeyType": me["type"], "parentIdentifier": me["identifier"], **places}


def _listed(api: ApiClient, owner: Owner) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = {"pageIndex": len(found) // _MOST, "pageSize": _MOST}
        data = api.call("GET", f"{TOKENS}/aggregate", {**owner, **page})
        found += [each["token"] | {"createdAt": each["createdAt"]} for each in data["content"]]
        if data["empty"] or len(found) >= data["totalItems"]:
            return found


def _container_of(api: ApiClient, owner: Owner, name: str) -> str:
    within = [each["apiKeyIdentifier"] for each in _listed(api, owner) if each["identifier"] == name]
    if not within:
        raise TokenNotListedError(name)
    if len(within) > 1:
        raise UsageError(f"there are several API keys {name}, in {', '.join(within)}", hint="say which with --in")
    return str(within[0])


def _row(each: dict[str, Any]) -> tuple[object, ...]:
    status = "REVOKED" if each["revokedAt"] else "ACTIVE" if each["valid"] else "EXPIRED"
    ends = moment(each["validTo"]) or "never"
    made = moment(each["createdAt"])
    return each["identifier"], each["apiKeyIdentifier"], status, made, ends, moment(each["scheduledExpireTime"])


def _tell_text(invocation: Invocation, text: object) -> None:
    screen, text = invocation.screen, key_text(text)
    if screen.is_json:
        return screen.json(text)
    screen.raw(f"{text}\n")
    return screen.note("this is the only time it is shown; keep it where only its user can read it")


def _tell(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
