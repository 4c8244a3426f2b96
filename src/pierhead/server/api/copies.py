"""Copies from registry to registry: start one, look how far it is. A delegate carries it; nothing is stored here."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .bodies import json_body
from .holders import authorised_task, task_info
from .openapi import takes
from .params import OwnScope
from .wire.copies import CopyBody, CopyInfo

router = APIRouter(prefix="/pierhead/v1/copies", tags=["copies"], dependencies=[Depends(own_caller)])

Sent = Annotated[CopyBody, Depends(json_body(CopyBody))]


@router.post("", operation_id="startCopy", openapi_extra=takes(CopyBody))
def start(call: OwnCall, scope: OwnScope, body: Sent) -> Answer[CopyInfo]:
    """Starts a copy, byte for byte, and answers at once with the task to follow."""
    call.authorise(scope)
    source, target = body.source, body.target
    task_id = call.app.connector_tasks.start_copy(
        scope,
        source.connector,
        source.image,
        target.connector,
        target.image,
        digest=body.digest,
        platforms=tuple(body.platforms),
    )
    return answer(call, CopyInfo.of(task_info(call, call.app.queue.get(call.account, task_id)), None, None))


@router.get("/{taskId}", operation_id="getCopy")
def get(call: OwnCall, task_id: Annotated[str, Path(alias="taskId")]) -> Answer[CopyInfo]:
    task = authorised_task(call, task_id)
    return answer(call, CopyInfo.of(task_info(call, task), task.result, call.app.connector_tasks.copied(task.id)))
