"""Pipelines, runs, tasks, copies and mirrors."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.connectors import ConnectorNotFoundError
from pierhead.control.mirroring import MirrorMissingError, MirrorRunMissingError
from pierhead.control.pipelines import RunNotFoundError
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskNotFoundError
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import ANY, Rule, later, listed, scoped


def _no_run(_: Scope, identifier: str) -> AppError:
    return RunNotFoundError(identifier)


def no_connector(scope: Scope, identifier: str) -> AppError:
    return ConnectorNotFoundError(identifier, scope.level)


def _no_task(_: Scope, identifier: str) -> AppError:
    return TaskNotFoundError(identifier)


def _no_mirror(_: Scope, identifier: str) -> AppError:
    return MirrorMissingError(identifier)


def _no_mirror_run(_: Scope, run_id: str) -> AppError:
    return MirrorRunMissingError(run_id)


RULES: Mapping[str, Rule] = {
    "explainPipeline": scoped(P.PIPELINE_VIEW),
    "renderPipeline": scoped(P.PIPELINE_VIEW),
    "initializePipeline": scoped(P.PIPELINE_EXECUTE),
    "listRuns": listed(P.PIPELINE_VIEW),
    "getRun": later(P.PIPELINE_VIEW, _no_run),
    "cancelRun": later(P.PIPELINE_EXECUTE, _no_run),
    "streamRunEvents": later(P.PIPELINE_VIEW, _no_run),
    "startCopy": later(P.CONNECTOR_ACCESS, no_connector),
    "diagnose": ANY,  # asks by itself about the run and the connectors
    "getCopy": later(P.CONNECTOR_VIEW, _no_task),
    "createMirror": scoped(P.MIRROR_EDIT),
    "listMirrors": listed(P.MIRROR_VIEW),
    "getMirror": scoped(P.MIRROR_VIEW, "identifier", _no_mirror),
    "updateMirror": scoped(P.MIRROR_EDIT, "identifier", _no_mirror),
    "deleteMirror": scoped(P.MIRROR_DELETE, "identifier", _no_mirror),
    "listMirrorHoldings": scoped(P.MIRROR_VIEW, "identifier", _no_mirror),
    "startMirrorRun": scoped(P.MIRROR_RUN, "identifier", _no_mirror),
    "approveMirroredImage": scoped(P.MIRROR_APPROVE, "identifier", _no_mirror),
    "listMirrorRuns": scoped(P.MIRROR_VIEW, "identifier", _no_mirror),
    "getMirrorRun": later(P.MIRROR_VIEW, _no_mirror_run),
    "cancelMirrorRun": later(P.MIRROR_RUN, _no_mirror_run),
    "listTasks": listed(P.PIPELINE_VIEW),
    "getTask": later(P.PIPELINE_VIEW, _no_task),
    "getTaskSelection": later(P.PIPELINE_VIEW, _no_task),
    "cancelTask": later(P.PIPELINE_EXECUTE, _no_task),
}
