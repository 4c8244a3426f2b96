"""``pierhead delegate tag``: tags that are put on a group beside those of its own configuration."""

from typing import Any

import click

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.complete import completes
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api

_PATH = "/ng/api/delegate-group-tags"
_named = click.argument("name", metavar="NAME", shell_complete=completes("delegates"))
_tags = click.argument("tags", nargs=-1, required=True, metavar="TAG...")


@click.group()
def tag() -> None:
    """Tags put on a delegate by hand."""


@tag.command("add")
@_named
@_tags
@with_api
def add_tags(invocation: Invocation, name: str, tags: tuple[str, ...]) -> None:
    """Add tags to those a delegate has."""
    _tell(invocation, name, invocation.api().call("POST", _path(name), body={"tags": list(tags)}))


@tag.command("set")
@_named
@_tags
@with_api
def set_tags(invocation: Invocation, name: str, tags: tuple[str, ...]) -> None:
    """Put these tags in place of those that were added before."""
    _tell(invocation, name, invocation.api().call("PUT", _path(name), body={"tags": list(tags)}))


@tag.command("remove")
@_named
@click.argument("tags", nargs=-1, metavar="[TAG...]")
@click.option("--all", "is_all", is_flag=True, help="Every tag that was added.")
@with_api
def remove_tags(invocation: Invocation, name: str, tags: tuple[str, ...], is_all: bool) -> None:
    """Take added tags away; those of its configuration stay."""
    if is_all == bool(tags):
        raise UsageError("say either which tags, or --all")
    api = invocation.api()
    _tell(invocation, name, api.call("DELETE", _path(name)) if is_all else _without(api, name, tags))


def _without(api: ApiClient, name: str, tags: tuple[str, ...]) -> Any:
    gone = {each.strip().lower() for each in tags}
    now: list[str] = api.call("GET", _path(name))["tags"]
    if missing := gone - {each.lower() for each in now}:
        raise UsageError(
            f"the tag {min(missing)!r} was not added to delegate {name}", hint=f"see `pierhead delegate show {name}`"
        )
    return api.call("PUT", _path(name), body={"tags": [each for each in now if each.lower() not in gone]})


def _path(name: str) -> str:
    return f"{_PATH}/{segment(name)}"


def _tell(invocation: Invocation, name: str, data: Any) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(f"delegate {name}: {', '.join(data['tags']) or 'no added tags'}")
