"""Which delegates hold tasks, by the names that people know them by."""

from collections.abc import Iterable, Mapping

from pierhead.control.delegates import DelegateNotFoundError
from pierhead.control.tasks import TaskRow
from pierhead.server.auth import Call

from .wire.tasks import TaskInfo


def task_info(call: Call, task: TaskRow) -> TaskInfo:
    return TaskInfo.of(task, names_of(call, [task]))


def names_of(call: Call, tasks: Iterable[TaskRow]) -> Mapping[str, str]:
    """By the delegate's id; those that were forgotten are left out."""
    delegates = {task.owner for task in tasks if task.owner and task.route is not None}
    names = {delegate: name_of(call, delegate) for delegate in delegates}
    return {delegate: name for delegate, name in names.items() if name is not None}


def name_of(call: Call, delegate_id: str) -> str | None:
    """None for one that was forgotten meanwhile."""
    try:
        return call.app.delegates.find(call.account, delegate_id).label
    except DelegateNotFoundError:
        return None


def authorised_task(call: Call, task_id: str) -> TaskRow:
    """The task, when the caller may do with it what the route does. Raises TaskNotFoundError."""
    task = call.lookup.queue.get(call.account, task_id)
    call.authorise(task.scope, task_id)
    return task
