"""``pierhead image resolve``: what a tag means now, as seen through a connector."""

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.format import size
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.scoped import plain_identifier


@click.command("resolve")
@click.argument("image_name", metavar="IMAGE")
@click.option(
    "--connector",
    default="harnessImage",
    show_default=True,
    shell_complete=completes("connectors"),
    help="Whose registry, and whose way to it.",
)
@with_api
def resolve_image(invocation: Invocation, image_name: str, connector: str) -> None:
    """Show what an image's tag means now: its digest, and the platforms in it. Pulls nothing."""
    identifier = plain_identifier(invocation.target, connector)
    path = f"/pierhead/v1/connectors/{segment(identifier)}/resolve"
    data = invocation.api().call("GET", path, {"image": image_name})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    if screen.is_quiet:
        return screen.line(data["digest"])
    names = (("image", "reference"), ("digest", "digest"), ("type", "mediaType"))
    screen.pairs([*((word, data.get(name)) for word, name in names), ("size", size(data.get("sizeBytes")))])
    if platforms := data.get("platforms"):
        screen.line()
        rows = [(each["platform"], each["digest"], size(each["sizeBytes"])) for each in platforms]
        screen.table(("platform", "digest", "size"), rows)
    return None
