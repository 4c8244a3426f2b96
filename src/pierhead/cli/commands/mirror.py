"""``pierhead mirror``: images copied ahead of need from one registry to another, by rules."""

from typing import Any

import click

from pierhead.cli.api_client import segment
from pierhead.cli.complete import completes
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.errors import FAILED, INTERRUPTED, UsageError
from pierhead.cli.format import short_digest
from pierhead.cli.invocation import Invocation
from pierhead.cli.mirror_text import RUNS, cancel_run, follow_run, is_final, rule_text, tell_run
from pierhead.cli.options import with_api
from pierhead.cli.pages import page_options, page_query, scope_of, tell_more, when
from pierhead.cli.progress import progress_on
from pierhead.cli.scoped import plain_identifier

from .mirror_import import import_mirrors

MIRRORS = "/pierhead/v1/mirrors"
_named = click.argument("identifier", shell_complete=completes("mirrors"))
_connector = completes("connectors")


@click.group()
def mirror() -> None:
    """Images copied ahead of need, under their own names."""


mirror.add_command(import_mirrors)


@mirror.command("create")
@click.argument("identifier")
@click.option("--from", "source", metavar="CONNECTOR", required=True, shell_complete=_connector, help="The source.")
@click.option("--to", "target", metavar="CONNECTOR", required=True, shell_complete=_connector, help="The target.")
@click.option("--preset", type=click.Choice(["ci-images"]), help="Every image that pipelines of the account may need.")
@click.option("--image", "images", multiple=True, metavar="REPO:TAG", help="This image; may be repeated.")
@click.option("--repository", "repositories", multiple=True, metavar="REPO", help="What the rules below are for.")
@click.option("--glob", "globs", multiple=True, metavar="GLOB", help="Tags such as '1.16.*'; may be repeated.")
@click.option("--regex", "regexes", multiple=True, metavar="PATTERN", help="Tags that match it whole (RE2).")
@click.option("--semver", metavar="RANGE", help="Versions in the range, such as '^1.16'.")
@click.option("--newest", type=click.IntRange(1), metavar="N", help="The newest N of each flavour.")
@click.option("--exclude", "excluded", multiple=True, metavar="GLOB", help="Never these tags.")
@click.option("--platform", "platforms", multiple=True, metavar="OS/ARCH", help="Only this one; may be repeated.")
@click.option("--copies", type=click.Choice(["whole", "sparse", "rewritten"]), default="whole", show_default=True,
              help="With --platform: what becomes of an index.")  # fmt: skip
@click.option("--no-evidence", is_flag=True, help="Leave signatures, SBOMs and the like.")
@click.option("--schedule", default="", metavar="CRON", help="When it runs by itself, such as '0 3 * * *'.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of the schedule.")
@click.option("--immutable", multiple=True, metavar="GLOB", help="Tags that never move.")
@click.option(
    "--backup", default="", metavar="TEMPLATE", help="A tag for what is written over, such as '{tag}-before-{date}'."
)
@click.option("--gates", metavar="POLICY", help="What images have to pass before they get their names.")
@click.option("--reserve", type=click.IntRange(0), default=0, metavar="N", help="Pulls that are left to pipelines.")
@click.option("--name", help="Name.  [default: the identifier]")
@with_api
def create_mirror(invocation: Invocation, /, identifier: str, name: str | None, **given: Any) -> None:
    """Make a mirror. Nothing is copied until it runs.

    For example: pierhead mirror create ci --from account.harnessImage --to account.own --preset ci-images
    """
    identifier = plain_identifier(invocation.target, identifier)
    body = {"identifier": identifier, "name": name or identifier, "spec": _spec(given)}
    data = invocation.api().call("POST", MIRRORS, body=body)
    _done(invocation, data, f"mirror {identifier}: created; see `pierhead mirror run {identifier} --dry-run`")


@mirror.command("list")
@click.option("--search", metavar="TEXT", help="Only those whose name, identifier or tag matches.")
@page_options(100)
@with_api
def list_mirrors(invocation: Invocation, search: str | None, page: int, page_size: int) -> None:
    """List the mirrors of one place."""
    data = invocation.api().call("GET", MIRRORS, {**page_query(page, page_size), "searchTerm": search})
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("identifier", "from", "to", "repositories", "schedule"), map(_row, data["content"]))
    return tell_more(screen, data)


@mirror.command("show")
@_named
@with_api
def show_mirror(invocation: Invocation, identifier: str) -> None:
    """Show a mirror and its rules."""
    data = invocation.api().call("GET", _path(invocation, identifier))
    screen, spec = invocation.screen, data["spec"]
    if screen.is_json:
        return screen.json(data)
    facts = ("preset", "copies", "schedule", "timeZone", "reserve")
    screen.pairs(
        [
            *((name, data.get(name)) for name in ("identifier", "name", "description")),
            ("scope", scope_of(data)),
            ("enabled", "yes" if data["enabled"] else "no"),
            ("from", spec["sourceRef"]),
            ("to", spec["targetRef"]),
            *((name, spec[name]) for name in facts if spec[name]),
            ("platforms", ", ".join(spec["platforms"]) or "all"),
            ("evidence", "yes" if spec["evidence"] else "no"),
            ("gates", spec["gatePolicyRef"]),
        ]
    )
    return screen.table(
        ("repository", "tags"), ((each["repository"], rule_text(each)) for each in spec["repositories"])
    )


@mirror.command("delete")
@_named
@yes_option
@with_api
def delete_mirror(invocation: Invocation, identifier: str, is_sure: bool) -> None:
    """Delete a mirror; what it brought to its target stays there."""
    path = _path(invocation, identifier)
    confirm(f"Delete the mirror {identifier}?", is_sure=is_sure)
    _done(invocation, invocation.api().call("DELETE", path), f"mirror {identifier}: deleted")


@mirror.command("run")
@_named
@click.option("--dry-run", is_flag=True, help="Only say what would be copied, and what that costs.")
@click.option("--no-wait", is_flag=True, help="Print the run's id and leave it to the server.")
@with_api
def run_mirror(invocation: Invocation, identifier: str, dry_run: bool, no_wait: bool) -> int:
    """Run a mirror now: exit code 1 when an image failed. Ctrl-C cancels it; what has come stays."""
    connection = invocation.connection()
    if connection.is_local and no_wait:
        raise UsageError("with --no-wait a run needs a server: nobody else would go on with it")
    data = connection.api.call("POST", f"{_path(invocation, identifier)}/runs", body={"dryRun": dry_run})
    if no_wait:
        _done(invocation, data, data["id"])
        return 0
    return _followed(invocation, data)


@mirror.command("runs")
@_named
@page_options(20)
@with_api
def list_runs(invocation: Invocation, identifier: str, page: int, page_size: int) -> None:
    """List the runs of a mirror, the last begun first."""
    data = invocation.api().call("GET", f"{_path(invocation, identifier)}/runs", page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("run", "begun", "by", "state", "tags"), map(_run_row, data["content"]))
    return tell_more(screen, data)


@mirror.command("status")
@click.argument("run_id", metavar="RUN")
@with_api
def show_run(invocation: Invocation, run_id: str) -> int:
    """Show one run of a mirror: each tag, what became of it, and why."""
    data = invocation.api().call("GET", f"{RUNS}/{segment(run_id)}")
    tell_run(invocation.screen, data)
    return FAILED if data["state"] in ("failed", "incomplete") else 0


@mirror.command("approve")
@_named
@click.argument("image", metavar="REPO:TAG")
@click.option("--reason", required=True, help="What you looked at.")
@click.option("--digest", help="What is in quarantine, to be sure that it is that.")
@with_api
def approve(invocation: Invocation, identifier: str, image: str, reason: str, digest: str | None) -> None:
    """Say that an image in quarantine may be trusted; the next run asks the gates again."""
    path = f"{_path(invocation, identifier)}/approvals"
    data = invocation.api().call("POST", path, body={"image": image, "reason": reason, "digest": digest})
    words = ", ".join(each["by"] for each in data["given"])
    text = (
        f"{data['image']} {short_digest(data['digest'])}: approved by {words}; see `pierhead mirror run {identifier}`"
    )
    _done(invocation, data, text)


@mirror.command("cancel")
@click.argument("run_id", metavar="RUN")
@with_api
def cancel(invocation: Invocation, run_id: str) -> None:
    """Stop a run; what has come stays."""
    data = cancel_run(invocation.api(), run_id)
    _done(invocation, data, f"run {run_id}: {data['state']}")


@mirror.command("held")
@_named
@page_options(100)
@with_api
def list_held(invocation: Invocation, identifier: str, page: int, page_size: int) -> None:
    """List what a mirror has brought to its target."""
    data = invocation.api().call("GET", f"{_path(invocation, identifier)}/holdings", page_query(page, page_size))
    screen = invocation.screen
    if screen.is_json:
        return screen.json(data)
    screen.table(("repository", "tag", "digest", "copied", "missing since"), map(_held_row, data["content"]))
    return tell_more(screen, data)


def _followed(invocation: Invocation, data: dict[str, Any]) -> int:
    api, screen = invocation.api(), invocation.screen
    try:
        with progress_on(screen) as progress:
            data = follow_run(api, data, progress)
    except KeyboardInterrupt:
        screen.note("cancelling the run; what has come stays")
        tell_run(screen, cancel_run(api, data["id"]))
        return INTERRUPTED
    tell_run(screen, data)
    return 0 if is_final(data) and data["state"] == "succeeded" else FAILED


def _spec(given: dict[str, Any]) -> dict[str, Any]:
    exact: dict[str, list[str]] = {}
    for image in given["images"]:
        repository, colon, tag = image.rpartition(":")
        if not colon or "/" in tag:
            raise UsageError(f"--image {image} names no tag", hint="write REPO:TAG, or use --repository and a rule")
        exact.setdefault(repository, []).append(tag)
    rules = {
        "glob": list(given["globs"]),
        "regex": list(given["regexes"]),
        "semver": given["semver"],
        "newest": given["newest"],
        "exclude": list(given["excluded"]),
    }
    said = {key: value for key, value in rules.items() if value}
    if said and not given["repositories"]:
        raise UsageError("rules for tags need --repository", hint="say which repositories they are for")
    wanted = {repository: {**said, "exact": exact.pop(repository, [])} for repository in given["repositories"]}
    wanted |= {repository: {"exact": tags} for repository, tags in exact.items()}
    return {
        "sourceRef": given["source"],
        "targetRef": given["target"],
        "preset": given["preset"],
        "repositories": [{"repository": name, "tags": tags} for name, tags in wanted.items()],
        "platforms": list(given["platforms"]),
        "copies": given["copies"],
        "evidence": not given["no_evidence"],
        "schedule": given["schedule"],
        "timeZone": given["time_zone"],
        "immutable": list(given["immutable"]),
        "reserve": given["reserve"],
        "backup": given["backup"],
        "gatePolicyRef": given["gates"],
    }


def _path(invocation: Invocation, identifier: str) -> str:
    return f"{MIRRORS}/{segment(plain_identifier(invocation.target, identifier))}"


def _row(data: dict[str, Any]) -> tuple[object, ...]:
    spec = data["spec"]
    wanted = [spec["preset"]] if spec["preset"] else []
    wanted += [each["repository"] for each in spec["repositories"]]
    shown = ", ".join(wanted[:3]) + (f" and {len(wanted) - 3} more" if len(wanted) > 3 else "")
    schedule = spec["schedule"] if data["enabled"] else "off"
    return data["identifier"], spec["sourceRef"], spec["targetRef"], shown, schedule


def _run_row(data: dict[str, Any]) -> tuple[object, ...]:
    counts = ", ".join(f"{count} {word}" for word, count in data["counts"].items())
    begun_by = data["trigger"] if data["trigger"] == "schedule" else data["requestedBy"]
    return data["id"], when(data, "startedAt"), begun_by, data["state"], counts


def _held_row(data: dict[str, Any]) -> tuple[object, ...]:
    digest = short_digest(data["targetDigest"])
    return data["repository"], data["tag"], digest, when(data, "copiedAt"), when(data, "missedSince")


def _done(invocation: Invocation, data: Any, text: str) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        invocation.screen.line(text)
