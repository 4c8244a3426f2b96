"""Copies from registry to registry: start one, look how far it is. A delegate carries it; nothing is stored here."""

from typing import Annotated

from fastapi import Depends, Path

from pierhead.control.scopes import Scope
from pierhead.server.auth import Call, OwnCall, own_caller
from pierhead.server.jobs.copy_wishes import CopyAsked

from .answers import Answer, answer
from .bodies import json_body
from .holders import authorised_task, task_info
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope
from .uses import use_connector
from .wire.copies import CopyBody, CopyInfo, CopyItem

router = LateRouter(prefix="/pierhead/v1/copies", tags=["copies"], dependencies=[Depends(own_caller)])

Sent = Annotated[CopyBody, Depends(json_body(CopyBody))]


@router.post("", operation_id="startCopy", openapi_extra=takes(CopyBody))
def start(call: OwnCall, scope: OwnScope, body: Sent) -> Answer[CopyInfo]:
    """Starts a copy of one image or of several, byte for byte, and answers at once with the task to follow."""
    items = body.items
    for reference in dict.fromkeys(place.connector for item in items for place in (item.source, item.target)):
        _use(call, scope, reference)
    task_id = call.app.connector_tasks.start_copies(scope, [_asked(item) for item in items], by=call.actor)
    return answer(call, CopyInfo.of(task_info(call, call.app.queue.get(call.account, task_id)), None, ()))


def _asked(item: CopyItem) -> CopyAsked:
    return CopyAsked(
        item.source.connector,
        item.source.image,
        item.target.connector,
        item.target.image,
        digest=item.digest,
        platforms=tuple(item.platforms),
        index=item.index,
        referrers=item.referrers,
    )


def _use(call: Call, scope: Scope, reference: str) -> None:
    """One that the caller may not see is answered as one that is not there, in the words for a reference."""
    connector = call.lookup.connectors.resolve(reference, scope)
    call.authorise(connector.scope, connector.identifier)
    use_connector(call, connector)


@router.get("/{taskId}", operation_id="getCopy")
def get(call: OwnCall, task_id: Annotated[str, Path(alias="taskId")]) -> Answer[CopyInfo]:
    task = authorised_task(call, task_id)
    return answer(call, CopyInfo.of(task_info(call, task), task.result, call.app.connector_tasks.copied(task.id)))
