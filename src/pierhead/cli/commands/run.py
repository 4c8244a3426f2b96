"""``pierhead run``: runs of init, past and present."""

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.errors import FAILED
from pierhead.cli.follow import RUNS, follow
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, tell_more
from pierhead.cli.progress import progress_on
from pierhead.cli.run_table import tell_run, tell_runs

_named = click.argument("identifier", metavar="RUN", shell_complete=completes("runs"))


@click.group()
def run() -> None:
    """Past and present runs of init."""


@run.command("list")
@page_options(20)
@with_api
def list_runs(invocation: Invocation, page: int, page_size: int) -> None:
    """List runs, newest first."""
    data = invocation.api().call("GET", RUNS, page_query(page, page_size))
    if invocation.screen.is_json:
        return invocation.screen.json(data)
    tell_runs(invocation.screen, data["content"])
    return tell_more(invocation.screen, data)


@run.command("get")
@_named
@with_api
def get_run(invocation: Invocation, identifier: str) -> None:
    """Show one run with all its images."""
    data = invocation.api().call("GET", f"{RUNS}/{segment(identifier)}")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        tell_run(invocation.screen, data, is_verbose=invocation.is_verbose)


@run.command("watch")
@_named
@with_api
def watch_run(invocation: Invocation, identifier: str) -> int:
    """Follow a run to its end; exit code 1 unless it succeeds. Ctrl-C leaves the run alone."""
    api, screen = invocation.api(), invocation.screen
    api.call("GET", f"{RUNS}/{segment(identifier)}")  # a run that is not there is no stream to wait for
    with progress_on(screen) as progress:
        data = follow(api, identifier, progress)
    if screen.is_json:
        screen.json(data)
    else:
        tell_run(screen, data, is_verbose=invocation.is_verbose)
    return 0 if data["state"] == "succeeded" else FAILED


@run.command("cancel")
@_named
@with_api
def cancel_run(invocation: Invocation, identifier: str) -> None:
    """Cancel a run; one that has ended stays as it is."""
    data = invocation.api().call("POST", f"{RUNS}/{segment(identifier)}/cancel")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(f"run {identifier}: {data['state']}")
