"""What the server has to know of each kind of task, whoever performs it: what to order, and what its end means.

The platform delegate and the delegates that are elsewhere go through the very same halves; how an order reaches its
performer and its result comes back is not known here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from pierhead.control.delegates import DelegateTransaction
from pierhead.control.pipelines import RunStore, RunTransaction
from pierhead.control.tasks import Lease, TaskRow
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import CopyEvent, FailedResult, ImageEvent, Result, Task, TaskFailure
from pierhead.worker.execute import task_failure

WorkStore = RunStore
WorkTransaction = RunTransaction
Outcome = tuple[str, TaskFailure | None]
"""An origin (``https://host[:port]``), and what went wrong there; None when nothing did."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a performer says on its way; ``checkpoint`` None leaves the last one."""

    images: tuple[ImageEvent, ...] = ()
    copies: tuple[CopyEvent, ...] = ()
    checkpoint: Mapping[str, object] | None = None


class Work(Protocol):
    """One kind of task. Every method but ``given_up`` raises StaleLeaseError when the lease does not hold."""

    def order(self, lease: Lease) -> Task | None:
        """The task with its secrets in the clear; None when nothing was left to do and it is ended. Raises AppError."""

    def progress(self, lease: Lease, report: Report) -> None:
        """Keeps what is reported. Raises ForeignReportError for what is no part of the task."""

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        """Ends the task and writes what that means, in one transaction. Raises ForeignReportError."""

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        """Writes what it means that nobody has performed the task."""

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        """What the result says of the registries it came from."""


def ordered(work: Work, lease: Lease) -> Task | None:
    """The order; where there is none, the task is ended under its lease. Raises StaleLeaseError."""
    try:
        task = work.order(lease)
    except AppError as error:
        work.finish(lease, FailedResult(error=task_failure(error)), is_cancelled=False)
        return None
    return task


def give_up(tx: WorkTransaction, works: Mapping[str, Work], task: TaskRow) -> None:
    """Writes what it means that a task ended without a performer having said so; an open one is let be."""
    if task.state.is_final and task.kind in works:
        works[task.kind].given_up(tx, task)


def give_up_listener(works: Mapping[str, Work]) -> Callable[[DelegateTransaction, TaskRow], None]:
    """For the dispatcher, which knows of a transaction only what it needs itself."""
    return lambda tx, task: give_up(cast(WorkTransaction, tx), works, task)
