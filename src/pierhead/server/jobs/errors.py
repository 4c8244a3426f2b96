"""What a task that somebody waits for could not do, and how failures are written beside a task."""

from collections.abc import Mapping

from pierhead.kit.errors import CATEGORIES, AppError, TooLargeError, UnavailableError
from pierhead.kit.limits import MIB
from pierhead.protocol.tasks import TaskFailure

MAX_RESULT_BYTES = 4 * MIB
_MAX_TEXT = 4000


class TaskFailedError(AppError):
    """A worker's report of a failure, raised again on this side; ``failure.category`` says which kind."""

    code = "task-failed"

    def __init__(self, failure: TaskFailure) -> None:
        super().__init__(failure.message, hint=failure.hint)
        self.failure = failure

    @property
    def category(self) -> type[AppError]:
        return next((category for category in CATEGORIES if category.code == self.failure.category), AppError)


class TaskTimedOutError(UnavailableError):
    """Nobody has answered a question in time; it was withdrawn."""

    code = "task-timed-out"

    def __init__(self, waited_s: float) -> None:
        super().__init__(
            f"there was no answer within {waited_s:.0f} s",
            hint="look whether a delegate is running and reaches the registry, then ask again",
        )


class ResultTooLargeError(TooLargeError):
    code = "result-too-large"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the answer to {kind} is larger than the {MAX_RESULT_BYTES:,} bytes that are kept",
            hint="ask for fewer with a lower limit",
        )


class UnknownKindError(UnavailableError):
    """Written by a newer release that shares the store."""

    code = "unknown-task-kind"

    def __init__(self, kind: str) -> None:
        super().__init__(f"this server does not know tasks of the kind {kind!r}", hint="update all servers alike")


def clipped(failure: TaskFailure) -> TaskFailure:
    """With texts of a length that may be kept; what a delegate says can be as long as it likes."""
    exchange = failure.exchange and failure.exchange.model_copy(
        update={"url": failure.exchange.url[:_MAX_TEXT], "body": failure.exchange.body[:512]}
    )
    return failure.model_copy(
        update={
            "code": failure.code[:100],
            "category": failure.category[:100],
            "message": failure.message[:_MAX_TEXT],
            "hint": failure.hint[:_MAX_TEXT],
            "exchange": exchange,
        }
    )


def document_of(failure: TaskFailure) -> dict[str, object]:
    """As it stands in a task's ``error``."""
    return clipped(failure).model_dump(by_alias=True, mode="json", exclude_none=True)


def failure_in(document: Mapping[str, object] | None) -> TaskFailure:
    """What ``document_of`` or the queue itself wrote; a cancelled task has written nothing."""
    given = document or {}
    exchange = given.get("exchange")
    return TaskFailure.model_validate(
        {
            "code": str(given.get("code", "task-cancelled")),
            "category": str(given.get("category", "conflict")),
            "message": str(given.get("message", "the task was cancelled")),
            "hint": str(given.get("hint", "")),
            "exchange": exchange if isinstance(exchange, dict) else None,
            "retryable": bool(given.get("retryable", False)),
        }
    )
