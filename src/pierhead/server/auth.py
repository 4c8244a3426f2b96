"""Who is calling, for which account, and by which permission: decided here for every route, before its body is read.

What a key is worth is the access feature's knowledge; this module only finds key and account in the request
(harness-api §6.4) and the permission of the route.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from pierhead.control.access import InvalidTokenError, MissingTokenError, Principal
from pierhead.kit.errors import UnauthenticatedError

from .api.permissions import Permission, permission_of
from .api.ports import Application
from .api.refusals import AmbiguousParameterError, MissingAccountError

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
class Call:
    """An authenticated call: by whom, on which application; ``permission`` is what its route needs."""

    app: Application
    principal: Principal
    permission: Permission
    correlation_id: str

    @property
    def account(self) -> str:
        return self.principal.account

    def may(self, permission: Permission) -> bool:
        """Whether the caller holds a permission besides the one that let it in: so far every key holds all of them."""
        return permission in Permission


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
    return Call(
        app=request.app.state.application,
        principal=principal,
        permission=permission_of(request.scope["route"].operation_id),
        correlation_id=request.state.correlation_id,
    )


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
