"""Pipelines, runs, tasks and copies."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.connectors import ConnectorNotFoundError
from pierhead.control.pipelines import RunNotFoundError
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskNotFoundError
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import Rule, later, listed, scoped


def _no_run(_: Scope, identifier: str) -> AppError:
    return RunNotFoundError(identifier)


def _no_connector(scope: Scope, identifier: str) -> AppError:
    return ConnectorNotFoundError(identifier, scope.level)


def _no_task(_: Scope, identifier: str) -> AppError:
    return TaskNotFoundError(identifier)


RULES: Mapping[str, Rule] = {
    "explainPipeline": scoped(P.PIPELINE_VIEW),
    "renderPipeline": scoped(P.PIPELINE_VIEW),
    "initializePipeline": scoped(P.PIPELINE_EXECUTE),
    "listRuns": listed(P.PIPELINE_VIEW),
    "getRun": later(P.PIPELINE_VIEW, _no_run),
    "cancelRun": later(P.PIPELINE_EXECUTE, _no_run),
    "streamRunEvents": later(P.PIPELINE_VIEW, _no_run),
    "startCopy": later(P.CONNECTOR_ACCESS, _no_connector),
    "getCopy": later(P.CONNECTOR_VIEW, _no_task),
    "listTasks": listed(P.PIPELINE_VIEW),
    "getTask": later(P.PIPELINE_VIEW, _no_task),
    "getTaskSelection": later(P.PIPELINE_VIEW, _no_task),
    "cancelTask": later(P.PIPELINE_EXECUTE, _no_task),
}
