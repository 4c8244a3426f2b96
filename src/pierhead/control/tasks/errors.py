"""What can go wrong with a task in the queue, apart from the task's own failure, which is a value."""

from pierhead.kit.errors import ConflictError, NotFoundError, TooLargeError


class StaleLeaseError(ConflictError):
    """The lease is no longer the holder's: it expired and was taken, or the task has ended. Nothing was changed."""

    code = "stale-lease"

    def __init__(self, task_id: str, owner: str, fence: int) -> None:
        super().__init__(
            f"the lease number {fence} of {owner!r} on task {task_id} does not hold any more",
            hint="drop what was done under it; the queue has given the task to another or ended it",
        )
        self.task_id = task_id
        self.owner = owner
        self.fence = fence


class TaskNotFoundError(NotFoundError):
    code = "task-not-found"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"there is no task {task_id!r}")
        self.task_id = task_id


class TaskExistsError(ConflictError):
    code = "task-exists"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"there is already a task {task_id!r}")
        self.task_id = task_id


class CheckpointTooLargeError(TooLargeError):
    code = "checkpoint-too-large"

    def __init__(self, task_id: str, size_bytes: int, max_bytes: int) -> None:
        super().__init__(
            f"the checkpoint of task {task_id} has {size_bytes} bytes; at most {max_bytes} are kept",
            hint="leave only what the next attempt cannot find out again",
        )
        self.task_id = task_id
        self.size_bytes = size_bytes
        self.max_bytes = max_bytes
