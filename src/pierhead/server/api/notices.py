"""Notices over HTTP: a list and a feed to read, subscriptions by which they are sent."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from pierhead.control.access import AccessDeniedError, FailedCheck, Permission
from pierhead.control.notices import Notice, SubscriptionDraft, Topic, secret_of
from pierhead.control.scopes import Level, Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, OwnCall, own_caller

from .answers import Answer, PageData, answer, page_data
from .atom import CONTENT_TYPE, feed_of
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope, SearchTerm, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .slow_calls import Slow
from .wire.subscriptions import DeliveryInfo, NoticeInfo, SubscriptionBody, SubscriptionInfo

router = LateRouter(prefix="/pierhead/v1", tags=["notices"], dependencies=[Depends(own_caller)])

_FEED_SIZE = 100
_LAST_MS = 253_402_300_799_000  # the end of the year 9999
Sent = Annotated[SubscriptionBody, Depends(json_body(SubscriptionBody))]
Topics = Annotated[list[Topic] | None, Query(alias="topic", max_length=len(Topic))]
Since = Annotated[int, Query(ge=0, le=_LAST_MS, description="milliseconds since 1970; of this moment and later")]
_Page = Annotated[PageRequest, Depends(page_of(50, 200))]


@router.get("/notices", operation_id="listNotices")
def list_notices(
    call: OwnCall, scope: OwnScope, page: _Page, topics: Topics = None, since: Since = 0
) -> Answer[PageData[NoticeInfo]]:
    """What happened in a place and in those in it, as far as the caller may see it, the last first; kept 90 days."""
    found = _seen(call, scope, page, topics, since)
    return answer(call, page_data(found, NoticeInfo.of))


@router.get(
    "/notices/feed",
    operation_id="getNoticeFeed",
    response_class=Response,
    responses={200: {"content": {"application/atom+xml": {}}}},
)
def feed(call: OwnCall, scope: OwnScope, topics: Topics = None) -> Response:
    """The last hundred of the same as an Atom feed."""
    found = _seen(call, scope, PageRequest(0, _FEED_SIZE), topics, 0)
    place = "/".join(part for part in (scope.org, scope.project) if part) or "account"
    return Response(feed_of(call.account, place, found.items), media_type=CONTENT_TYPE)


@router.post("/subscriptions", operation_id="createSubscription", openapi_extra=takes(SubscriptionBody))
def create(call: OwnCall, scope: OwnScope, body: Sent) -> Answer[SubscriptionInfo]:
    """Has what is told from now on sent to a webhook. The caller must have the right to use the signing secret."""
    draft = _draft(call, body, scope)
    return answer(call, SubscriptionInfo.of(call.app.noticing.service.create(draft, by=call.actor)))


@router.get("/subscriptions", operation_id="listSubscriptions")
def list_all(
    call: OwnCall, scope: OwnScope, page: _Page, search: SearchTerm = ""
) -> Answer[PageData[SubscriptionInfo]]:
    """Those of this place, last modified first."""
    return answer(call, page_data(call.app.noticing.service.list(scope, search, page), SubscriptionInfo.of))


@router.get("/subscriptions/{identifier}", operation_id="getSubscription")
def get(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[SubscriptionInfo]:
    return answer(call, SubscriptionInfo.of(call.app.noticing.service.get(scope, identifier)))


@router.put("/subscriptions/{identifier}", operation_id="updateSubscription", openapi_extra=takes(SubscriptionBody))
def update(call: OwnCall, scope: OwnScope, identifier: str, body: Sent) -> Answer[SubscriptionInfo]:
    """Replaces all of it but its identifier. What waits goes to the new address, or is given up when it is disabled."""
    if body.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("identifier", "is not the one in the path"),))
    draft = _draft(call, body, scope)
    return answer(call, SubscriptionInfo.of(call.app.noticing.service.update(draft, by=call.actor)))


@router.delete("/subscriptions/{identifier}", operation_id="deleteSubscription")
def delete(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[bool]:
    """With all that waits to be sent."""
    call.app.noticing.service.delete(scope, identifier, by=call.actor)
    return answer(call, True)


@router.post("/subscriptions/{identifier}/test", operation_id="testSubscription")
def test(call: OwnCall, scope: OwnScope, slow: Slow, identifier: str) -> Answer[DeliveryInfo]:
    """Sends a test notice now, once, and waits for the answer. A failure is a result."""
    with slow.one("tests of subscriptions", call.share_key):
        return answer(call, DeliveryInfo.of(call.app.noticing.deliverer.test(scope, identifier, by=call.actor)))


@router.get("/subscriptions/{identifier}/deliveries", operation_id="listDeliveries")
def deliveries(call: OwnCall, scope: OwnScope, identifier: str, page: _Page) -> Answer[PageData[DeliveryInfo]]:
    """What was sent, waits or was given up, the newest first, with the error of the last attempt."""
    return answer(call, page_data(call.app.noticing.service.deliveries(scope, identifier, page), DeliveryInfo.of))


def _seen(call: Call, scope: Scope, page: PageRequest, topics: Iterable[Topic] | None, since: int) -> Page[Notice]:
    areas = call.areas(scope)
    moment = datetime.fromtimestamp(since / 1000, UTC) if since else None
    return call.app.noticing.service.notices(call.account, page, areas, tuple(topics or ()), moment)


def _draft(call: Call, body: SubscriptionBody, scope: Scope) -> SubscriptionDraft:
    """Raises AccessDeniedError also for a secret that is not there, to whoever might not use it."""
    draft = body.draft(scope)
    call.require(Permission.SECRET_ACCESS, *secret_of(draft))
    if draft.with_children and scope.level is not Level.PROJECT and not _sees_below(call, scope):
        ref, check = call.principal.ref, FailedCheck(Permission.SETTING_VIEW, scope, "")
        raise AccessDeniedError(ref.type, ref.identifier, check, "withChildren hands on what happens in places below:")
    return draft


def _sees_below(call: Call, scope: Scope) -> bool:
    granted = call.grants.areas(Permission.SETTING_VIEW)
    return any(area.with_children and area.scope.contains(scope) for area in granted)
