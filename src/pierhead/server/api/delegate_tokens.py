"""Delegate tokens over HTTP, as the reference's clients know them (harness-api §4.7)."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Permission
from pierhead.control.delegates import DelegateFilter, DelegateToken, GroupView, TokenStatus
from pierhead.control.scopes import Scope
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .refusals import FieldProblem, InvalidFieldsError
from .resources import ResourceAnswer, resource
from .token_owners import tokens_of
from .uses import visible_groups
from .wire.delegate_groups import GroupDetail, GroupListing
from .wire.delegate_tokens import MAX_EPOCH_MS, DelegateTokenItem, TokenBody, moment_of

router = LateRouter(
    prefix="/ng/api/delegate-token-ng", tags=["delegate-tokens"], dependencies=[Depends(reference_caller)]
)

_MAX_NAME = 200  # how much of a name is read at all; what a name may be is control's knowledge
TokenName = Annotated[str, Query(alias="tokenName", max_length=_MAX_NAME)]
Sent = Annotated[TokenBody | None, Depends(json_body(TokenBody, is_optional=True))]


@router.post("", operation_id="createDelegateToken", openapi_extra=takes(TokenBody, is_required=False))
def create(
    call: ReferenceCall,
    scope: ReferenceScope,
    body: Sent,
    name: TokenName = "",
    revoke_after: Annotated[int, Query(alias="revokeAfter", ge=0, le=MAX_EPOCH_MS)] = 0,
) -> ResourceAnswer[DelegateTokenItem]:
    """A new token with its value. The name stands in the query, or in the body as one client sends it."""
    sent = name or (body and (body.token_name or body.name)) or ""
    ends_at, name = moment_of(revoke_after), _required(sent)
    token, value = call.app.delegate_tokens.create(scope, name, call.principal.name, ends_at, by=call.actor)
    return resource(DelegateTokenItem.of(token, value))


@router.put("", operation_id="revokeDelegateToken")
def revoke(call: ReferenceCall, scope: ReferenceScope, name: TokenName = "") -> ResourceAnswer[DelegateTokenItem]:
    """From now on the token lets nobody in, and delegates that it let in are sent away."""
    return resource(_item(call, call.app.delegate_tokens.revoke(scope, _required(name), by=call.actor)))


@router.get("", operation_id="listDelegateTokens")
def list_tokens(
    call: ReferenceCall,
    scope: ReferenceScope,
    name: Annotated[str, Query(max_length=_MAX_NAME)] = "",
    status: Annotated[str, Query(pattern="^(|ACTIVE|REVOKED)$", description="ACTIVE or REVOKED")] = "",
) -> ResourceAnswer[list[DelegateTokenItem]]:
    """Tokens of one scope, newest first. A name finds that token whatever its status: it may have changed since."""
    wanted = TokenStatus(status) if status and not name else None
    return resource([_item(call, token) for token in call.app.delegate_tokens.list(scope, name, wanted)])


@router.get("/delegate-groups", operation_id="listDelegateGroupsOfToken")
def list_groups(
    call: ReferenceCall,
    scope: ReferenceScope,
    name: Annotated[str, Query(alias="delegateTokenName", max_length=_MAX_NAME)] = "",
) -> ResourceAnswer[GroupListing]:
    """The groups that a token let in; without a name, all groups of the scope."""
    views = _using(call, scope, name) if name else call.app.delegates.groups(scope, DelegateFilter())
    views = visible_groups(call, views)
    tokens, now = tokens_of(call.app, views), call.app.clock.now()
    return resource(GroupListing(delegate_group_details=[GroupDetail.of(view, tokens, now) for view in views]))


@router.delete("/{tokenName}", operation_id="deleteDelegateToken")
def delete(call: ReferenceCall, scope: ReferenceScope, tokenName: str) -> ResourceAnswer[bool]:  # noqa: N803 - the wire's
    """Forgets a revoked token, so that its name is free again."""
    call.app.delegate_tokens.delete(scope, tokenName, by=call.actor)
    return resource(True)


@router.delete("", operation_id="deleteDelegateTokenByQuery")
def delete_by_query(call: ReferenceCall, scope: ReferenceScope, name: TokenName = "") -> ResourceAnswer[bool]:
    """The same as other clients send it."""
    call.app.delegate_tokens.delete(scope, _required(name), by=call.actor)
    return resource(True)


def _using(call: Call, scope: Scope, name: str) -> tuple[GroupView, ...]:
    groups = call.app.delegate_tokens.groups_using(scope, name)
    return tuple(call.app.delegates.get_group(group.scope, group.name) for group in groups)


def _item(call: Call, token: DelegateToken) -> DelegateTokenItem:
    is_shown = call.may(Permission.DELEGATE_EDIT, token.scope)
    return DelegateTokenItem.of(token, call.app.delegate_tokens.reveal(token) if is_shown else None)


def _required(name: str) -> str:
    if not name:
        raise InvalidFieldsError((FieldProblem("tokenName", "is required"),))
    return name
