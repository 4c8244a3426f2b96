"""``pierhead apply``: makes what is there equal to a directory of documents."""

from typing import Any

import click

from pierhead.cli import directory
from pierhead.cli.api_client import ApiClient
from pierhead.cli.apply import Step, put, tell
from pierhead.cli.confirm import confirm
from pierhead.cli.directory import PinStep, Removal, WholePlan
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.pages import tell_warnings
from pierhead.cli.render import Screen


@click.command()
@click.option(
    "--file", "-f", "files", metavar="PATH", multiple=True, required=True, help="File or directory; - for stdin."
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--prune", is_flag=True, help="Delete what is there and not described, of these kinds and scopes.")
@click.option("--yes", is_flag=True, help="Do not ask before anything is deleted.")
@with_api
def apply(invocation: Invocation, files: tuple[str, ...], dry_run: bool, prune: bool, yes: bool) -> None:
    """Make things equal to what documents in files say.

    A document is what the API takes: `connector: {...}`, `secret:`, `organization:`, `project:`, `serviceAccount:`,
    `role:`, `resourceGroup:`, `roleAssignment:`, or `pins: {infra: K8, fields: {gitCloneTag: ...}}`. A secret's value
    may stand elsewhere: `spec: {valueFrom: {env: NAME}}` or `{file: PATH}`.
    """
    api, screen = invocation.api(), invocation.screen
    wanted = directory.read(files, invocation.target.scope)
    plan = directory.plan_all(api, wanted, prunes=prune)
    if plan.removals and not (dry_run or yes):
        for removal in plan.removals:
            screen.note(f"{_named(removal)}: would be deleted")
        confirm(f"{len(plan.removals)} to be deleted. Go on?")
    done = _Run(api, screen, is_dry=dry_run).all(plan)
    if screen.is_json:
        screen.json(done)
    elif plan.is_empty:
        screen.line("nothing to do")


class _Run:
    """In an order in which each step can be done; an error leaves those before it done and told."""

    def __init__(self, api: ApiClient, screen: Screen, *, is_dry: bool) -> None:
        self._api = api
        self._screen = screen
        self._is_dry = is_dry

    def all(self, plan: WholePlan) -> list[dict[str, Any]]:
        steps = [self._step(step) for step in plan.steps]
        pins = [self._pins(pins) for pins in plan.pins if pins.changes]
        return [*steps, *pins, *map(self._removal, plan.removals)]

    def _step(self, step: Step) -> dict[str, Any]:
        answer = None if self._is_dry else put(self._api, step)
        if not self._screen.is_json and step.action != "unchanged":
            tell(self._screen, step, is_dry=self._is_dry)
            tell_warnings(self._screen, answer)
        return {"kind": step.kind.noun, **step.to_json(is_dry=self._is_dry)}

    def _pins(self, pins: PinStep) -> dict[str, Any]:
        if not self._is_dry:
            directory.put_pins(self._api, pins)
        self._say(f"pins {pins.infra}", "updated")
        for change in () if self._screen.is_json else pins.changes:
            self._screen.line(f"+ {change.path}: {change.after or 'the default'}", style="green", indent=2)
        changes = [{"path": change.path, "from": change.before, "to": change.after} for change in pins.changes]
        return {**self._told(directory.PINS, pins.infra, "updated"), "changes": changes}

    def _removal(self, removal: Removal) -> dict[str, Any]:
        if not self._is_dry:
            directory.remove(self._api, removal)
        self._say(_named(removal), "deleted", style="red")
        return {**self._told(removal.kind.noun, removal.identifier, "deleted"), **removal.scope}

    def _told(self, kind: str, identifier: str, action: str) -> dict[str, Any]:
        return {"kind": kind, "identifier": identifier, "action": action, "dryRun": self._is_dry}

    def _say(self, what: str, done: str, *, style: str | None = None) -> None:
        if not self._screen.is_json:
            self._screen.line(f"{what}: {'would be ' if self._is_dry else ''}{done}", style=style)


def _named(removal: Removal) -> str:
    place = "/".join(str(name) for name in removal.scope.values() if name)
    return f"{removal.kind.noun} {removal.identifier}{f' in {place}' if place else ''}"
