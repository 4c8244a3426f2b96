"""``pierhead resource-group``: list, show, create, delete. A group says on which things a role is good."""

from typing import Any

import click

from pierhead.cli.access_words import checked_type
from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, when
from pierhead.cli.scoped import plain_identifier

_PATH = "/resourcegroup/api/v2/resourcegroup"
_named = click.argument("identifier", shell_complete=completes("resource-groups"))


@click.group("resource-group")
def resource_group() -> None:
    """Sets of things to give a role on."""


@resource_group.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(100)
@with_api
def list_groups(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List resource groups of one place, the managed ones among them."""
    data = invocation.api().call("GET", _PATH, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "name", "things", "managed", "changed"), map(_row, data["content"]))
    return tell_more(screen, data)


@resource_group.command("show")
@_named
@with_api
def show_group(invocation: Invocation, identifier: str) -> None:
    """Show a resource group: which things, in which places."""
    data = invocation.api().call("GET", f"{_PATH}/{segment(plain_identifier(invocation.target, identifier))}")
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    group = data["resourceGroup"]
    screen.pairs(
        [
            *((name, group.get(name)) for name in ("identifier", "name", "description")),
            ("scope", scope_of(group)),
            ("managed", "yes" if data["harnessManaged"] else "no"),
            ("places", ", ".join(map(_place, group["includedScopes"]))),
            ("things", _things(group)),
        ]
    )
    return None


@resource_group.command("create")
@click.argument("identifier")
@click.option("--all", "is_all", is_flag=True, help="Everything that is there.")
@click.option(
    "--resource",
    "resources",
    multiple=True,
    metavar="TYPE[/ID]",
    shell_complete=completes("resource-types"),
    help="Things of a type, or one of them; many times.",
)
@click.option("--with-children", is_flag=True, help="In the places below this one too.")
@click.option("--name", help="Name.  [default: the identifier]")
@with_api
def create_group(
    invocation: Invocation,
    identifier: str,
    is_all: bool,
    resources: tuple[str, ...],
    with_children: bool,
    name: str | None,
) -> None:
    """Make a resource group of this place.

    Types are CONNECTOR, SECRET, DELEGATE, PIPELINE and so on: `--resource CONNECTOR/mirror --resource SECRET`.
    """
    if is_all == bool(resources):
        raise UsageError("say either --all or --resource")
    identifier = plain_identifier(invocation.target, identifier)
    word = "INCLUDING_CHILD_SCOPES" if with_children else "EXCLUDING_CHILD_SCOPES"
    group = {
        "identifier": identifier,
        "name": name or identifier,
        "includedScopes": [{"filter": word, **invocation.target.scope}],
        "resourceFilter": {"includeAllResources": is_all, "resources": _selectors(resources)},
    }
    data = invocation.api().call("POST", _PATH, body={"resourceGroup": group})
    _done(invocation, data, f"resource group {identifier}: created")


@resource_group.command("delete")
@_named
@yes_option
@with_api
def delete_group(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a resource group that no role is given on."""
    identifier = plain_identifier(invocation.target, identifier)
    confirm(f"Delete resource group {identifier}?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_PATH}/{segment(identifier)}")
    _done(invocation, data, f"resource group {identifier}: deleted")


def _selectors(resources: tuple[str, ...]) -> list[dict[str, Any]]:
    """A type alone is all of that type, whatever else is named of it. Raises UsageError for a type there is not."""
    found: dict[str, list[str]] = {}
    whole = {each.upper() for each in resources if "/" not in each}
    for each in resources:
        kind, _, identifier = each.partition("/")
        found.setdefault(checked_type(kind), []).append(identifier)
    return [
        {"resourceType": kind, "identifiers": [] if kind in whole else identifiers}
        for kind, identifiers in found.items()
    ]


def _place(data: dict[str, Any]) -> str:
    return scope_of(data) + (" and what is in it" if data["filter"] == "INCLUDING_CHILD_SCOPES" else "")


def _things(group: dict[str, Any]) -> str:
    wanted = group["resourceFilter"]
    if wanted["includeAllResources"]:
        return "all"
    return ", ".join(_selected(each) for each in wanted["resources"]) or "none"


def _selected(selector: dict[str, Any]) -> str:
    values = (selector.get("attributeFilter") or {}).get("attributeValues") or selector["identifiers"]
    return f"{selector['resourceType']} {' '.join(values)}".strip()


def _row(data: dict[str, Any]) -> tuple[object, ...]:
    group, is_managed = data["resourceGroup"], data["harnessManaged"]
    changed = "" if is_managed else when(data, "lastModifiedAt")
    return group["identifier"], group["name"], _things(group), "yes" if is_managed else "no", changed


def _done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
