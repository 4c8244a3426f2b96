"""Watches over HTTP: who may edit connectors in a place may keep watches there, on connectors that they may use."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends

from pierhead.kit.paging import PageRequest
from pierhead.server.auth import OwnCall, own_caller
from pierhead.server.jobs.makers_rights import MakersRights
from pierhead.server.jobs.question_work import named
from pierhead.server.jobs.watching import WatchPolling

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope, SearchTerm, page_of
from .permissions.work import no_connector
from .slow_calls import Slow
from .uses import use_connector
from .wire.watches import PollInfo, WatchBody, WatchEventInfo, WatchInfo

router = LateRouter(prefix="/pierhead/v1/watches", tags=["artifacts"], dependencies=[Depends(own_caller)])

Sent = Annotated[WatchBody, Depends(json_body(WatchBody))]
_Page = Annotated[PageRequest, Depends(page_of(100, 1000))]


@router.post("", operation_id="createWatch", openapi_extra=takes(WatchBody))
def create(call: OwnCall, scope: OwnScope, body: Sent) -> Answer[WatchInfo]:
    """Watches an image: its first poll, which comes at once, only records what is there."""
    draft = replace(body.draft(scope), made_by=call.principal.ref.key)
    connector = call.app.connectors.resolve(draft.connector, scope)
    use_connector(call, connector, no_connector)
    named(connector, f"{draft.image}:{draft.rule.tag or 'any'}")  # what cannot be named is said at once
    return answer(call, WatchInfo.of(call.app.watches.create(draft, by=call.actor)))


@router.get("", operation_id="listWatches")
def list_all(call: OwnCall, scope: OwnScope, page: _Page, search: SearchTerm = "") -> Answer[PageData[WatchInfo]]:
    """Last made first, with how their polls went."""
    return answer(call, page_data(call.app.watches.list(scope, search, page), WatchInfo.of))


@router.get("/{identifier}", operation_id="getWatch")
def get(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[WatchInfo]:
    return answer(call, WatchInfo.of(call.app.watches.get(scope, identifier)))


@router.delete("/{identifier}", operation_id="deleteWatch")
def delete(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[bool]:
    """With everything that it has seen."""
    call.app.watches.delete(scope, identifier, by=call.actor)
    return answer(call, True)


@router.get("/{identifier}/events", operation_id="listWatchEvents")
def list_events(call: OwnCall, scope: OwnScope, identifier: str, page: _Page) -> Answer[PageData[WatchEventInfo]]:
    """New and moved tags, the newest first; the last 1,000 are kept."""
    return answer(call, page_data(call.app.watches.events(scope, identifier, page), WatchEventInfo.of))


@router.post("/{identifier}/poll", operation_id="pollWatch")
def poll(call: OwnCall, scope: OwnScope, slow: Slow, identifier: str) -> Answer[PollInfo]:
    """Asks the registry now, and waits. A registry that gives no answer is told in the watch's state."""
    app = call.app
    watch = app.watches.get(scope, identifier).watch
    use_connector(call, app.connectors.resolve(watch.connector, scope), no_connector)
    with slow.one("polls", call.share_key):
        app.watches.started(watch, by=call.actor)
        polling = WatchPolling(app.watches, app.connectors, app.connector_tasks, MakersRights(app.access))
        polled = polling.poll(scope, identifier)
    events = [WatchEventInfo.of(event) for event in polled.events]
    return answer(call, PollInfo(watch=WatchInfo.of(polled.watched), events=events))
