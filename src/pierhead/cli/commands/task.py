"""``pierhead task``: the work behind runs, tests and copies; where it is, who has it, and why it went there."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, tell_more
from pierhead.cli.task_text import tell_selection, tell_task, tell_tasks

TASKS = "/pierhead/v1/tasks"
_STATES = ("QUEUED", "LEASED", "SUCCEEDED", "FAILED", "CANCELLED", "DEAD")
_named = click.argument("identifier", metavar="TASK", shell_complete=completes("tasks"))


@click.group()
def task() -> None:
    """The work behind runs, tests and copies: where it is, and why."""


@task.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES, case_sensitive=False),
    help="Only in this state; dead is what nobody could do. May be repeated.",
)
@page_options(20)
@with_api
def list_tasks(invocation: Invocation, states: tuple[str, ...], page: int, page_size: int) -> None:
    """List tasks, newest first."""
    data = invocation.api().call("GET", TASKS, {**page_query(page, page_size), "state": states})
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    tell_tasks(invocation.screen, data["content"])
    return tell_more(invocation.screen, data)


@task.command("show")
@_named
@with_api
def show_task(invocation: Invocation, identifier: str) -> None:
    """Show one task."""
    data = invocation.api().call("GET", f"{TASKS}/{segment(identifier)}")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        tell_task(invocation.screen, data)


@task.command("why")
@_named
@with_api
def why_task(invocation: Invocation, identifier: str) -> None:
    """Say for every delegate why a task went to it, or why not."""
    data: dict[str, Any] = invocation.api().call("GET", f"{TASKS}/{segment(identifier)}/selection")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        tell_selection(invocation.screen, data)


@task.command("cancel")
@_named
@with_api
def cancel_task(invocation: Invocation, identifier: str) -> None:
    """Cancel a task; one that has ended stays as it is."""
    data = invocation.api().call("POST", f"{TASKS}/{segment(identifier)}/cancel")
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    is_asked = data["state"] == "LEASED"
    return invocation.screen.line(f"task {identifier}: {'asked to stop' if is_asked else data['state']}")
