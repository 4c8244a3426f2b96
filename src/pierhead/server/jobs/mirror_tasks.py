"""Runs of mirrors begun, cancelled and followed. Each phase is a task in the queue; what ends one begins the next.

Whether somebody may begin one is asked by the caller; whether the mirror's maker may still use its connectors, here.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.access import AccountRows
from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.delegates import Dispatcher
from pierhead.control.gates import GateTransaction
from pierhead.control.mirroring import (
    Mirror,
    MirrorRun,
    MirrorService,
    MirrorTransaction,
    Trigger,
    subject_of,
)
from pierhead.control.pipelines import RunTransaction
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskQueue
from pierhead.kit.signals import Signals

from .makers_rights import Made, MakersRights
from .origins import origin_of
from .paths import path_of

SURVEY_KIND = "survey"
MIRROR_KIND = "mirror"
CHECK_KIND = "mirrorCheck"
_ATTEMPTS = 5  # each goes on where the one before was cut off


class MirrorWorkTransaction(RunTransaction, MirrorTransaction, GateTransaction, Protocol):
    """What a phase of a mirror's run writes is in one transaction with the end of its task."""

    @property
    def accounts(self) -> AccountRows: ...


class MirrorWorkStore(Protocol):
    @property
    def signals(self) -> Signals: ...
    def transaction(self) -> AbstractContextManager[MirrorWorkTransaction]: ...
    def snapshot(self) -> AbstractContextManager[MirrorWorkTransaction]: ...
    def exclusive(self, name: str) -> AbstractContextManager[None]: ...


class MirrorTasks:
    """Thread-safe."""

    def __init__(
        self,
        store: MirrorWorkStore,
        queue: TaskQueue,
        dispatcher: Dispatcher,
        connectors: ConnectorService,
        mirrors: MirrorService,
        rights: MakersRights,
    ) -> None:
        self._store = store
        self._queue = queue
        self._dispatcher = dispatcher
        self._connectors = connectors
        self._mirrors = mirrors
        self._rights = rights

    def start(
        self,
        scope: Scope,
        identifier: str,
        *,
        is_plan: bool = False,
        trigger: Trigger = Trigger.DEMAND,
        asked_key: str = "",
        by: Actor = SYSTEM,
    ) -> MirrorRun:
        """Raises MirrorMissingError, MirrorIsRunningError, ConnectorNotFoundError, MakerMayNotError."""
        mirror = self._mirrors.get(scope, identifier)
        source, _ = self.connectors(mirror)
        with self._store.transaction() as tx:
            return self._mirrors.begin(
                tx,
                mirror,
                trigger,
                lambda run_id: self.enqueue(tx, mirror, SURVEY_KIND, run_id, (source,)),
                is_plan=is_plan,
                asked_key=asked_key,
                by=by,
            )

    def refuse(self, mirror: Mirror, error: Mapping[str, str]) -> None:
        """Writes down that its schedule could not begin it, as a run that failed. Raises MirrorIsRunningError."""
        with self._store.transaction() as tx:
            run = self._mirrors.begin(tx, mirror, Trigger.SCHEDULE, lambda _: "")
            self._mirrors.failed(tx, run, error)

    def cancel(self, account: str, run_id: str, *, by: Actor = SYSTEM) -> MirrorRun:
        """Asks whoever performs it to stop; what has come stays. Raises MirrorRunMissingError."""
        run = self._mirrors.run(account, run_id)
        if run.state.is_final:
            return run
        mirror = self._mirrors.get(run.scope, run.mirror)
        with self._store.transaction() as tx:
            task = self._queue.cancel(tx, run.task_id)
            if task.state.is_final:
                self._mirrors.copied(tx, run, {}, is_cancelled=True)
            note(tx, self._queue.now(), by, Action.ABORT, subject_of(mirror), None, {"runId": run_id})
        return self._mirrors.run(account, run_id)

    def connectors(self, mirror: Mirror) -> tuple[Connector, Connector]:
        """Source and target. Every phase asks for them, and with that for the rights of the mirror's maker.

        Raises ConnectorNotFoundError, MakerMayNotError.
        """
        spec = mirror.spec
        source = self._connectors.resolve(str(spec.source), mirror.scope)
        target = self._connectors.resolve(str(spec.target), mirror.scope)
        made = Made(f"mirror [{mirror.identifier}]", mirror.made_by, mirror.last_modified_at)
        self._rights.check(made, source, target)
        return source, target

    def enqueue(
        self, tx: MirrorWorkTransaction, mirror: Mirror, kind: str, run_id: str, connectors: tuple[Connector, ...]
    ) -> str:
        """A task for one phase, on the path that its registries want; gives its id."""
        origins = tuple(dict.fromkeys(map(origin_of, connectors)))
        secrets = [scope for connector in connectors for scope in connector.secret_scopes]
        settled = self._dispatcher.settle(tx, path_of(connectors), mirror.scope, origins, secrets)
        payload: Mapping[str, object] = {"runId": run_id, "mirror": mirror.identifier}
        route = None if settled.route is None else settled.route.to_json()
        account = mirror.scope.account
        task = self._queue.enqueue(tx, account, kind, payload, route=route, max_attempts=_ATTEMPTS, scope=mirror.scope)
        return task.id

    def enqueue_check(self, tx: MirrorWorkTransaction, mirror: Mirror, run_id: str) -> str:
        """A task for the gates: a server's own, which has registries asked by whoever reaches them."""
        payload = {"runId": run_id, "mirror": mirror.identifier}
        account = mirror.scope.account
        return self._queue.enqueue(tx, account, CHECK_KIND, payload, max_attempts=_ATTEMPTS, scope=mirror.scope).id
