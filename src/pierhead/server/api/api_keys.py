"""API keys, the containers of tokens, over HTTP (harness-api §6.3)."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import ApiKey
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, OwnCall, ReferenceCall, own_caller, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .givers import giver_of
from .key_owners import AskedOwner, authorise
from .late_routes import LateRouter
from .openapi import takes
from .pages import page_among
from .params import SearchTerm, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .wire.api_keys import ApiKeyAggregate, ApiKeyIn, ApiKeyOut

router = LateRouter(prefix="/ng/api/apikey", tags=["api-keys"])

Sent = Annotated[ApiKeyIn, Depends(json_body(ApiKeyIn))]
Wanted = Annotated[list[str] | None, Query(alias="identifiers", max_length=1000)]
_named = [Depends(reference_caller)]


@router.post("", operation_id="createApiKey", openapi_extra=takes(ApiKeyIn), dependencies=_named)
def create(call: ReferenceCall, body: Sent) -> Answer[ApiKeyOut]:
    """A container for tokens. Whose it is stands in the body."""
    owner = body.owner(call.principal.ref)
    authorise(call, owner)
    return answer(call, ApiKeyOut.of(call.app.people.api_keys.create(body.draft(owner), giver=giver_of(call))))


@router.get("", operation_id="listApiKeys", dependencies=_named)
def list_all(call: ReferenceCall, owner: AskedOwner, wanted: Wanted = None) -> Answer[list[ApiKeyOut]]:
    authorise(call, owner)
    return answer(call, [ApiKeyOut.of(key) for key in _found(call, owner, wanted)])


@router.get("/aggregate", operation_id="listApiKeyAggregates", dependencies=_named)
def list_aggregates(
    call: ReferenceCall,
    owner: AskedOwner,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    wanted: Wanted = None,
    search: SearchTerm = "",
) -> Answer[PageData[ApiKeyAggregate]]:
    authorise(call, owner)
    found = page_among(_found(call, owner, wanted), search, page)
    return answer(call, page_data(found, lambda key: _aggregate(call, key)))


@router.get("/aggregate/{identifier}", operation_id="getApiKeyAggregate", dependencies=_named)
def get_aggregate(call: ReferenceCall, owner: AskedOwner, identifier: str) -> Answer[ApiKeyAggregate]:
    authorise(call, owner)
    return answer(call, _aggregate(call, call.app.people.api_keys.get(owner, identifier)))


@router.put(
    "/{identifier}", operation_id="updateApiKey", openapi_extra=takes(ApiKeyIn), dependencies=[Depends(own_caller)]
)
def update(call: OwnCall, identifier: str, body: Sent) -> Answer[ApiKeyOut]:
    """Replaces name, description, tags and default expiry. One client names the account where the key should stand,
    and nowhere else; what counts is the body."""
    if identifier not in (body.identifier, call.account):
        raise InvalidFieldsError((FieldProblem("identifier", "cannot be changed"),))
    owner = body.owner(call.principal.ref)
    authorise(call, owner)
    return answer(call, ApiKeyOut.of(call.app.people.api_keys.update(body.draft(owner), giver=giver_of(call))))


@router.delete("/{identifier}", operation_id="deleteApiKey", dependencies=_named)
def delete(call: ReferenceCall, owner: AskedOwner, identifier: str) -> Answer[bool]:
    """With its tokens."""
    authorise(call, owner)
    call.app.people.api_keys.delete(owner, identifier, giver=giver_of(call))
    return answer(call, True)


def _found(call: Call, owner: AskedOwner, wanted: list[str] | None) -> list[ApiKey]:
    return [key for key in call.app.people.api_keys.list(owner) if not wanted or key.identifier in wanted]


def _aggregate(call: Call, key: ApiKey) -> ApiKeyAggregate:
    return ApiKeyAggregate.of(key, len(call.app.people.api_tokens.list(key.owner, key.identifier)))
