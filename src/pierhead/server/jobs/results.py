"""Results as performers send them: of the right kind, about the task's own things, and small enough to be kept."""

import json
from collections.abc import Collection, Iterable
from typing import TypeVar

from pydantic import BaseModel

from pierhead.kit.errors import InvalidInputError
from pierhead.protocol.tasks import FailedResult, Result
from pierhead.worker.execute import task_failure

from .errors import MAX_RESULT_BYTES, ResultTooLargeError

R = TypeVar("R", bound=BaseModel)
_SHOWN = 3


class ForeignReportError(InvalidInputError):
    """What is reported has nothing to do with the task it is reported for; nothing was changed."""

    code = "foreign-report"

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(f"this is no report on a task {kind}: {what}", hint="use a delegate of this release")


def expect(result: Result, kind: type[R], task_kind: str) -> R | FailedResult:
    """Raises ForeignReportError for the result of another kind of task."""
    if isinstance(result, kind | FailedResult):
        return result
    raise ForeignReportError(task_kind, f"it is the result of a task {result.kind}")


def check_keys(given: Iterable[str], own: Collection[str], task_kind: str) -> None:
    """Raises ForeignReportError."""
    foreign = [key for key in given if key not in own]
    if foreign:
        shown = ", ".join(repr(key[:100]) for key in foreign[:_SHOWN])
        raise ForeignReportError(task_kind, f"the task has no image {shown}")


def document_of_result(result: BaseModel) -> dict[str, object]:
    """As it stands in a task's ``result``."""
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def kept(result: R, task_kind: str) -> R | FailedResult:
    """The result itself, or the failure that it is too large to be kept."""
    if len(json.dumps(document_of_result(result))) <= MAX_RESULT_BYTES:
        return result
    return FailedResult(error=task_failure(ResultTooLargeError(task_kind)))
