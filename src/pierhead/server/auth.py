"""Who is calling, for which account, and whether the call is allowed: decided here for every route, before its body is
read.

What a key is worth is the access feature's knowledge; this module only finds key and account in the request
(harness-api §6.4), and asks for what the rule of the route says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from pierhead.control.access import InvalidTokenError, MissingTokenError, Principal
from pierhead.control.scopes import Scope
from pierhead.kit.errors import UnauthenticatedError

from .api.permissions import rule_of
from .api.ports import Application
from .api.refusals import AmbiguousParameterError, MissingAccountError
from .api.rules import At
from .call import Call

__all__ = ["Call", "OwnCall", "ReferenceCall", "own_caller", "reference_caller"]

_MAX_ACCOUNT_LENGTH = 200
_api_key = APIKeyHeader(name="X-API-KEY", scheme_name="apiKey", auto_error=False)
_bearer = HTTPBearer(scheme_name="bearer", auto_error=False)


class UnexpandedVariableError(UnauthenticatedError):
    """A shell variable inside single quotes arrives as its name."""

    code = "unexpanded-variable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the API key is the literal text {name[:40]!r}",
            hint="put the header in double quotes, so that the shell fills in the variable",
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Key and account as the request gives them; either may be missing."""

    token: str | None
    account: str | None


def _asked(
    request: Request,
    api_key: Annotated[str | None, Security(_api_key)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    account_identifier: Annotated[str | None, Query(alias="accountIdentifier")] = None,
    account: Annotated[str | None, Query(include_in_schema=False)] = None,
    harness_account: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Asked:
    for name in ("account", "accountIdentifier", "orgIdentifier", "projectIdentifier"):
        if len(set(request.query_params.getlist(name))) > 1:
            raise AmbiguousParameterError(name)
    token = api_key or (bearer.credentials if bearer else None)
    return Asked(token, harness_account or account or account_identifier)


def _authenticated(request: Request, asked: Asked) -> Principal:
    application: Application = request.app.state.application
    token = (asked.token or "").strip()
    if not token:
        raise MissingTokenError
    if token.startswith("$"):
        raise UnexpandedVariableError(token)
    if asked.account is not None and len(asked.account) > _MAX_ACCOUNT_LENGTH:
        raise InvalidTokenError(asked.account[:_MAX_ACCOUNT_LENGTH])
    return application.access.authenticate(token, asked.account)


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


_AUTHORISE: dict[At, Callable[[Call, Request], None]] = {
    At.OPEN: _leave_open,
    At.ANY: _leave_open,
    At.ACCOUNT: _at_account,
    At.SCOPE: _at_query_scope,
    At.LATER: _leave_to_the_route,
    At.LIST: _leave_to_the_route,
}


def reference_caller(request: Request, asked: Annotated[Asked, Depends(_asked)]) -> Call:
    """For routes of the reference: the request must name the account."""
    if not (asked.account or "").strip():
        raise MissingAccountError
    return _call(request, _authenticated(request, asked))


def own_caller(request: Request, asked: Annotated[Asked, Depends(_asked)]) -> Call:
    """For routes of our own: the account is the key's, and a named one must be that."""
    return _call(request, _authenticated(request, asked))


ReferenceCall = Annotated[Call, Depends(reference_caller)]
OwnCall = Annotated[Call, Depends(own_caller)]
