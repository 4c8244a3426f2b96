"""``pierhead doctor``: what is dead, breaks soon or could be better; and the move away from registries that ended."""

from collections.abc import Sequence
from typing import Any

import click

from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.doctor_text import tell_examination, tell_hosts, tell_migrations
from pierhead.cli.documents import read_source
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api

_PATH = "/pierhead/v1/doctor"


@click.command()
@click.option("--file", "-f", "files", multiple=True, metavar="PIPELINE.yml", help="Examine this pipeline as well.")
@click.option("--hosts", "lists_hosts", is_flag=True, help="List the registry hosts that are known to end.")
@click.option("--migrate", "migrates", is_flag=True, help="Give connectors at ended hosts their new URLs.")
@click.option("--id", "ids", multiple=True, metavar="FINDING", help="Migrate this one alone; may be repeated.")
@click.option("--with-credentials", is_flag=True, help="Migrate also what shows a password to another registry.")
@click.option("--dry-run", is_flag=True, help="With --migrate: only say what would change.")
@yes_option
@with_api
def doctor(
    invocation: Invocation,
    files: tuple[str, ...],
    lists_hosts: bool,
    migrates: bool,
    ids: tuple[str, ...],
    with_credentials: bool,
    dry_run: bool,
    is_sure: bool,
) -> int:
    """Say what is dead, what breaks soon, and what could be better; and what to do about each.

    Looks at connectors, mirrors, watches, pins and your own keys of the account, or of --org and --project and what is
    in them; - as --file reads a pipeline from standard input. Asks no registry but with --migrate, which tests every
    connector that it changed. Pipelines are never changed. Exit code 1 when something is broken now.
    """
    if not migrates and (ids or with_credentials or dry_run):
        raise UsageError("--id, --with-credentials and --dry-run go with --migrate")
    if lists_hosts:
        return _hosts(invocation)
    if not migrates:
        return _examined(invocation, files)
    if files:
        raise UsageError("pipelines are not migrated, only told", hint="leave out --migrate, or --file")
    return _migrated(invocation, ids, is_dry=dry_run, with_credentials=with_credentials, is_sure=is_sure)


def _examined(invocation: Invocation, files: Sequence[str]) -> int:
    data = _examine(invocation, files)
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        tell_examination(invocation.screen, data)
    return FAILED if data["counts"]["broken"] else 0


def _examine(invocation: Invocation, files: Sequence[str]) -> Any:
    if not files:
        return invocation.api().call("GET", _PATH)
    texts = [read_source(name) for name in files]
    body = {"pipelines": [{"file": where, "text": raw.decode("utf-8", "replace")} for where, raw in texts]}
    return invocation.api().call("POST", _PATH, body=body)


def _hosts(invocation: Invocation) -> int:
    data = invocation.api().call("GET", f"{_PATH}/hosts")
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        tell_hosts(invocation.screen, data["hosts"])
    return 0


def _migrated(
    invocation: Invocation, ids: Sequence[str], *, is_dry: bool, with_credentials: bool, is_sure: bool
) -> int:
    """First what would change, for the question; then the change. Of very many, as often as it takes."""
    asked = {"ids": list(ids), "all": not ids, "withCredentials": with_credentials}
    plan = _migrate(invocation, {**asked, "dryRun": True})
    doable = [item for item in plan["items"] if item["outcome"] == "planned"]
    if is_dry or not doable:
        return _told(invocation, plan)
    if not invocation.screen.is_json:
        tell_migrations(invocation.screen, doable)
    confirm(f"Change {len(doable)} connector{'s' if len(doable) > 1 else ''}?", is_sure=is_sure)
    return _told(invocation, _migrate(invocation, {**asked, "dryRun": False}))


def _migrate(invocation: Invocation, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = invocation.api().call("POST", f"{_PATH}/migrate", body=body)
    return found


def _told(invocation: Invocation, data: dict[str, Any]) -> int:
    screen = invocation.screen
    if screen.is_json:
        screen.json(data)
    else:
        tell_migrations(screen, data["items"])
        if data["remaining"]:
            screen.note(f"{data['remaining']:,} more: say the same again")
    bad = [item for item in data["items"] if item["outcome"] in ("denied", "failed") or item["test"] == "FAILURE"]
    return FAILED if bad else 0
