"""``pierhead org`` and ``pierhead project``: the places below an account, in which connectors and secrets can live."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, tell_more, when
from pierhead.cli.render import Screen

_ORGS, _PROJECTS = "/ng/api/organizations", "/ng/api/projects"
_org_named = click.argument("identifier", shell_complete=completes("organizations"))
_project_named = click.argument("identifier", shell_complete=completes("projects"))
_search = click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
_name = click.option("--name", help="What people call it.  [default: the identifier]")
_description = click.option("--description", default="", help="What it is for.")


@click.group()
def org() -> None:
    """Organizations: they hold projects, and what those share."""


@org.command("list")
@_search
@page_options(50)
@with_api
def list_orgs(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List the organizations that you may see, last changed first."""
    data = invocation.api().call("GET", _ORGS, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = [(_text(item, "organization", "identifier"), *_facts(item, "organization")) for item in data["content"]]
    screen.table(("identifier", "name", "changed", "description"), rows)
    return tell_more(screen, data)


@org.command("show")
@_org_named
@with_api
def show_org(invocation: Invocation, identifier: str) -> None:
    """Show one organization."""
    data = invocation.api().call("GET", f"{_ORGS}/{segment(identifier)}")
    _show(invocation.screen, data, "organization")


@org.command("create")
@click.argument("identifier")
@_name
@_description
@with_api
def create_org(invocation: Invocation, identifier: str, name: str | None, description: str) -> None:
    """Make an organization."""
    body = {"identifier": identifier, "name": name or identifier, "description": description}
    data = invocation.api().call("POST", _ORGS, None, {"organization": body})
    _tell_done(invocation.screen, data, f"organization {identifier}: created")


@org.command("delete")
@_org_named
@yes_option
@with_api
def delete_org(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete an organization that holds no projects, connectors, secrets and delegates; the rest in it goes along."""
    confirm(f"Delete organization {identifier}, with the roles and service accounts in it?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_ORGS}/{segment(identifier)}")
    _tell_done(invocation.screen, data, f"organization {identifier}: deleted")


@click.group()
def project() -> None:
    """Projects: the innermost places.

    Without --org, those of the organization `default` are meant.
    """


@project.command("list")
@_search
@page_options(50)
@with_api
def list_projects(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List the projects that you may see, of --org or of all organizations, last changed first."""
    data = invocation.api().call("GET", _PROJECTS, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = [
        (_text(item, "project", "identifier"), _text(item, "project", "orgIdentifier"), *_facts(item, "project"))
        for item in data["content"]
    ]
    screen.table(("identifier", "organization", "name", "changed", "description"), rows)
    return tell_more(screen, data)


@project.command("show")
@_project_named
@with_api
def show_project(invocation: Invocation, identifier: str) -> None:
    """Show one project."""
    data = invocation.api().call("GET", f"{_PROJECTS}/{segment(identifier)}")
    _show(invocation.screen, data, "project")


@project.command("create")
@click.argument("identifier")
@_name
@_description
@with_api
def create_project(invocation: Invocation, identifier: str, name: str | None, description: str) -> None:
    """Make a project in --org."""
    body = {"identifier": identifier, "name": name or identifier, "description": description}
    data = invocation.api().call("POST", _PROJECTS, None, {"project": body})
    _tell_done(invocation.screen, data, f"project {_text(data, 'project', 'orgIdentifier')}/{identifier}: created")
    if not invocation.target.org:
        invocation.screen.note("without --org it was made in the organization `default`")


@project.command("delete")
@_project_named
@yes_option
@with_api
def delete_project(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a project of --org that holds no connectors, secrets and delegates; the rest in it goes along."""
    confirm(f"Delete project {identifier}, with the roles and service accounts in it?", is_sure=is_sure)
    data = invocation.api().call("DELETE", f"{_PROJECTS}/{segment(identifier)}")
    _tell_done(invocation.screen, data, f"project {identifier}: deleted")


def _show(screen: Screen, data: dict[str, Any], noun: str) -> None:
    if screen.is_json:
        return screen.json(data)
    entity = data[noun]
    tags = ", ".join(f"{key}={value}" for key, value in (entity.get("tags") or {}).items())
    pairs = [
        ("identifier", entity["identifier"]),
        ("organization", entity.get("orgIdentifier")),
        ("name", entity.get("name")),
        ("description", entity.get("description")),
        ("tags", tags),
        ("made", when(data, "createdAt")),
        ("changed", when(data, "lastModifiedAt")),
    ]
    return screen.pairs([pair for pair in pairs if pair[1]])


def _text(item: dict[str, Any], noun: str, field: str) -> str:
    return str((item.get(noun) or {}).get(field) or "")


def _facts(item: dict[str, Any], noun: str) -> tuple[str, str, str]:
    return _text(item, noun, "name"), when(item, "lastModifiedAt"), _text(item, noun, "description")


def _tell_done(screen: Screen, data: Any, text: str) -> None:
    if screen.is_json:
        screen.json(data)
    else:
        screen.line(text)
