"""``pierhead image copy``: one image from registry to registry, byte for byte, carried by whoever reaches both."""

from typing import Any

import click

from pierhead.cli.complete import completes
from pierhead.cli.copy_follow import COPIES, cancel_copy, follow_copy, is_final, progress_of
from pierhead.cli.errors import FAILED, INTERRUPTED, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.progress import line_of, progress_on


@click.command("copy")
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option(
    "--from",
    "from_connector",
    metavar="CONNECTOR",
    required=True,
    shell_complete=completes("connectors"),
    help="Where SRC is.",
)
@click.option(
    "--to",
    "to_connector",
    metavar="CONNECTOR",
    required=True,
    shell_complete=completes("connectors"),
    help="Where DST shall be.",
)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Only this platform; may be repeated, with --index.  [default: the whole image]",
)
@click.option(
    "--index",
    type=click.Choice(["whole", "sparse", "rewritten"]),
    help="With --platform: the index as it is with the others missing, or a new one with these only.  "
    "[default: no index, the manifest of the one platform]",
)
@click.option("--referrers", "has_referrers", is_flag=True, help="Signatures, SBOMs and the like come along.")
@click.option("--digest", help="Copy this, whatever the tag of SRC means by then.")
@click.option("--wait", "is_awaited", is_flag=True, help="Follow the copy to its end.")
@with_api
def copy_image(
    invocation: Invocation,
    source: str,
    target: str,
    from_connector: str,
    to_connector: str,
    platforms: tuple[str, ...],
    index: str | None,
    has_referrers: bool,
    digest: str | None,
    is_awaited: bool,
) -> int:
    """Copy one image from registry to registry, byte for byte.

    SRC and DST are names as pipelines write them; where the connectors lead is put before them. With --wait, exit code
    1 when the copy fails; Ctrl-C cancels it.
    """
    connection = invocation.connection()
    if connection.is_local and not is_awaited:
        raise UsageError("without --wait a copy needs a server: nobody else would go on with it", hint="say --wait")
    places = {"source": (from_connector, source), "target": (to_connector, target)}
    body: dict[str, Any] = {
        place: {"connector": connector, "image": image} for place, (connector, image) in places.items()
    }
    body |= {"platforms": list(platforms), "digest": digest}
    body |= {"index": index} if index else {}
    body |= {"referrers": True} if has_referrers else {}
    data = connection.api.call("POST", COPIES, body=body)
    if not is_awaited:
        _tell_started(invocation, data)
        return 0
    return _followed(invocation, data, target)


def _followed(invocation: Invocation, data: dict[str, Any], target: str) -> int:
    api, screen = invocation.api(), invocation.screen
    try:
        with progress_on(screen) as progress:
            data = follow_copy(api, data, target, progress)
    except KeyboardInterrupt:
        screen.note("cancelling the copy; what is half-way there has no tag")
        data = cancel_copy(api, data)
        _tell_end(invocation, data, target)
        return INTERRUPTED
    _tell_end(invocation, data, target)
    return 0 if data["task"]["state"] == "SUCCEEDED" else FAILED


def _tell_started(invocation: Invocation, data: dict[str, Any]) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(data["task"]["id"])
        invocation.screen.note(f"see `pierhead task show {data['task']['id']}`")


def _tell_end(invocation: Invocation, data: dict[str, Any], target: str) -> None:
    screen, task = invocation.screen, data["task"]
    if screen.is_json:
        return screen.json(data)
    if data.get("image") and is_final(data):
        screen.line(line_of(progress_of(data, target)))
    else:
        screen.line(f"task {task['id']}: {task['state']}")
    error = task.get("error") or {}
    for name in ("message", "hint"):
        if error.get(name) and (name == "hint" or not data.get("image")):
            screen.line(f"{'remedy' if name == 'hint' else 'cause':<7} {error[name]}", indent=2)
    return None
