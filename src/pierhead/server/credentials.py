"""What a request shows of who sends it: a key, or the cookie of a session; and who that is.

What a key or session is worth is the access feature's knowledge; this module only finds it in the request
(harness-api §6.4). A browser shows a session by itself, so whatever changes something has to prove besides that a page
of this server meant it: by a header that only such a page can know, and by what the browser says of the page.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Header, Query, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from pierhead.control.access import CsrfError, InvalidTokenError, MissingTokenError, Principal
from pierhead.kit.errors import UnauthenticatedError
from pierhead.kit.redact import SecretValue

from .api.ports import Application
from .api.refusals import AmbiguousParameterError
from .cookies import SESSION
from .request_limits import RequestLimits

_MAX_ACCOUNT_LENGTH = 200
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
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


def asked(
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
    named = {name.strip() for name in (harness_account, account, account_identifier) if name and name.strip()}
    if len(named) > 1:
        raise AmbiguousParameterError("accountIdentifier (or account, or the header Harness-Account)")
    token = api_key or (bearer.credentials if bearer else None)
    return Asked(token, harness_account or account or account_identifier)


def authenticated(request: Request, asked: Asked) -> Principal:
    """Whoever shows key or session; a key goes before a session. Raises UnauthenticatedError, CsrfError and
    TooManyRequestsError."""
    principal = _principal(request, asked)
    limits: RequestLimits = request.app.state.request_limits
    limits.count_credential(principal.credential)
    request.state.facts.principal = principal.ref.key  # for the log
    return principal


def is_still(request: Request, asked: Asked, principal: Principal) -> bool:
    """Whether that request would still be this principal's; for answers that go on for long. Counts for no limit."""
    try:
        return _principal(request, asked).ref == principal.ref
    except UnauthenticatedError:
        return False


def session_of(request: Request) -> SecretValue | None:
    application: Application = request.app.state.application
    return SESSION.read(request, is_plain=application.settings.has_plain_cookie)


def check_origin(request: Request) -> None:
    """A browser says on its own from which page a request comes; what is no browser says nothing. Raises CsrfError."""
    application: Application = request.app.state.application
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin"):
        raise CsrfError("comes from another site")
    if origin is None:
        return
    public_url = application.settings.login.public_url
    is_public = public_url is not None and _origin(origin) == _origin(public_url)
    if not is_public and _origin(origin)[1] != request.headers.get("host", ""):
        raise CsrfError("comes from another origin")


def _principal(request: Request, asked: Asked) -> Principal:
    application: Application = request.app.state.application
    token = (asked.token or "").strip()
    account = asked.account
    if account is not None and len(account) > _MAX_ACCOUNT_LENGTH:
        raise InvalidTokenError(account[:_MAX_ACCOUNT_LENGTH])
    if token.startswith("$"):
        raise UnexpandedVariableError(token)
    if token:
        return application.access.authenticate(token, account)
    session = session_of(request)
    if session is None:
        raise MissingTokenError
    return _by_session(request, application, session, account)


def _by_session(request: Request, application: Application, session: SecretValue, account: str | None) -> Principal:
    sessions = application.login.sessions
    principal = sessions.authenticate(session)
    if account is not None and account != principal.account:
        raise InvalidTokenError(account)
    if request.method not in _SAFE_METHODS:
        check_origin(request)
        sessions.check_csrf(session, request.headers.get("x-csrf-token"))
    return principal


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.lower()
