"""Who is calling, for which account, and whether the call is allowed: decided here for every route, before its body is
read.

Who it is, ``credentials`` finds; this module asks for what the rule of the route says.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from pierhead.control.access import Principal
from pierhead.control.scopes import Scope

from .api.permissions import rule_of
from .api.ports import Application
from .api.refusals import MissingAccountError
from .api.rules import At
from .call import Call
from .credentials import Asked, asked, authenticated

__all__ = ["Call", "OwnCall", "ReferenceCall", "own_caller", "reference_caller"]


def _call(request: Request, principal: Principal) -> Call:
    application: Application = request.app.state.application
    call = Call(
        application,
        principal,
        rule_of(request.scope["route"].operation_id),
        correlation_id=request.state.correlation_id,
        address=request.client.host if request.client else "",
        grants=lambda: application.access.grants(principal.ref),
    )
    _AUTHORISE[call.rule.at](call, request)
    return call


def _at_query_scope(call: Call, request: Request) -> None:
    query, rule = request.query_params, call.rule
    scope = Scope(call.account, query.get("orgIdentifier") or None, query.get("projectIdentifier") or None)
    named = str(request.path_params.get(rule.named) or query.get(rule.named) or "") if rule.named else ""
    call.authorise(scope, named)


def _leave_open(call: Call, _: Request) -> None:
    call.allow()


def _leave_to_the_route(_: Call, __: Request) -> None:
    """The call gives no application until the route has asked."""


def _at_account(call: Call, _: Request) -> None:
    call.authorise(Scope(call.account))


def _at_operators_account(call: Call, _: Request) -> None:
    call.authorise(Scope(call.account))
    call.app.access.check_operator(call.account)


_AUTHORISE: dict[At, Callable[[Call, Request], None]] = {
    At.OPEN: _leave_open,
    At.ANY: _leave_open,
    At.ACCOUNT: _at_account,
    At.OPERATOR: _at_operators_account,
    At.SCOPE: _at_query_scope,
    At.LATER: _leave_to_the_route,
    At.LIST: _leave_to_the_route,
}


def reference_caller(request: Request, shown: Annotated[Asked, Depends(asked)]) -> Call:
    """For routes of the reference: the request must name the account."""
    if not (shown.account or "").strip():
        raise MissingAccountError
    return _call(request, authenticated(request, shown))


def own_caller(request: Request, shown: Annotated[Asked, Depends(asked)]) -> Call:
    """For routes of our own: the account is the key's, and a named one must be that."""
    return _call(request, authenticated(request, shown))


ReferenceCall = Annotated[Call, Depends(reference_caller)]
OwnCall = Annotated[Call, Depends(own_caller)]
