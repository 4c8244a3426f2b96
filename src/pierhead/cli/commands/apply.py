"""``pierhead apply``: makes what is there equal to a directory of documents."""

from collections.abc import Mapping
from typing import Any

import click

from pierhead.cli import directory
from pierhead.cli.api_client import ApiClient
from pierhead.cli.apply import Step, carry_out, naming, spelled, tell
from pierhead.cli.confirm import confirm, yes_option
from pierhead.cli.directory import PinStep, Removal, WholePlan
from pierhead.cli.format import clean
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.outside_values import OutsideValues
from pierhead.cli.pages import tell_warnings
from pierhead.cli.problems import Problems
from pierhead.cli.render import Screen


@click.command()
@click.option(
    "--file", "-f", "files", metavar="PATH", multiple=True, required=True, help="File or directory; - for stdin."
)
@click.option("--dry-run", is_flag=True, help="Only say what would change, and all that would stop it.")
@click.option("--prune", is_flag=True, help="Delete what is there and not described, of these kinds and scopes.")
@click.option("--values-from", "folders", metavar="DIR", multiple=True, help="Where valueFrom may read files, too.")
@click.option("--allow-env", "variables", metavar="NAME", multiple=True, help="A variable valueFrom may take, too.")
@yes_option
@with_api
def apply(
    invocation: Invocation,
    files: tuple[str, ...],
    dry_run: bool,
    prune: bool,
    folders: tuple[str, ...],
    variables: tuple[str, ...],
    is_sure: bool,
) -> None:
    """Make things equal to what documents in files say.

    A document is what the API takes: `connector: {...}`, `secret:`, `organization:`, `project:`, `serviceAccount:`,
    `role:`, `resourceGroup:`, `roleAssignment:`, `mirror:`, or `pins: {infra: K8, fields: {gitCloneTag: ...}}`. A
    secret's value may stand elsewhere: `spec: {valueFrom: {env: PIERHEAD_VALUE_...}}` or `{file: PATH}`, in the
    directory that is applied. Other variables and folders are refused, unless --allow-env and --values-from name them.

    People are named by email; `user: {email: ..., name: ...}` lets one in. --prune leaves people alone. With --quiet
    only warnings and errors are printed.

    --dry-run writes nothing, and ends as an error when a document has fields or values that there are not, names what
    is neither there nor described, or needs a right that you lack. It tells all of these at once.
    """
    api, screen = invocation.api(makes_data=not dry_run), invocation.screen
    problems = Problems(gathers=dry_run)
    wanted = directory.read(files, invocation.target.scope, problems, OutsideValues(folders, frozenset(variables)))
    plan = directory.plan_all(api, wanted, prunes=prune, problems=problems)
    if plan.removals and not (dry_run or is_sure):
        for removal in plan.removals:
            click.echo(clean(f"{removal}: would be deleted"), err=True)
        confirm(f"{len(plan.removals)} to be deleted. Go on?", is_sure=is_sure)
    _Run(api, screen, is_dry=dry_run).all(plan)
    if dry_run:
        from pierhead.cli.plan_check import check_plan  # the models of the API, half a second

        check_plan(api, wanted, plan, problems)
        problems.check()


class _Run:
    """In an order in which each step can be done; an error leaves those before it done and told."""

    def __init__(self, api: ApiClient, screen: Screen, *, is_dry: bool) -> None:
        self._api = api
        self._screen = screen
        self._is_dry = is_dry
        self._is_silent = screen.is_json or screen.is_quiet
        self._told: list[dict[str, Any]] = []
        self._done = 0

    def all(self, plan: WholePlan) -> None:
        try:
            for step in plan.steps:
                self._step(step)
            for pins in plan.pins:
                self._pins(pins)
            for removal in plan.removals:
                self._removal(removal)
        finally:
            if self._screen.is_json:
                self._screen.json(self._told)
        if not (self._done or self._is_silent):
            self._screen.line("nothing to do")

    def _step(self, step: Step) -> None:
        answer = None
        if not self._is_dry:
            with naming(step, step.where, self._done):
                step, answer = carry_out(self._api, step)
        self._told.append({"kind": step.kind.noun, **step.to_json(is_dry=self._is_dry)})
        if step.action == "unchanged":
            return
        self._done += 1
        if not self._is_silent:
            tell(self._screen, step, is_dry=self._is_dry)
        if not self._screen.is_json:
            tell_warnings(self._screen, answer)

    def _pins(self, pins: PinStep) -> None:
        if not pins.changes:
            return
        if not self._is_dry:
            with naming(pins, pins.where, self._done):
                directory.put_pins(self._api, pins)
        self._say(str(pins), "updated")
        for change in () if self._is_silent else pins.changes:
            value = "the default" if change.after is None else spelled(change.after)
            self._screen.line(f"+ {change.path}: {value}", style="green", indent=2)
        changes = [{"path": change.path, "from": change.before, "to": change.after} for change in pins.changes]
        self._tell(directory.PINS, pins.infra, "updated", {"changes": changes})

    def _removal(self, removal: Removal) -> None:
        if not self._is_dry:
            with naming(removal, "--prune", self._done):
                directory.remove(self._api, removal)
        self._say(str(removal), "deleted", style="red")
        self._tell(removal.kind.noun, removal.identifier, "deleted", removal.scope)

    def _tell(self, kind: str, identifier: str, action: str, more: Mapping[str, object]) -> None:
        self._done += 1
        self._told.append({"kind": kind, "identifier": identifier, "action": action, "dryRun": self._is_dry, **more})

    def _say(self, what: str, done: str, *, style: str | None = None) -> None:
        if not self._is_silent:
            self._screen.line(f"{what}: {'would be ' if self._is_dry else ''}{done}", style=style)
