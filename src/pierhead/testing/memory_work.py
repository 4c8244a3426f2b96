"""Tasks and runs in memory."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pierhead.control.pipelines import ImageFacts, Run, RunState
from pierhead.control.tasks import TaskExistsError, TaskRow, TaskState, rules
from pierhead.kit.errors import ConflictError
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page


class MemoryTaskRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.tasks

    def add(self, task: TaskRow) -> None:
        if task.id in self._rows:
            raise TaskExistsError(task.id)
        self._rows[task.id] = task

    def find(self, task_id: str) -> TaskRow | None:
        return self._rows.get(task_id)

    def page(self, account: str, states: Collection[TaskState], request: PageRequest) -> Page[TaskRow]:
        found = [
            task
            for task in reversed(self._rows.values())
            if task.account == account and (not states or task.state in states)
        ]
        return page(found, request)

    def lease(self, owner: str, kinds: Collection[str], now: datetime, until: datetime) -> TaskRow | None:
        due = next((task for task in self._rows.values() if rules.is_due(task, kinds, now)), None)
        return None if due is None else self._put(rules.leased(due, owner, until))

    def holds(self, task_id: str, owner: str, fence: int) -> bool:
        return self._held(task_id, owner, fence) is not None

    def renew(self, task_id: str, owner: str, fence: int, until: datetime) -> TaskRow | None:
        held = self._held(task_id, owner, fence)
        return None if held is None else self._put(rules.renewed(held, until))

    def release(self, task_id: str, owner: str, fence: int, now: datetime) -> bool:
        held = self._held(task_id, owner, fence)
        return held is not None and self._put(rules.released(held, now)) is not None

    def finish(
        self,
        task_id: str,
        owner: str,
        fence: int,
        state: TaskState,
        error: Mapping[str, object] | None,
        now: datetime,
    ) -> bool:
        held = self._held(task_id, owner, fence)
        return held is not None and self._put(rules.finished(held, state, error, now)) is not None

    def cancel(self, task_id: str, now: datetime) -> TaskRow | None:
        task = self._rows.get(task_id)
        return None if task is None else self._put(rules.cancelled(task, now))

    def expire(self, owner: str, now: datetime) -> int:
        live = [
            task
            for task in self._rows.values()
            if task.owner == owner and task.lease_expires_at is not None and task.lease_expires_at > now
        ]
        for task in live:
            self._put(rules.renewed(task, now))
        return len(live)

    def requeue_expired(self, now: datetime) -> tuple[TaskRow, ...]:
        changed = [after for task in self._rows.values() if (after := rules.swept(task, now))]
        return tuple(self._put(task) for task in changed)

    def _held(self, task_id: str, owner: str, fence: int) -> TaskRow | None:
        task = self._rows.get(task_id)
        return task if task is not None and rules.holds(task, owner, fence) else None

    def _put(self, task: TaskRow) -> TaskRow:
        self._rows[task.id] = task
        return task


class MemoryRunRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.runs

    def add(self, run: Run) -> None:
        if run.id in self._rows:
            raise ConflictError(f"there is already a run {run.id!r}")
        self._rows[run.id] = run

    def find(self, account: str, run_id: str) -> Run | None:
        run = self._rows.get(run_id)
        return _in_order(run) if run is not None and run.account == account else None

    def find_by_task(self, task_id: str) -> Run | None:
        return next((_in_order(run) for run in self._rows.values() if run.task_id == task_id), None)

    def page(self, account: str, request: PageRequest) -> Page[Run]:
        found = [_head(run) for run in reversed(self._rows.values()) if run.account == account]
        return page(found, request)

    def put_facts(self, run_id: str, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        for pull_key, later in facts:
            run = self._rows.get(run_id)
            if run is not None:
                images = tuple(
                    replace(image, facts=image.facts.after(later)) if image.pull_key == pull_key else image
                    for image in run.images
                )
                self._rows[run_id] = replace(run, images=images)

    def set_state(self, run_id: str, state: RunState, finished_at: datetime | None) -> bool:
        run = self._rows.get(run_id)
        if run is None or run.state.is_final:
            return False
        self._rows[run_id] = replace(run, state=state, finished_at=finished_at)
        return True


def _head(run: Run) -> Run:
    return replace(run, stages=(), images=())


def _in_order(run: Run) -> Run:
    stages = sorted(run.stages, key=lambda stage: stage.position)
    place = {stage.identifier: stage.position for stage in stages}
    images = sorted(run.images, key=lambda image: (place[image.stage], image.position))
    return replace(run, stages=tuple(stages), images=tuple(images))
