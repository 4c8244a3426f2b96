"""``pierhead role-assignment``: list, create, delete. Who may do what on which things in one place."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, tell_more

_PATH = "/authz/api/roleassignments"


@click.group("role-assignment")
def role_assignment() -> None:
    """Who has which role, on what."""


@role_assignment.command("list")
@page_options(100)
@with_api
def list_assignments(invocation: Invocation, page: int, page_size: int) -> None:
    """List the assignments of one place."""
    data = invocation.api().call("POST", f"{_PATH}/v2/filter", page_query(page, page_size), {})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "who", "role", "on", "disabled"), map(_row, data["content"]))
    return tell_more(screen, data)


@role_assignment.command("create")
@click.option(
    "--role", "role_identifier", required=True, shell_complete=completes("roles"), help="Identifier of the role."
)
@click.option("--user", shell_complete=completes("users"), help="A person: e-mail address or user id.")
@click.option(
    "--service-account",
    shell_complete=completes("service-accounts"),
    help="A service account of this place or of one that holds it.",
)
@click.option(
    "--resource-group",
    shell_complete=completes("resource-groups"),
    help="On which things.  [default: all that is in this place itself]",
)
@click.option("--identifier", help="Identifier of the assignment.  [default: made up]")
@with_api
def create_assignment(
    invocation: Invocation,
    role_identifier: str,
    user: str | None,
    service_account: str | None,
    resource_group: str | None,
    identifier: str | None,
) -> None:
    """Give a role to a person or a service account, in this place and in no other.

    Nobody can give more than he has himself.
    """
    if (user is None) == (service_account is None):
        raise UsageError("say either --user or --service-account")
    kind, who = ("USER", user) if user is not None else ("SERVICE_ACCOUNT", service_account)
    body = {
        "identifier": identifier,
        "roleIdentifier": role_identifier,
        "resourceGroupIdentifier": resource_group,
        "principal": {"type": kind, "identifier": who},
    }
    data = invocation.api().call("POST", _PATH, body=body)
    made = data["roleAssignment"]
    text = f"{made['roleIdentifier']} on {made['resourceGroupIdentifier']} for {who}"
    _done(invocation, data, f"role assignment {made['identifier']}: {text}")


@role_assignment.command("delete")
@click.argument("identifier", shell_complete=completes("role-assignments"))
@yes_option
@with_api
def delete_assignment(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Take a role away. It counts within seconds."""
    confirm(f"Delete role assignment {identifier}?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_PATH}/{segment(identifier)}")
    _done(invocation, data, f"role assignment {identifier}: deleted")


def _row(data: dict[str, Any]) -> tuple[object, ...]:
    who, is_off = data["principal"], data["disabled"]
    name = f"{who['type'].lower()} {who['identifier']}"
    return data["identifier"], name, data["role"]["identifier"], data["resourceGroup"]["identifier"], _yes(is_off)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
