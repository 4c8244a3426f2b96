"""``pierhead role``: list, show, create, delete. A role is a set of permissions; see ``pierhead role-assignment``."""

from typing import Any

import click

from pierhead.cli.access_words import checked_permission
from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, when
from pierhead.cli.scoped import plain_identifier

_PATH = "/authz/api/roles"
_named = click.argument("identifier", shell_complete=completes("roles"))


@click.group()
def role() -> None:
    """Sets of permissions that can be given to somebody."""


@role.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(100)
@with_api
def list_roles(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List roles of one place, the managed ones among them."""
    data = invocation.api().call("GET", _PATH, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "name", "permissions", "managed", "changed"), map(_row, data["content"]))
    return tell_more(screen, data)


@role.command("show")
@_named
@with_api
def show_role(invocation: Invocation, identifier: str) -> None:
    """Show a role and its permissions."""
    data = invocation.api().call("GET", f"{_PATH}/{segment(plain_identifier(invocation.target, identifier))}")
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    found = data["role"]
    screen.pairs(
        [
            *((name, found.get(name)) for name in ("identifier", "name", "description")),
            ("scope", scope_of(data.get("scope") or {})),
            ("levels", ", ".join(found["allowedScopeLevels"])),
            ("managed", "yes" if data["harnessManaged"] else "no"),
        ]
    )
    for permission in found["permissions"]:
        screen.line(permission, indent=2)
    return None


@role.command("create")
@click.argument("identifier")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    required=True,
    shell_complete=completes("permissions"),
    help="One permission; give it many times.",
)
@click.option("--name", help="Name.  [default: the identifier]")
@click.option("--description", default="", help="What it is for.")
@with_api
def create_role(
    invocation: Invocation, identifier: str, permissions: tuple[str, ...], name: str | None, description: str
) -> None:
    """Make a role of this place.

    Permissions are words like core_connector_view; `pierhead role show _project_viewer` shows some.
    """
    body = {
        "identifier": plain_identifier(invocation.target, identifier),
        "name": name or identifier,
        "description": description,
        "permissions": [checked_permission(each) for each in permissions],
    }
    data = invocation.api().call("POST", _PATH, body=body)
    _done(invocation, data, f"role {body['identifier']}: created")


@role.command("delete")
@_named
@yes_option
@with_api
def delete_role(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a role that nobody has."""
    identifier = plain_identifier(invocation.target, identifier)
    confirm(f"Delete role {identifier}?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_PATH}/{segment(identifier)}")
    _done(invocation, data, f"role {identifier}: deleted")


def _row(data: dict[str, Any]) -> tuple[object, ...]:
    found, is_managed = data["role"], data["harnessManaged"]
    changed = "" if is_managed else when(data, "lastModifiedAt")
    return found["identifier"], found["name"], len(found["permissions"]), "yes" if is_managed else "no", changed


def _done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
