"""``pierhead user``: the people of the account. A password comes from a terminal or standard input, never from argv."""

from typing import Any

import click

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.format import moment
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import granted_of, page_options, page_query, tell_more
from pierhead.cli.password import ask_password

_PATH = "/pierhead/v1/users"
_named = click.argument("user", metavar="USER", shell_complete=completes("users"))


@click.group()
def user() -> None:
    """The people of the account; USER is an email address or an id."""


@user.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name or email has TEXT in it.")
@page_options(50)
@with_api
def list_users(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List people by email."""
    data = invocation.api().call("GET", _PATH, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = [(each["email"], each["name"], _state(each), _way_in(each), each["id"]) for each in data["content"]]
    screen.table(("email", "name", "state", "comes in by", "id"), rows)
    return tell_more(screen, data)


@user.command("show")
@_named
@with_api
def show_user(invocation: Invocation, user: str) -> None:
    """Show one person, and what was granted to them."""
    api, screen = invocation.api(), invocation.screen
    data = _found(api, user)
    entry = api.call("GET", f"/ng/api/user/aggregate/{segment(data['id'])}")
    granted = entry["roleAssignmentMetadata"]
    if screen.is_json:
        return screen.json({**data, "roleAssignments": granted})
    return screen.pairs(
        [
            ("email", data["email"]),
            ("name", data["name"]),
            ("id", data["id"]),
            ("state", _state(data)),
            *([("locked until", moment(data["lockedUntil"]))] if data.get("lockedUntil") else []),
            ("comes in by", _way_in(data)),
            ("roles", granted_of(granted)),
            ("made", moment(data["createdAt"])),
        ]
    )


@user.command("create")
@click.argument("email")
@click.option("--name", help="Name.  [default: what stands before the @]")
@with_api
def create_user(invocation: Invocation, email: str, name: str | None) -> None:
    """Let a person in, without a password and without rights."""
    data = invocation.api().call("POST", _PATH, None, {"email": email, **({"name": name} if name else {})})
    _tell(invocation, data, f"user {data['email']}: created")
    invocation.screen.note(f"a first password: pierhead user password {data['email']}")


@user.command("disable")
@_named
@with_api
def disable_user(invocation: Invocation, user: str) -> None:
    """Keep a person out: sessions end, keys open nothing."""
    _switch(invocation, user, "disable", "disabled")


@user.command("enable")
@_named
@with_api
def enable_user(invocation: Invocation, user: str) -> None:
    """Let a disabled person in again."""
    _switch(invocation, user, "enable", "enabled")


@user.command("delete")
@_named
@yes_option
@with_api
def delete_user(invocation: Invocation, user: str, is_sure: bool) -> None:
    """Forget a person, with keys, sessions and role assignments."""
    api = invocation.api()
    data = _found(api, user)
    confirm(f"Delete user {data['email']} and all their keys?", is_sure=is_sure)
    api.call("DELETE", f"{_PATH}/{segment(data['id'])}")
    _tell(invocation, True, f"user {data['email']}: deleted")


@user.command("password")
@_named
@click.option("--from-stdin", is_flag=True, help="Read the password from standard input, its first line.")
@click.option("--current-from-stdin", is_flag=True, help="Read the current one first, for one's own password.")
@with_api
def set_password(invocation: Invocation, user: str, from_stdin: bool, current_from_stdin: bool) -> None:
    """Set a password; a person's sessions end."""
    api = invocation.api()
    data = _found(api, user)
    is_own = api.call("GET", "/pierhead/v1/whoami")["identifier"] == data["id"]
    needs_current = is_own and data["hasPassword"]
    body: dict[str, str] = {}
    if needs_current or current_from_stdin:
        body["currentPassword"] = ask_password("Current password", current_from_stdin)
    body["password"] = ask_password("New password", from_stdin or current_from_stdin, is_new=True)
    done = api.call("PUT", f"{_PATH}/{segment(data['id'])}/password", None, body)
    _tell(invocation, done, f"user {data['email']}: password set")


def _found(api: ApiClient, user: str) -> dict[str, Any]:
    data: dict[str, Any] = api.call("GET", f"{_PATH}/{segment(user)}")
    return data


def _switch(invocation: Invocation, user: str, verb: str, done: str) -> None:
    api = invocation.api()
    data = _found(api, user)
    changed = api.call("POST", f"{_PATH}/{segment(data['id'])}/{verb}")
    _tell(invocation, changed, f"user {data['email']}: {done}")


def _tell(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)


def _state(data: dict[str, Any]) -> str:
    return "DISABLED" if data["disabled"] else "ENABLED"


def _way_in(data: dict[str, Any]) -> str:
    ways = (("password", data["hasPassword"]), ("single sign-on", data["singleSignOn"]))
    return " and ".join(way for way, is_open in ways if is_open) or "keys only"
