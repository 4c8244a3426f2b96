"""``pierhead delegate``: what runs where, and who may take tasks. Tags, tokens and set-up have modules of their own."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.delegate_text import tell_approved, tell_delegate, tell_delegates, tell_group
from pierhead.cli.delegates import DELEGATES, await_delegate, delegate_path, find_delegate, replicas_of
from pierhead.cli.invocation import Invocation
from pierhead.cli.lazy import LazyCommand, LazyGroup
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, tell_more

_COMMANDS = "pierhead.cli.commands"
_STATES = ("ENABLED", "WAITING_FOR_APPROVAL", "DISABLED", "DELETED")

delegate = LazyGroup(
    "delegate",
    {
        "tag": LazyCommand(f"{_COMMANDS}.delegate_tag:tag", "Tags put on a delegate by hand."),
        "token": LazyCommand(f"{_COMMANDS}.delegate_token:token", "What a new delegate shows to be let in."),
        "install": LazyCommand(f"{_COMMANDS}.delegate_install:install", "Print what to run to set up a delegate."),
        "run": LazyCommand(f"{_COMMANDS}.delegate_run:delegate_run", "Run a delegate in the foreground."),
    },
    help="Agents that reach registries where the server cannot.",
)
_named = click.argument("name", metavar="NAME|ID", shell_complete=completes("delegates"))


@delegate.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, host or tag matches.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES, case_sensitive=False), help="Only in this state."
)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only those with this tag; may be repeated.")
@click.option("--all", "is_everywhere", is_flag=True, help="Also what the scopes above and below own.")
@page_options(50)
@with_api
def list_delegates(
    invocation: Invocation,
    search: str | None,
    states: tuple[str, ...],
    tags: tuple[str, ...],
    is_everywhere: bool,
    page: int,
    page_size: int,
) -> None:
    """List delegates, one line for each replica."""
    query = {**page_query(page, page_size), "searchTerm": search, "state": states, "tag": tags, "all": is_everywhere}
    data = invocation.api().call("GET", DELEGATES, query)
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    tell_delegates(invocation.screen, data["content"])
    return tell_more(invocation.screen, data)


@delegate.command("show")
@_named
@with_api
def show_delegate(invocation: Invocation, name: str) -> None:
    """Show a delegate with its replicas, or one replica by its id."""
    data, is_replica = find_delegate(invocation.api(), name)
    if invocation.screen.is_json:
        invocation.screen.json(data)
    elif is_replica:
        tell_delegate(invocation.screen, data)
    else:
        tell_group(invocation.screen, data)


@delegate.command("approve")
@_named
@click.option("--wait", "wait_s", type=click.FloatRange(0, 3600), metavar="SECONDS", help="Give it time to show up.")
@with_api
def approve_delegate(invocation: Invocation, name: str, wait_s: float | None) -> None:
    """Let a new delegate take tasks; by name, all of its replicas that wait."""
    api = invocation.api()
    before, is_replica = await_delegate(api, name, wait_s or 0.0)
    data = api.call("POST", f"{delegate_path(name, is_replica=is_replica)}/approve")
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    return tell_approved(invocation.screen, name, before, data)


@delegate.command("disable")
@_named
@with_api
def disable_delegate(invocation: Invocation, name: str) -> None:
    """Give a delegate no more tasks; those it holds go to others."""
    _each(invocation, name, "disable", "disabled")


@delegate.command("enable")
@_named
@with_api
def enable_delegate(invocation: Invocation, name: str) -> None:
    """Give a disabled delegate tasks again."""
    _each(invocation, name, "enable", "enabled")


@delegate.command("delete")
@_named
@yes_option
@with_api
def delete_delegate(invocation: Invocation, name: str, is_sure: bool) -> None:
    """Delete a delegate with all replicas, or one replica; its key is never let in again."""
    api = invocation.api()
    data, is_replica = find_delegate(api, name)
    count = 1 if is_replica else len(data["replicas"])
    confirm(f"Delete delegate {name} ({count} {'replica' if count == 1 else 'replicas'})?", is_sure=is_sure)
    done = api.call("DELETE", delegate_path(name, is_replica=is_replica))
    _tell_done(invocation, done, f"delegate {name}: deleted")


def _each(invocation: Invocation, name: str, verb: str, past: str) -> None:
    api = invocation.api()
    done = [api.call("POST", f"{DELEGATES}/{segment(replica)}/{verb}") for replica in replicas_of(api, name)]
    if invocation.screen.is_json:
        return invocation.screen.json(done)
    for replica in done:
        invocation.screen.line(f"delegate {replica['group']} on {replica['hostName']}: {past}")
    if not done:
        invocation.screen.line(f"delegate {name} has no replicas")
    return None


def _tell_done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
