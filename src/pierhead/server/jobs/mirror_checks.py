"""``mirrorCheck``: the gates of a mirror asked about every image that a run has in quarantine; done by a server itself,
which has registries asked by whoever reaches them.

What could not be checked blocks, as the policy's own words say. A verdict stands in the run, with its reasons.
"""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import cast

from pierhead.control.gates import (
    Approval,
    GateKind,
    GatePolicy,
    GatePolicyService,
    Verdict,
    verdict_document,
)
from pierhead.control.mirroring import Mirror, MirrorRun, MirrorService, Phase, RunItem, identifier_of
from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import FailedResult, Result
from pierhead.worker.execute import task_failure

from .gate_evidence import Surroundings
from .inspecting import GateChecks
from .lease_keeper import LeaseKeeper
from .mirror_tasks import MIRROR_KIND, MirrorTasks, MirrorWorkStore, MirrorWorkTransaction
from .mirror_wants import named_at, quarantined_in
from .origins import origin_of
from .payloads import text_in
from .survey_work import end_run, error_of
from .work import Outcome, Report, WorkTransaction

_AT_ONCE = 4


class MirrorCheckWork:
    def __init__(
        self,
        store: MirrorWorkStore,
        queue: TaskQueue,
        mirrors: MirrorService,
        tasks: MirrorTasks,
        policies: GatePolicyService,
    ) -> None:
        self._store = store
        self._queue = queue
        self._mirrors = mirrors
        self._tasks = tasks
        self._policies = policies
        self.checks: GateChecks | None = None  # given once there is somebody to ask registries

    def order(self, lease: Lease) -> None:
        """Does all of it, and ends the task. Raises AppError: no policy, no connectors."""
        run = self._mirrors.run(lease.task.account, text_in(lease.task, "runId"))
        mirror = self._mirrors.get(run.scope, run.mirror)
        assert mirror.spec.gate_policy is not None, "checked only where there is a policy"
        policy = self._policies.resolve(str(mirror.spec.gate_policy), mirror.scope)
        stopped = threading.Event()
        with LeaseKeeper(self._queue, self._store.signals, lease, lambda: None, stopped.set):
            held = [item for item in run.items if item.state == "quarantined"]
            with ThreadPoolExecutor(_AT_ONCE, "mirror-check") as pool:
                judged = list(pool.map(partial(self._judged, run, mirror, policy, stopped), held))
        self._end(lease, {item.plan.name: item for item in judged}, is_cancelled=stopped.is_set())

    def progress(self, lease: Lease, report: Report) -> None:
        """Nobody reports: it is done where it is ordered."""

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        """Only for what could not even be ordered."""
        with self._store.transaction() as tx:
            self._queue.finish(tx, lease, TaskState.CANCELLED if is_cancelled else TaskState.FAILED)
            run = tx.mirror_runs.find(lease.task.account, text_in(lease.task, "runId"))
            if run is not None and not run.state.is_final and isinstance(result, FailedResult):
                self._mirrors.failed(tx, run, error_of(result.error))

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        end_run(self._mirrors, cast(MirrorWorkTransaction, tx), task)

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        del task, result
        return ()

    def _judged(
        self, run: MirrorRun, mirror: Mirror, policy: GatePolicy, stopped: threading.Event, item: RunItem
    ) -> RunItem:
        if stopped.is_set():
            return item
        try:
            return _after(item, self._verdict(run, mirror, policy, item))
        except AppError as error:
            failure = task_failure(error)
            return replace(item, state="failed", code=failure.code, message=failure.message, hint=failure.hint)

    def _verdict(self, run: MirrorRun, mirror: Mirror, policy: GatePolicy, item: RunItem) -> Verdict:
        """The age is that of the source's tag, whoever looked first."""
        assert self.checks is not None
        source, target = self._tasks.connectors(mirror)
        taken = named_at(source, item.plan.repository, item.plan.tag)
        with self._store.snapshot() as tx:
            place = f"{origin_of(source).partition('://')[2]}/{item.plan.repository}"
            seen = tx.sightings.of(run.scope.account, place, item.plan.tag)
            approved = tx.approvals.find(mirror.scope, identifier_of(item.quarantined), mirror.identifier)
        first = next(one.first_seen_at for one in seen if one.digest == item.plan.digest)
        approvals = tuple(Approval(each.by, item.quarantined, each.at) for each in approved.given) if approved else ()
        known = Surroundings(first, approvals, run.asked_key, f"{taken.registry}/{taken.repository}")
        image = f"{quarantined_in(mirror, item.plan.repository)}:{item.plan.tag}"
        return self.checks.check(mirror.scope, str(target.reference), image, policy, known, item.quarantined)

    def _end(self, lease: Lease, outcomes: Mapping[str, RunItem], *, is_cancelled: bool) -> None:
        with self._store.transaction() as tx:
            self._queue.finish(tx, lease, TaskState.CANCELLED if is_cancelled else TaskState.SUCCEEDED)
            run = tx.mirror_runs.find(lease.task.account, text_in(lease.task, "runId"))
            if run is None or run.state.is_final or run.phase is not Phase.CHECK:
                return
            mirror = tx.mirrors.find(run.scope, run.mirror)
            assert mirror is not None, "a mirror is not deleted while it runs"
            if is_cancelled:
                self._mirrors.copied(tx, run, {}, is_cancelled=True)
                return
            try:
                ways = self._tasks.connectors(mirror)
            except AppError as error:
                self._mirrors.failed(tx, run, error_of(task_failure(error)))
                return
            self._mirrors.checked(
                tx, run, mirror, outcomes, lambda: self._tasks.enqueue(tx, mirror, MIRROR_KIND, run.id, ways)
            )


def _after(item: RunItem, verdict: Verdict) -> RunItem:
    document = verdict_document(verdict)
    if not verdict.blocks:
        return replace(item, state="planned", verdict=document)
    reasons = [reason.words for gate in verdict.gates if gate.outcome.blocks for reason in gate.reasons]
    kinds = {gate.gate for gate in verdict.gates if gate.outcome.blocks}
    state = "waiting" if kinds == {GateKind.APPROVAL} else "blocked"
    return replace(item, state=state, verdict=document, code=f"gate-{state}", message="; ".join(reasons)[:2000])
