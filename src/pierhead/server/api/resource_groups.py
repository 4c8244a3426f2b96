"""Resource groups over HTTP, at the newer and at the older path (harness-api §6.3); both speak the newer form."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends

from pierhead.control.access import ResourceGroupDraft
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, SearchTerm, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .wire.resource_groups import ResourceGroupBody, ResourceGroupFilterBody, ResourceGroupItem

router = LateRouter(tags=["resource-groups"], dependencies=[Depends(reference_caller)])

_NEWER, _OLDER = "/resourcegroup/api/v2/resourcegroup", "/resourcegroup/api/resourcegroup"
Sent = Annotated[ResourceGroupBody, Depends(json_body(ResourceGroupBody))]
Filter = Annotated[ResourceGroupFilterBody | None, Depends(json_body(ResourceGroupFilterBody, is_optional=True))]
PageOfGroups = Annotated[PageRequest, Depends(page_of(50, 1000))]
Handler = Callable[..., Any]


def _at_both(method: str, rest: str, operation_id: str, **more: Any) -> Callable[[Handler], Handler]:
    """The older path answers the same; its operation has ``V1`` at its end."""

    def decorate(handler: Handler) -> Handler:
        router.add_api_route(_NEWER + rest, handler, methods=[method], operation_id=operation_id, **more)
        router.add_api_route(_OLDER + rest, handler, methods=[method], operation_id=f"{operation_id}V1", **more)
        return handler

    return decorate


@_at_both("POST", "/filter", "filterResourceGroups", openapi_extra=takes(ResourceGroupFilterBody, is_required=False))
def filtered(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfGroups, body: Filter, search: SearchTerm = ""
) -> Answer[PageData[ResourceGroupItem]]:
    """Groups of one place by identifier, by text, and by whether they are managed."""
    among, wanted = call.visible(scope), body or ResourceGroupFilterBody()
    if wanted.identifier_filter:
        named = frozenset(wanted.identifier_filter)
        among = named if among is None else among & named
    kind = {"ONLY_MANAGED": True, "ONLY_CUSTOM": False}.get(wanted.managed_filter or "")
    found = call.app.rights.resource_groups.list(
        scope, page, search or wanted.search_term or "", among, is_managed=kind
    )
    return answer(call, page_data(found, ResourceGroupItem.of))


@_at_both("POST", "", "createResourceGroup", openapi_extra=takes(ResourceGroupBody))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[ResourceGroupItem]:
    """A custom group of this place."""
    group = call.app.rights.resource_groups.create(_draft(body, scope), giver=giver_of(call))
    return answer(call, ResourceGroupItem.of(group))


@_at_both("GET", "", "listResourceGroups")
def list_groups(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfGroups, search: SearchTerm = ""
) -> Answer[PageData[ResourceGroupItem]]:
    """Custom groups of this place, then the managed ones that can be used here."""
    among = call.visible(scope)
    return answer(
        call, page_data(call.app.rights.resource_groups.list(scope, page, search, among), ResourceGroupItem.of)
    )


@_at_both("GET", "/{identifier}", "getResourceGroup")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[ResourceGroupItem]:
    return answer(call, ResourceGroupItem.of(call.app.rights.resource_groups.get(scope, identifier)))


@_at_both("PUT", "/{identifier}", "updateResourceGroup", openapi_extra=takes(ResourceGroupBody))
def update(call: ReferenceCall, scope: ReferenceScope, identifier: str, body: Sent) -> Answer[ResourceGroupItem]:
    """Replaces all of it but its identifier."""
    if body.resource_group.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("resourceGroup.identifier", "is not the one in the path"),))
    group = call.app.rights.resource_groups.update(_draft(body, scope), giver=giver_of(call))
    return answer(call, ResourceGroupItem.of(group))


@_at_both("DELETE", "/{identifier}", "deleteResourceGroup")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[bool]:
    """Refused while an assignment uses it."""
    call.app.rights.resource_groups.delete(scope, identifier, giver=giver_of(call))
    return answer(call, True)


def _draft(body: ResourceGroupBody, scope: Scope) -> ResourceGroupDraft:
    if body.resource_group.names_other_place(scope):
        problem = "body and query name different places; the query's is the one that counts"
        raise InvalidFieldsError((FieldProblem("resourceGroup", problem),))
    return body.draft(scope)
