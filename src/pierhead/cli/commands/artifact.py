"""``pierhead artifact``: tags of an image behind a connector, repositories, and what one tag is."""

from collections.abc import Iterator
from typing import Any

import click

from pierhead.cli.api_client import ApiClient
from pierhead.cli.complete import completes
from pierhead.cli.errors import ApiError, NotPierheadError
from pierhead.cli.format import moment, short_digest, size
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.render import Screen

_PATH = "/pierhead/v1/artifacts"
_PAGE = 10_000
_REGISTRY_FAILED = 424
_connector = click.argument("connector", shell_complete=completes("connectors"))
_image = click.argument("image")


@click.group()
def artifact() -> None:
    """Tags and repositories that registries have.

    CONNECTOR is a reference such as account.hub.
    """


@artifact.command("tags")
@_connector
@_image
@click.option("--regex", metavar="PATTERN", help="Only tags that match it whole.")
@click.option("--semver", metavar="RANGE", help="Only versions in the range, such as ^1.16.")
@click.option("--newest", type=click.IntRange(1), metavar="N", help="Only so many of each flavour.")
@click.option("--sort", type=click.Choice(["semver", "name", "date", "firstSeen"]), help="In this order.")
@click.option("--details", is_flag=True, help="With date, size and digest of the first 100.")
@with_api
def list_tags(
    invocation: Invocation,
    connector: str,
    image: str,
    regex: str | None,
    semver: str | None,
    newest: int | None,
    sort: str | None,
    details: bool,
) -> None:
    """List the tags of an image.

    Without --sort, --semver, --newest and --details, tags are shown as the registry lists them, while it lists them.
    """
    screen, api = invocation.screen, invocation.api()
    asked = {"connectorRef": connector, "image": image, "tagRegex": regex}
    if not (screen.is_json or semver or newest or sort or details):
        return _tell_stream(screen, api, asked)
    query = {**asked, "semver": semver, "newest": newest, "sort": sort, "details": details or None}
    data = _whole(api, query)
    if screen.is_json:
        return screen.json(data)
    if details or sort in ("date", "firstSeen"):
        columns = ("tag", "created", "first seen", "size", "digest", "problem")
        screen.table(columns, map(_row, data["content"]))
    else:
        for each in data["content"]:
            screen.line(each["tag"])
    for note in data["notes"]:
        screen.note(note)
    return None


@artifact.command("repositories")
@_connector
@click.option("--search", metavar="TEXT", help="Only those with this in their name.")
@with_api
def list_repositories(invocation: Invocation, connector: str, search: str | None) -> None:
    """List the repositories that a registry shows; many show none, and some only to a user."""
    data = invocation.api().call("GET", f"{_PATH}/repositories", {"connectorRef": connector, "search": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    for name in data["repositories"]:
        screen.line(name)
    if data["truncated"]:
        screen.note("the registry has more repositories than were read")
    return None


@artifact.command("show")
@_connector
@click.argument("image", metavar="IMAGE[:TAG]")
@with_api
def show_tag(invocation: Invocation, connector: str, image: str) -> None:
    """Show one tag: digest, platforms, date, labels and size."""
    data = invocation.api().call("GET", f"{_PATH}/tag", {"connectorRef": connector, "image": image})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.pairs(
        [
            ("image", data["reference"]),
            ("digest", data["digest"]),
            ("type", data["mediaType"]),
            ("platforms", ", ".join(each["platform"] for each in data["platforms"])),
            ("created", _created(data)),
            ("size", data["sizeBytes"] and f"{size(data['sizeBytes'])} for {data['platform'] or 'its platform'}"),
            ("labels", ", ".join(f"{key}={value}" for key, value in data["labels"].items())),
            ("not read", data["problem"]),
        ]
    )
    return None


def _tell_stream(screen: Screen, api: ApiClient, query: dict[str, Any]) -> None:
    for event, data in api.stream(f"{_PATH}/tags/stream", query):
        if event == "page":
            for tag in data["tags"]:
                screen.line(tag)
        elif event == "error":
            raise ApiError(_REGISTRY_FAILED, "", data["code"], data["message"], data["hint"])
        elif event == "end":
            if data["truncated"]:
                screen.note(f"the registry has more tags than these {data['listed']}")
            return
    raise NotPierheadError(api.place, "the list of tags has no end")


def _whole(api: ApiClient, query: dict[str, Any]) -> dict[str, Any]:
    """All pages as one."""
    found = list(_pages(api, query))
    content = [each for page in found for each in page["content"]]
    notes = list(dict.fromkeys(note for page in found for note in page["notes"]))
    return {**found[0], "content": content, "notes": notes, "pageSize": len(content) or _PAGE, "totalPages": 1}


def _pages(api: ApiClient, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    index, count = 0, 1
    while index < count:
        page = api.call("GET", f"{_PATH}/tags", {**query, "pageIndex": index, "pageSize": _PAGE})
        yield page
        index, count = index + 1, int(page["totalPages"])


def _row(tag: dict[str, Any]) -> tuple[object, ...]:
    told = tag["sizeBytes"]
    digest = short_digest(tag["digest"])
    return tag["tag"], _created(tag), moment(tag["firstSeen"]), size(told) if told else "", digest, tag["problem"]


def _created(data: dict[str, Any]) -> str:
    """Builds that can be repeated say the epoch, or a year of their own choice."""
    at = data["created"]
    return "at the epoch" if at == 0 else moment(at)
