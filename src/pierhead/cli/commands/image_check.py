"""``pierhead image check``: what a gate policy says of an image."""

import click

from pierhead.cli.api_client import segment
from pierhead.cli.commands.gate_policy import POLICIES
from pierhead.cli.complete import completes
from pierhead.cli.errors import FAILED
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.scoped import plain_identifier


@click.command("check")
@click.argument("image_name", metavar="IMAGE")
@click.option("--policy", required=True, help="Identifier of the gate policy.")
@click.option(
    "--connector",
    default="account.harnessImage",
    show_default=True,
    shell_complete=completes("connectors"),
    help="Whose registry, and whose way to it.",
)
@click.option("--digest", help="Look at this digest, whatever the tag means now.")
@with_api
def check_image(invocation: Invocation, image_name: str, policy: str, connector: str, digest: str | None) -> int:
    """Say what each gate of a policy says of an image; exit code 1 when it may not pass."""
    path = f"{POLICIES}/{segment(plain_identifier(invocation.target, policy))}/check"
    body = {"connectorRef": connector, "image": image_name, "digest": digest}
    verdict = invocation.api().call("POST", path, body=body)
    screen, outcome = invocation.screen, verdict["outcome"]
    if screen.is_json:
        screen.json(verdict)
    else:
        screen.line(f"{image_name}: {outcome.replace('_', ' ')} ({verdict['digest']})")
        rows = [
            (gate["gate"], gate["outcome"].replace("_", " "), reason["message"])
            for gate in verdict["gates"]
            for reason in [*gate["reasons"], *_excepted(gate["exception"])]
        ]
        screen.table(("gate", "says", "because"), rows)
    return 0 if outcome in ("pass", "excepted") else FAILED


def _excepted(exception: dict[str, str] | None) -> list[dict[str, str]]:
    if exception is None:
        return []
    made = f"excepted until {exception['expiresAt']} by {exception['madeBy']}: {exception['reason']}"
    return [{"message": made}]
