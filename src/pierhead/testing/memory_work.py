"""Tasks and runs in memory."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pierhead.control.pipelines import ImageFacts, Run, RunState
from pierhead.control.scopes import Areas, Scope, covered
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
        self._rows[task.id] = _plain(task)

    def find(self, task_id: str) -> TaskRow | None:
        return self._rows.get(task_id)

    def page(
        self, account: str, states: Collection[TaskState], request: PageRequest, areas: Areas = None
    ) -> Page[TaskRow]:
        found = [
            task
            for task in reversed(self._rows.values())
            if task.account == account and (not states or task.state in states) and covered(areas, task.scope)
        ]
        return page(found, request)

    def lease(
        self, owner: str, kinds: Collection[str], now: datetime, until: datetime, busy: Collection[Scope] = ()
    ) -> TaskRow | None:
        free = (task for task in self._rows.values() if task.scope not in busy)
        due = next((task for task in free if rules.is_due(task, kinds, now)), None)
        return None if due is None else self._put(rules.leased(due, owner, until))

    def lease_this(self, task_id: str, owner: str, now: datetime, until: datetime) -> TaskRow | None:
        task = self._rows.get(task_id)
        if task is None or task.route is None or not rules.may_be_leased(task, now):
            return None
        return self._put(rules.leased(task, owner, until))

    def due_offers(self, now: datetime, limit: int) -> tuple[TaskRow, ...]:
        due = [(task.offer_at, task) for task in self._rows.values() if task.offer_at and task.offer_at <= now]
        return tuple(task for _, task in sorted(due, key=lambda pair: pair[0])[:limit])

    def next_offer_at(self) -> datetime | None:
        return min((task.offer_at for task in self._rows.values() if task.offer_at), default=None)

    def put_offers(self, task_id: str, offers: Mapping[str, object], offer_at: datetime | None) -> bool:
        waiting = self._waiting(task_id)
        return waiting is not None and self._put(replace(waiting, offers=offers, offer_at=offer_at)) is not None

    def hurry_offers(self, account: str, now: datetime) -> int:
        waiting = (task for task in self._rows.values() if task.account == account and self._waiting(task.id))
        sleeping = [task for task in waiting if task.offer_at is None or task.offer_at > now]
        return len([self._put(replace(task, offer_at=now)) for task in sleeping])

    def give_up(self, task_id: str, error: Mapping[str, object], now: datetime) -> TaskRow | None:
        task = self._rows.get(task_id)
        ended = None if task is None else rules.given_up(task, error, now)
        return None if ended is None else self._put(ended)

    def leased_by(self, owners: Collection[str]) -> Mapping[str, int]:
        leased = (task.owner for task in self._rows.values() if task.state is TaskState.LEASED)
        return Counter(owner for owner in leased if owner and owner in owners)

    def put_checkpoint(self, task_id: str, owner: str, fence: int, checkpoint: Mapping[str, object]) -> bool:
        held = self._held(task_id, owner, fence)
        return held is not None and self._put(replace(held, checkpoint=checkpoint)) is not None

    def holds(self, task_id: str, owner: str, fence: int) -> bool:
        return self._held(task_id, owner, fence) is not None

    def renew(self, task_id: str, owner: str, fence: int, until: datetime) -> TaskRow | None:
        held = self._held(task_id, owner, fence)
        return None if held is None else self._put(rules.renewed(held, until))

    def release(self, task_id: str, owner: str, fence: int, now: datetime, *, is_declined: bool = False) -> bool:
        held = self._held(task_id, owner, fence)
        return held is not None and self._put(rules.released(held, now, is_declined=is_declined)) is not None

    def finish(
        self,
        task_id: str,
        owner: str,
        fence: int,
        state: TaskState,
        error: Mapping[str, object] | None,
        now: datetime,
        result: Mapping[str, object] | None = None,
    ) -> bool:
        held = self._held(task_id, owner, fence)
        return held is not None and self._put(rules.finished(held, state, error, now, result)) is not None

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
            self._put(rules.expiring(task, now))
        return len(live)

    def spare(self, owner: str, until: datetime) -> int:
        changed = [after for task in self._rows.values() if (after := rules.spared(task, owner, until))]
        for task in changed:
            self._put(task)
        return len(changed)

    def requeue_expired(self, now: datetime) -> tuple[TaskRow, ...]:
        changed = [after for task in self._rows.values() if (after := rules.swept(task, now))]
        return tuple(self._put(task) for task in changed)

    def _held(self, task_id: str, owner: str, fence: int) -> TaskRow | None:
        task = self._rows.get(task_id)
        return task if task is not None and rules.holds(task, owner, fence) else None

    def _waiting(self, task_id: str) -> TaskRow | None:
        task = self._rows.get(task_id)
        return task if task is not None and task.route is not None and task.state is TaskState.QUEUED else None

    def _put(self, task: TaskRow) -> TaskRow:
        self._rows[task.id] = _plain(task)
        return self._rows[task.id]


def _plain(task: TaskRow) -> TaskRow:
    """Its documents as they come back from a database: tuples as lists, and what is no JSON refused."""
    documents = {name: getattr(task, name) for name in ("route", "offers", "checkpoint", "result")}
    return replace(task, **{name: value and json.loads(json.dumps(value)) for name, value in documents.items()})


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
        return next((_in_order(run) for run in self._rows.values() if task_id in run.task_ids), None)

    def page(self, account: str, request: PageRequest, areas: Areas = None) -> Page[Run]:
        own = (run for run in reversed(self._rows.values()) if run.account == account)
        found = [_head(run) for run in own if covered(areas, Scope(account, run.org, run.project))]
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

    def set_performer(self, run_id: str, task_id: str, performer: str, delegate: str) -> None:
        run = self._rows.get(run_id)
        if run is not None:
            images = (i.performed_by(performer, delegate) if i.task_id == task_id else i for i in run.images)
            self._rows[run_id] = replace(run, images=tuple(images))

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
