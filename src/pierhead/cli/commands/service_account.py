"""``pierhead service-account``: principals for programs, in the account, an organization or a project."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.format import moment
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import granted_of, page_options, page_query, scope_of, tell_more
from pierhead.cli.scoped import plain_identifier

_PATH = "/ng/api/serviceaccount"
_named = click.argument("identifier", shell_complete=completes("service-accounts"))


@click.group("service-account")
def service_account() -> None:
    """Principals for programs; their keys are made with api-key."""


@service_account.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(50)
@with_api
def list_accounts(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List service accounts of one scope."""
    query = {**page_query(page, page_size), "searchTerm": search}
    data = invocation.api().call("GET", f"{_PATH}/aggregate", query)
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "name", "scope", "tokens", "roles"), map(_row, data["content"]))
    return tell_more(screen, data)


@service_account.command("show")
@_named
@with_api
def show_account(invocation: Invocation, identifier: str) -> None:
    """Show one service account, and what was granted to it."""
    identifier = plain_identifier(invocation.target, identifier)
    data = invocation.api().call("GET", f"{_PATH}/aggregate/{segment(identifier)}")
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    entity = data["serviceAccount"]
    return screen.pairs(
        [
            *((name, entity.get(name)) for name in ("identifier", "name", "email", "description")),
            ("tags", ", ".join(f"{key}={value}" for key, value in entity["tags"].items())),
            ("scope", scope_of(entity)),
            ("tokens", data["tokensCount"]),
            ("roles", granted_of(data["roleAssignmentsMetadataDTO"])),
            ("made", moment(data["createdAt"])),
        ]
    )


@service_account.command("create")
@click.argument("identifier")
@click.option("--name", help="Name.  [default: the identifier]")
@click.option("--email", default="", help="Where its people are reached.")
@click.option("--description", default="", help="What it is for.")
@with_api
def create_account(invocation: Invocation, identifier: str, name: str | None, email: str, description: str) -> None:
    """Make a service account, without keys and without rights."""
    identifier = plain_identifier(invocation.target, identifier)
    body = {"identifier": identifier, "name": name or identifier, "email": email, "description": description}
    data = invocation.api().call("POST", _PATH, None, {**body, **invocation.target.scope})
    _tell(invocation, data, f"service account {identifier}: created")


@service_account.command("delete")
@_named
@yes_option
@with_api
def delete_account(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a service account, with its keys and role assignments."""
    identifier, api = plain_identifier(invocation.target, identifier), invocation.api()
    confirm(f"Delete service account {identifier} and all its keys?", is_sure=is_sure)
    _tell(invocation, api.call("DELETE", f"{_PATH}/{segment(identifier)}"), f"service account {identifier}: deleted")


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    entity = item["serviceAccount"]
    return entity["identifier"], entity["name"], scope_of(entity), item["tokensCount"], _roles(item) or "none"


def _roles(item: dict[str, Any]) -> str:
    return ", ".join(dict.fromkeys(one["roleIdentifier"] for one in item["roleAssignmentsMetadataDTO"]))


def _tell(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
