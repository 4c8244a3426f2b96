"""``pierhead image resolve``: what a tag means now, as seen through a connector."""

import click

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.complete import completes
from pierhead.cli.format import size
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.scoped import plain_identifier

_DEFAULT = "harnessImage"
_ACCOUNT = {"orgIdentifier": None, "projectIdentifier": None}


@click.command("resolve")
@click.argument("image_name", metavar="IMAGE")
@click.option(
    "--connector",
    shell_complete=completes("connectors"),
    help="Whose registry, and whose way to it.  [default: harnessImage of this place, or else of the account]",
)
@with_api
def resolve_image(invocation: Invocation, image_name: str, connector: str | None) -> None:
    """Show what an image's tag means now: its digest, and the platforms in it. Pulls nothing."""
    api = invocation.api()
    identifier = plain_identifier(invocation.target, connector) if connector else _DEFAULT
    place = {} if connector or not invocation.target.org else _place_of_default(api)
    data = api.call("GET", f"/pierhead/v1/connectors/{segment(identifier)}/resolve", {"image": image_name, **place})
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


def _place_of_default(api: ApiClient) -> dict[str, None]:
    """What to add to a query, so that it is about the account when the place has no such connector of its own."""
    return {} if api.find(f"/ng/api/connectors/{_DEFAULT}") is not None else _ACCOUNT
