"""What a task that was asked for directly could not do."""

from pierhead.kit.errors import CATEGORIES, AppError
from pierhead.protocol.tasks import TaskFailure


class TaskFailedError(AppError):
    """A worker's report of a failure, raised again on this side; ``failure.category`` says which kind."""

    code = "task-failed"

    def __init__(self, failure: TaskFailure) -> None:
        super().__init__(failure.message, hint=failure.hint)
        self.failure = failure

    @property
    def category(self) -> type[AppError]:
        return next((category for category in CATEGORIES if category.code == self.failure.category), AppError)
