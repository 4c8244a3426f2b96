"""Tasks: list (dead letters among them), read, say why they are where they are, cancel."""

from typing import Annotated

from fastapi import Depends, Path, Query

from pierhead.control.delegates import LogLine
from pierhead.control.tasks import TaskRow, TaskState
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, OwnCall, own_caller

from .answers import Answer, PageData, answer, page_data
from .discretion import Discretion
from .holders import authorised_task, names_of, task_info
from .late_routes import LateRouter
from .params import OwnScope, page_of
from .wire.tasks import SelectionInfo, TaskInfo

router = LateRouter(prefix="/pierhead/v1/tasks", tags=["tasks"], dependencies=[Depends(own_caller)])

TaskId = Annotated[str, Path(alias="taskId")]


@router.get("", operation_id="listTasks")
def list_all(
    call: OwnCall,
    scope: OwnScope,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    state: Annotated[list[TaskState] | None, Query(description="DEAD: what nobody could do")] = None,
) -> Answer[PageData[TaskInfo]]:
    """Those of the scope and of what is in it, as far as the caller may see them; newest first."""
    areas = call.areas(scope)
    found = call.app.queue.page(call.account, state or (), page, areas)
    names = names_of(call, found.items)
    return answer(call, page_data(found, lambda task: TaskInfo.of(task, names)))


@router.get("/{taskId}", operation_id="getTask")
def get(call: OwnCall, task_id: TaskId) -> Answer[TaskInfo]:
    return answer(call, task_info(call, authorised_task(call, task_id)))


@router.get("/{taskId}/selection", operation_id="getTaskSelection")
def get_selection(call: OwnCall, task_id: TaskId) -> Answer[SelectionInfo]:
    """For every delegate why it was chosen or why not, as it happened and, while the task waits, as it is now."""
    task = authorised_task(call, task_id)
    discreet = Discretion(call, task.scope)
    logged, now = discreet.logged(call.app.dispatcher.log(task.id)), discreet.lines(_now(call, task))
    return answer(call, SelectionInfo.of_task(task, logged, now))


@router.post("/{taskId}/cancel", operation_id="cancelTask")
def cancel(call: OwnCall, task_id: TaskId) -> Answer[TaskInfo]:
    """Ends a waiting task at once, asks the holder of a running one; one that has ended stays as it is."""
    authorised_task(call, task_id)
    return answer(call, task_info(call, call.app.connector_tasks.cancel(call.account, task_id, by=call.actor)))


def _now(call: Call, task: TaskRow) -> tuple[LogLine, ...]:
    is_waiting = task.state is TaskState.QUEUED and task.route is not None
    return call.app.dispatcher.why(task.id).lines if is_waiting else ()
