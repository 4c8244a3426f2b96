"""The books of a mirror's run: begun, surveyed, quarantined, checked, copied; each step says what comes next.

Whoever performs a phase hands in what came of it, under the lease of its task. Nothing is copied or asked here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType
from pierhead.kit.clock import Clock
from pierhead.kit.ids import new_id

from .errors import MirrorIsRunningError
from .ledger import Holding
from .model import Mirror
from .planning import Fate, Item, Plan, Survey, after_missing, plan
from .ports import MirrorTransaction
from .runs import MirrorRun, Phase, RunItem, Trigger, counts_of

KEPT_RUNS: Final = 50
"""Of one mirror, beside one that goes on."""
MAX_ITEMS: Final = 10_000
"""Of one run, told one by one."""


class RunBook:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def begin(
        self,
        tx: MirrorTransaction,
        mirror: Mirror,
        trigger: Trigger,
        task: Callable[[str], str],
        *,
        is_plan: bool = False,
        asked_key: str = "",
        by: Actor = SYSTEM,
    ) -> MirrorRun:
        """Writes a run down; ``task`` queues its first task, given the id of the run, in the same transaction.

        Raises MirrorIsRunningError.
        """
        now = self._clock.now()
        run_id = new_id()
        run = MirrorRun(run_id, mirror.scope, mirror.identifier, trigger, by.name, now, asked_key, is_plan)
        run = replace(run, task_id=task(run_id))
        if not tx.mirror_runs.add(run):
            running = tx.mirror_runs.running(mirror.scope, mirror.identifier)
            raise MirrorIsRunningError(mirror.identifier, running.id if running else run_id)
        tx.mirror_runs.prune(mirror.scope, mirror.identifier, KEPT_RUNS)
        after = {"runId": run_id, "trigger": trigger.value, "dryRun": is_plan}
        note(tx, now, by, Action.START, subject_of(mirror), None, after)
        return run

    def surveyed(self, tx: MirrorTransaction, run: MirrorRun, mirror: Mirror, place: str, survey: Survey) -> Plan:
        """Keeps what was seen, and gives what is to be done. ``place``: the source's registry, before a repository."""
        now = self._clock.now()
        for repository in {found.repository for found in survey.found}:
            seen = [(found.tag, found.digest) for found in survey.found if found.repository == repository]
            good = [(tag, digest) for tag, digest in seen if digest]
            tx.sightings.see(run.scope.account, f"{place}/{repository}", good, now)
        holdings = tx.holdings.of(run.scope, run.mirror)
        made = plan(mirror.spec, survey, holdings)
        if not run.is_plan:
            tx.holdings.put(after_missing(made, holdings, now))
        return made

    def planned(
        self, tx: MirrorTransaction, run: MirrorRun, mirror: Mirror, made: Plan, task: Callable[[], str]
    ) -> MirrorRun:
        """Goes on to copying what is to be copied; with nothing to copy, or as a dry run, it ends here."""
        items, counted = _told(tuple(_run_item(item) for item in made.items if item.fate is not Fate.KEEP))
        after = replace(
            run,
            items=items,
            counted=counted,
            kept=len(made.of(Fate.KEEP)),
            pulls=made.pulls,
            pulls_left=made.pulls_left,
        )
        if run.is_plan:
            return self.record(tx, after.ended(self._clock.now()))
        if mirror.spec.gate_policy is not None and made.of(Fate.COPY):
            return self.record(tx, replace(after, phase=Phase.QUARANTINE, task_id=task()))
        return self._publish(tx, after, mirror, task)

    def quarantined(
        self, tx: MirrorTransaction, run: MirrorRun, outcomes: Mapping[str, RunItem], task: Callable[[], str]
    ) -> MirrorRun:
        """Goes on to the gates with what is in quarantine now."""
        after = replace(run, items=tuple(_in_quarantine(outcomes.get(item.plan.name, item)) for item in run.items))
        if any(item.state == "quarantined" for item in after.items):
            return self.record(tx, replace(after, phase=Phase.CHECK, task_id=task()))
        return self.record(tx, after.ended(self._clock.now()))

    def checked(
        self,
        tx: MirrorTransaction,
        run: MirrorRun,
        mirror: Mirror,
        outcomes: Mapping[str, RunItem],
        task: Callable[[], str],
    ) -> MirrorRun:
        """Goes on to give their names to images that passed, which are planned again; the others stay there."""
        after = replace(run, items=tuple(outcomes.get(item.plan.name, item) for item in run.items))
        return self._publish(tx, after, mirror, task)

    def backed_up(
        self, tx: MirrorTransaction, run: MirrorRun, outcomes: Mapping[str, RunItem], task: Callable[[], str]
    ) -> MirrorRun:
        """Goes on to copying. What could not be kept under a tag of its own is not written over."""
        after = replace(run, items=tuple(outcomes.get(item.plan.name, item) for item in run.items))
        if any(item.is_planned for item in after.items):
            return self.record(tx, replace(after, phase=Phase.COPY, task_id=task()))
        return self.record(tx, after.ended(self._clock.now()))

    def copied(
        self, tx: MirrorTransaction, run: MirrorRun, outcomes: Mapping[str, RunItem], *, is_cancelled: bool
    ) -> MirrorRun:
        """Ends the run. What came is held from now on, also in a run that was cancelled."""
        now = self._clock.now()
        items = tuple(outcomes.get(item.plan.name, item) for item in run.items)
        done = [item for item in items if item.state in ("copied", "present")]
        tx.holdings.put(_holding(run, item, now) for item in done)
        return self.record(tx, replace(run, items=items).ended(now, is_cancelled=is_cancelled))

    def failed(self, tx: MirrorTransaction, run: MirrorRun, error: Mapping[str, str]) -> None:
        """Ends a run of which a whole phase could not be done."""
        self.record(tx, run.failed(self._clock.now(), error))

    def _publish(self, tx: MirrorTransaction, run: MirrorRun, mirror: Mirror, task: Callable[[], str]) -> MirrorRun:
        planned = [item for item in run.items if item.is_planned]
        if not planned:
            return self.record(tx, run.ended(self._clock.now()))
        overwrites = bool(mirror.spec.backup) and any(item.plan.before for item in planned)
        return self.record(tx, replace(run, phase=Phase.BACKUP if overwrites else Phase.COPY, task_id=task()))

    def record(self, tx: MirrorTransaction, run: MirrorRun) -> MirrorRun:
        """Writes down where a run stands; every step and every end of one goes through here."""
        tx.mirror_runs.replace(run)
        return run


def subject_of(mirror: Mirror) -> Subject:
    return Subject(mirror.scope, ResourceType.MIRROR, mirror.identifier, mirror.name)


def _told(items: tuple[RunItem, ...]) -> tuple[tuple[RunItem, ...], dict[str, int]]:
    """What a run tells one by one, and how many others there are. Images above that are left to the next run; what is
    to be copied goes before what is only told of."""
    first = items if len(items) <= MAX_ITEMS else tuple(sorted(items, key=lambda item: not item.is_planned))
    rest = (replace(item, state=Fate.DEFER.value) if item.is_planned else item for item in first[MAX_ITEMS:])
    return first[:MAX_ITEMS], counts_of(rest, {})


def _run_item(item: Item) -> RunItem:
    return RunItem(item, state="planned" if item.fate is Fate.COPY else "")


def _in_quarantine(item: RunItem) -> RunItem:
    if item.state not in ("copied", "present"):
        return item
    return replace(item, state="quarantined", quarantined=item.target_digest or item.plan.digest, target_digest="")


def _holding(run: MirrorRun, item: RunItem, now: datetime) -> Holding:
    target = item.target_digest or item.plan.digest
    return Holding(run.scope, run.mirror, item.plan.repository, item.plan.tag, item.plan.digest, target, now, run.id)
