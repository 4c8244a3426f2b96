"""Rows of runs, with the rows of their stages and images."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.pipelines import ImageFacts, ImageState, Run, RunState
from pierhead.control.scopes import Areas
from pierhead.kit.paging import Page, PageRequest

from .queries import in_areas, page
from .run_records import (
    facts_from_row,
    facts_to_row,
    image_from_row,
    image_to_row,
    run_from_row,
    run_to_row,
    stage_from_row,
    stage_to_row,
)
from .schema import run_images, run_stages, runs

_WITH_OUTCOME = sorted(state.value for state in ImageState if state.is_final)
_running = runs.c.state == RunState.RUNNING.value


class SqlRunRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, run: Run) -> None:
        self._connection.execute(runs.insert(), run_to_row(run))
        if run.stages:
            self._connection.execute(run_stages.insert(), [stage_to_row(stage) for stage in run.stages])
        if run.images:
            self._connection.execute(run_images.insert(), [image_to_row(image) for image in run.images])

    def find(self, account: str, run_id: str) -> Run | None:
        return self._whole(sa.and_(runs.c.account == account, runs.c.id == run_id))

    def find_by_task(self, task_id: str) -> Run | None:
        its_run = sa.select(run_images.c.run_id).where(run_images.c.task_id == task_id).limit(1).scalar_subquery()
        return self._whole(runs.c.id == its_run)

    def page(self, account: str, request: PageRequest, areas: Areas = None) -> Page[Run]:
        query = sa.select(runs).where(runs.c.account == account, in_areas(runs, areas)).order_by(runs.c.sequence.desc())
        return page(self._connection, query, request, run_from_row)

    def put_facts(self, run_id: str, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        for pull_key, later in facts:
            of_this_pull = sa.and_(run_images.c.run_id == run_id, run_images.c.pull_key == pull_key)
            query = sa.select(run_images).where(of_this_pull).with_for_update()
            for row in self._connection.execute(query).mappings().all():
                before = facts_from_row(row)
                after = before.after(later)
                if after == before:  # a pull that several stages wait for is reported more often than it changes
                    continue
                this = sa.and_(
                    of_this_pull, run_images.c.stage == row["stage"], run_images.c.position == row["position"]
                )
                self._connection.execute(run_images.update().where(this).values(facts_to_row(after)))

    def set_performer(self, run_id: str, task_id: str, performer: str, delegate: str) -> None:
        change = run_images.update().where(
            run_images.c.run_id == run_id, run_images.c.task_id == task_id, run_images.c.state.not_in(_WITH_OUTCOME)
        )
        anew = change.where(run_images.c.performer != performer).values(facts_to_row(ImageFacts()))
        self._connection.execute(anew)
        self._connection.execute(change.values(performer=performer, delegate=delegate))

    def set_state(self, run_id: str, state: RunState, finished_at: datetime | None) -> bool:
        change = runs.update().where(runs.c.id == run_id, _running)
        return self._connection.execute(change.values(state=state.value, finished_at=finished_at)).rowcount == 1

    def _whole(self, where: sa.ColumnElement[bool]) -> Run | None:
        row = self._connection.execute(sa.select(runs).where(where)).mappings().first()
        if row is None:
            return None
        stages = sa.select(run_stages).where(run_stages.c.run_id == row["id"]).order_by(run_stages.c.position)
        images = (
            sa.select(run_images)
            .join(
                run_stages,
                sa.and_(run_stages.c.run_id == run_images.c.run_id, run_stages.c.identifier == run_images.c.stage),
            )
            .where(run_images.c.run_id == row["id"])
            .order_by(run_stages.c.position, run_images.c.position)
        )
        return run_from_row(
            row,
            [stage_from_row(stage) for stage in self._connection.execute(stages).mappings()],
            [image_from_row(image) for image in self._connection.execute(images).mappings()],
        )
