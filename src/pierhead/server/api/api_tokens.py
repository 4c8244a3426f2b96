"""Tokens over HTTP (harness-api §6.4): a text is in the answer to making and rotating one, and nowhere else."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import PrincipalRef, TokenAddress
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .givers import giver_of
from .key_owners import AskedOwner, authorise
from .late_routes import LateRouter
from .openapi import takes
from .pages import page_among
from .params import SearchTerm, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .wire.api_keys import TokenAggregate, TokenIn, TokenOut
from .wire.delegate_tokens import MAX_EPOCH_MS, moment_of

router = LateRouter(tags=["tokens"], dependencies=[Depends(reference_caller)])

_PATH = "/ng/api/token"
Sent = Annotated[TokenIn, Depends(json_body(TokenIn))]
Wanted = Annotated[list[str] | None, Query(alias="identifiers", max_length=1000)]
InKey = Annotated[str, Query(alias="apiKeyIdentifier", min_length=1, max_length=128)]


@router.post(_PATH, operation_id="createToken", openapi_extra=takes(TokenIn))
def create(call: ReferenceCall, body: Sent) -> Answer[str]:
    """``data`` is the whole text of the token, this once. Whose it is stands in the body."""
    owner = body.owner(call.principal.ref)
    authorise(call, owner)
    _, text = call.app.people.api_tokens.create(body.draft(owner), giver=giver_of(call))
    return _told(call, text)


@router.get(f"{_PATH}/aggregate", operation_id="listTokens")
def list_aggregates(
    call: ReferenceCall,
    owner: AskedOwner,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    api_key: Annotated[str, Query(alias="apiKeyIdentifier", max_length=128)] = "",
    wanted: Wanted = None,
    search: SearchTerm = "",
) -> Answer[PageData[TokenAggregate]]:
    """Tokens of one API key, or without ``apiKeyIdentifier`` of all of the owner's; newest first."""
    authorise(call, owner, reads=True)
    found = call.app.people.api_tokens.list(owner, api_key or None)
    asked = [token for token in reversed(found) if not wanted or token.identifier in wanted]
    return answer(call, page_data(page_among(asked, search, page), lambda each: TokenAggregate.of(each, _now(call))))


@router.post(f"{_PATH}/rotate/{{identifier}}", operation_id="rotateToken")
def rotate(
    call: ReferenceCall,
    owner: AskedOwner,
    identifier: str,
    api_key: InKey,
    until: Annotated[int, Query(alias="rotateTimestamp", ge=0, le=MAX_EPOCH_MS)] = 0,
) -> Answer[str]:
    """``data`` is the text with a new secret. The old one is good until ``rotateTimestamp``; without it, no more."""
    authorise(call, owner)
    address = TokenAddress(owner, api_key, identifier)
    return _told(call, call.app.people.api_tokens.rotate(address, moment_of(until), giver=giver_of(call)))


@router.put(f"{_PATH}/{{identifier}}", operation_id="updateToken", openapi_extra=takes(TokenIn))
def update(call: ReferenceCall, identifier: str, body: Sent) -> Answer[TokenOut]:
    """Name, description and tags; ``validFrom`` and ``validTo`` where they are sent."""
    if body.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("identifier", "cannot be changed"),))
    owner = body.owner(call.principal.ref)
    authorise(call, owner)
    changed = call.app.people.api_tokens.update(body.draft(owner), giver=giver_of(call))
    return answer(call, TokenOut.of(changed, _now(call)))


@router.delete(f"{_PATH}/{{identifier}}", operation_id="deleteToken")
def delete(call: ReferenceCall, owner: AskedOwner, identifier: str, api_key: InKey) -> Answer[bool]:
    """It opens nothing from now on, and is forgotten."""
    authorise(call, owner)
    call.app.people.api_tokens.delete(TokenAddress(owner, api_key, identifier), giver=giver_of(call))
    return answer(call, True)


@router.post("/pierhead/v1/tokens/{identifier}/revoke", operation_id="revokeToken")
def revoke(call: ReferenceCall, owner: AskedOwner, identifier: str, api_key: InKey) -> Answer[TokenOut]:
    """It opens nothing from now on, and stays in the list."""
    authorise(call, owner)
    return answer(call, _revoked(call, owner, identifier, api_key))


def _revoked(call: Call, owner: PrincipalRef, identifier: str, api_key: str) -> TokenOut:
    revoked = call.app.people.api_tokens.revoke(TokenAddress(owner, api_key, identifier), giver=giver_of(call))
    return TokenOut.of(revoked, _now(call))


def _told(call: Call, text: SecretValue) -> Answer[str]:
    return answer(call, text.reveal())


def _now(call: Call) -> datetime:
    return call.app.clock.now()
