"""What commands that pin have in common: FIELD=IMAGE, the infrastructure, a canary's place, the way of the check."""

from collections.abc import Callable
from typing import Any

import click

from .complete import completes
from .errors import UsageError
from .invocation import Target

infra_option = click.option(
    "--infra",
    type=click.Choice(["K8", "VM"], case_sensitive=False),
    default="K8",
    show_default=True,
    help="Kubernetes or virtual machines.",
)
any_infra_option = click.option(
    "--infra", type=click.Choice(["K8", "VM"], case_sensitive=False), help="Only this one.  [default: both]"
)
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why; kept beside the pins and in the audit.")


def check_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--connector``, ``--source`` and ``--no-compare``."""
    options = (
        click.option(
            "--connector",
            metavar="CONNECTOR",
            shell_complete=completes("connectors"),
            help="Where the images have to be.  [default: account.harnessImage]",
        ),
        click.option(
            "--source",
            metavar="CONNECTOR",
            shell_complete=completes("connectors"),
            help="Where they come from, for their digests.  [default: Docker Hub, built in]",
        ),
        click.option("--no-compare", is_flag=True, help="Only look whether they are there, and ask no source."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def way(connector: str | None, source: str | None, no_compare: bool) -> dict[str, object]:
    """As the API calls it."""
    if source and no_compare:
        raise UsageError("--source and --no-compare contradict each other")
    return {"connector": connector, "source": source, "compare": not no_compare}


def pin_of(text: str) -> dict[str, str]:
    """Raises UsageError for what is not FIELD=IMAGE."""
    field, equals, value = text.partition("=")
    if not field or not equals or not value:
        raise UsageError(
            f"{text!r} is not FIELD=IMAGE", hint="for example gitCloneTag=harness/drone-git:1.6.9-rootless"
        )
    return {"field": field, "value": value}


def check_canary(target: Target, is_canary: bool) -> None:
    """A place is named exactly for a canary: what counts for everybody is the account's. Raises UsageError."""
    if is_canary and not target.org:
        raise UsageError("a canary needs a place", hint="say --org, or --org and --project")
    if target.org and not is_canary:
        raise UsageError(
            f"pins are the account's, and {target.project or target.org} is a part of it",
            hint="say --canary to pin there first, or leave --org and --project out",
        )
