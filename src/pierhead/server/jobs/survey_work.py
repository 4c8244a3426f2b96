"""``survey``: what is at a mirror's source now, and with that the plan of the run."""

from collections.abc import Iterable, Mapping
from typing import cast

from pierhead.control.catalogue import CatalogueService
from pierhead.control.connectors import Connector
from pierhead.control.mirroring import (
    Found,
    Holding,
    Mirror,
    MirroredRepository,
    MirrorRun,
    MirrorService,
    Survey,
    known_immutable,
)
from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import (
    FailedResult,
    Result,
    SurveyedRepository,
    SurveyRepository,
    SurveyResult,
    SurveyRules,
    SurveyTask,
    TaskFailure,
)
from pierhead.worker.execute import task_failure

from .mirror_tasks import MIRROR_KIND, MirrorTasks, MirrorWorkStore, MirrorWorkTransaction
from .mirror_wants import check_names, named_at, wanted
from .origins import origin_of
from .payloads import text_in
from .performer import performer_of
from .registry_access import RegistrySecrets, access_for_image
from .results import expect
from .work import Outcome, Report, WorkTransaction


class SurveyWork:
    def __init__(
        self,
        store: MirrorWorkStore,
        mirrors: MirrorService,
        tasks: MirrorTasks,
        catalogue: CatalogueService,
        secrets: RegistrySecrets,
        queue: TaskQueue,
    ) -> None:
        self._store = store
        self._mirrors = mirrors
        self._tasks = tasks
        self._catalogue = catalogue
        self._secrets = secrets
        self._queue = queue

    def order(self, lease: Lease) -> SurveyTask:
        """Raises AppError: no mirror, no connector, one that is for another registry by now."""
        mirror = self._mirror(lease.task)
        source, _ = self._tasks.connectors(mirror)
        secrets = self._secrets.shown_to(performer_of(self._store, lease))
        held = self._mirrors.held(mirror.scope, mirror.identifier)
        known = known_immutable(mirror.spec, held)
        rules = wanted(mirror, self._catalogue)
        check_names(source, rules)
        asked = tuple(_asked(source, each, known, held) for each in rules)
        access = access_for_image(named_at(source, rules[0].repository), source, secrets)
        return SurveyTask(registry=access, repositories=asked)

    def progress(self, lease: Lease, report: Report) -> None:
        """A survey has no progress."""

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        checked = expect(result, SurveyResult, lease.task.kind)
        with self._store.transaction() as tx:
            self._queue.finish(tx, lease, TaskState.CANCELLED if is_cancelled else TaskState.SUCCEEDED)
            run = tx.mirror_runs.find(lease.task.account, text_in(lease.task, "runId"))
            if run is None or run.state.is_final:
                return
            if is_cancelled:
                self._mirrors.copied(tx, run, {}, is_cancelled=True)
            elif isinstance(checked, FailedResult):
                self._mirrors.failed(tx, run, error_of(checked.error))
            else:
                self._plan(tx, run, checked)

    def _plan(self, tx: MirrorWorkTransaction, run: MirrorRun, result: SurveyResult) -> None:
        """A connector that was deleted meanwhile ends the run."""
        mirror = tx.mirrors.find(run.scope, run.mirror)
        assert mirror is not None, "a mirror is not deleted while it runs"
        try:
            ways = self._tasks.connectors(mirror)
        except AppError as error:
            self._mirrors.failed(tx, run, error_of(task_failure(error)))
            return
        survey = self._survey(mirror, ways[0], result, tx.holdings.of(run.scope, run.mirror))
        plan = self._mirrors.surveyed(tx, run, mirror, origin_of(ways[0]).partition("://")[2], survey)
        self._mirrors.planned(tx, run, mirror, plan, lambda: self._tasks.enqueue(tx, mirror, MIRROR_KIND, run.id, ways))

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        end_run(self._mirrors, cast(MirrorWorkTransaction, tx), task)

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        failure = result.error if isinstance(result, FailedResult) else None
        return [(origin, failure) for origin in origins_of(task)]

    def _mirror(self, task: TaskRow) -> Mirror:
        """Raises MirrorMissingError."""
        return self._mirrors.get(task.scope, text_in(task, "mirror"))

    def _survey(self, mirror: Mirror, source: Connector, result: SurveyResult, held: Iterable[Holding]) -> Survey:
        """In the mirror's own names."""
        rules = wanted(mirror, self._catalogue)
        names = {named_at(source, each.repository).repository: each.repository for each in rules}
        known = [(names[each.repository], each) for each in result.repositories if each.repository in names]
        return Survey(
            found=tuple(found for name, each in known for found in _found(name, each)),
            listed={name: _still(name, each, held) for name, each in known if each.is_complete},
            failures={name: (each.problem_code, each.problem) for name, each in known if each.problem_code},
            pulls_left=result.pulls_left,
        )


def error_of(failure: TaskFailure) -> dict[str, str]:
    return {"code": failure.code, "category": failure.category, "message": failure.message, "hint": failure.hint}


def end_run(mirrors: MirrorService, tx: MirrorWorkTransaction, task: TaskRow) -> None:
    """The task of a phase ended without anybody having said so."""
    run = tx.mirror_runs.find(task.account, text_in(task, "runId"))
    if run is None or run.state.is_final:
        return
    if task.state is TaskState.CANCELLED:
        mirrors.copied(tx, run, {}, is_cancelled=True)
    else:
        said = {name: str(text) for name, text in (task.error or {}).items() if isinstance(text, str)}
        mirrors.failed(tx, run, said or {"code": "given-up", "message": "nobody could do it"})


def origins_of(task: TaskRow) -> tuple[str, ...]:
    origins = (task.route or {}).get("origins", ())
    assert isinstance(origins, list | tuple)
    return tuple(map(str, origins))


def _asked(
    source: Connector, each: MirroredRepository, known: Mapping[tuple[str, str], str], held: Iterable[Holding]
) -> SurveyRepository:
    rules = each.tags
    return SurveyRepository(
        repository=named_at(source, each.repository).repository,
        rules=SurveyRules(
            exact=rules.exact,
            globs=rules.globs,
            regexes=rules.regexes,
            semver=rules.semver,
            newest=rules.newest,
            exclude=rules.exclude,
        ),
        known={tag: digest for (repository, tag), digest in known.items() if repository == each.repository},
        held=tuple(one.tag for one in held if one.repository == each.repository and not one.is_deleted),
    )


def _found(name: str, each: SurveyedRepository) -> Iterable[Found]:
    for tag in each.tags:
        failure = (tag.problem_code, tag.problem) if tag.digest is None else None
        yield Found(name, tag.tag, tag.digest or "", failure)


def _still(name: str, each: SurveyedRepository, held: Iterable[Holding]) -> frozenset[str]:
    """Of the held tags those that are in the complete list."""
    return frozenset(one.tag for one in held if one.repository == name) - frozenset(each.gone)
