"""``pierhead release``: which releases there are, how old every image is, when the next ones come."""

from typing import Any

import click

from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pin_options import any_infra_option

from .image_pins import tell_steps

_RELEASES = "/pierhead/v1/releases"
_PLAIN = ("as-needed", "unknown")


@click.group()
def release() -> None:
    """Releases of the CI images: what is supported until when, and what changes."""


@release.command("list")
@with_api
def list_lines(invocation: Invocation) -> None:
    """List the release lines, the newest first."""
    data = invocation.api().call("GET", _RELEASES)
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    rows = [
        (line["name"], _state(line), line["released"], line["testUntil"], line["supportedUntil"], _hotfixes(line))
        for line in data["lines"]
    ]
    return screen.table(("line", "state", "released", "test until", "supported until", "hotfixes"), rows)


@release.command("status")
@any_infra_option
@click.option("--all", "is_all", is_flag=True, help="Also plugin images, which are updated as needed.")
@with_api
def status(invocation: Invocation, infra: str | None, is_all: bool) -> None:
    """Show how old every image is that runs use, and what to do about it.

    With --org and --project, as runs there would get them. Nothing of this ever fails a run.
    """
    data = invocation.api().call("GET", f"{_RELEASES}/status", {"infra": infra})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    shown = [image for image in data["images"] if is_all or image["state"] not in _PLAIN or image["pinned"]]
    names = ("infra", "field", "effective", "state", "pinned", "hotfix", "supportedUntil")
    columns = ("infra", "field", "image", "state", "pinned", "hotfix", "supported until")
    screen.table(columns, ([_cell(image, name) for name in names] for image in shown))
    screen.line()
    screen.pairs(
        (
            ("default line", data["defaultLine"]),
            ("newest line", data["newestLine"]),
            ("today", data["today"]),
            ("next release", data["nextRelease"]),
        )
    )
    for warning in data["warnings"]:
        screen.line(f"warning: {warning}", style="yellow")
    return None


@release.command("calendar")
@click.option("--count", type=click.IntRange(1, 100), default=6, show_default=True, help="How many days.")
@with_api
def calendar(invocation: Invocation, count: int) -> None:
    """Show the next release days."""
    data = invocation.api().call("GET", f"{_RELEASES}/calendar", {"count": count})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    for day in data["days"]:
        screen.line(day)
    screen.note(data["rule"])
    return None


@release.command("diff")
@click.argument("before", metavar="LINE")
@click.argument("after", metavar="LINE")
@click.option("--images", "only_images", is_flag=True, help="Print only the images that have to be mirrored.")
@with_api
def diff(invocation: Invocation, before: str, after: str, only_images: bool) -> None:
    """Show what changes from one release line to another, and which images to mirror for it."""
    data = invocation.api().call("GET", f"{_RELEASES}/diff", {"from": before, "to": after})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    if not only_images:
        tell_steps(invocation, data["changes"])
        screen.line()
        screen.line(f"to mirror: {len(data['toMirror'])}")
    for image in data["toMirror"]:
        screen.line(image, indent=0 if only_images else 2)
    return None


def _state(line: dict[str, Any]) -> str:
    marks = [line["state"] if line["isOut"] else "announced", *(["default"] if line["isDefault"] else [])]
    return ", ".join(marks)


def _hotfixes(line: dict[str, Any]) -> str:
    return ", ".join(hotfix["version"] for hotfix in line["hotfixes"])


def _cell(image: dict[str, Any], name: str) -> object:
    if name != "pinned":
        return image[name]
    return (image["pinnedAt"] or "account") if image["pinned"] else None
