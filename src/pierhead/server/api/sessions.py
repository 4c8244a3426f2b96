"""Logging in and out, by password or by an OIDC provider, and passwords.

The session is a cookie that no script can read; ``csrfToken`` is what a page sends along with every change.
"""

import html
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pierhead.control.access import Giver, InvalidSessionError, OidcLoginError, Permission
from pierhead.control.audit import Actor, PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.redact import SecretValue
from pierhead.server.auth import OwnCall, own_caller
from pierhead.server.cookies import OIDC_STATE, SESSION
from pierhead.server.credentials import check_origin, session_of

from .answers import Answer, answer
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .ports import Application
from .refusals import FieldProblem, InvalidFieldsError
from .slow_calls import Slow
from .wire.sessions import LoginBody, PasswordBody, SessionItem, secret

open_router = LateRouter(prefix="/pierhead/v1/session", tags=["sessions"])
router = LateRouter(prefix="/pierhead/v1", tags=["sessions"], dependencies=[Depends(own_caller)])

Sent = Annotated[LoginBody, Depends(json_body(LoginBody))]
SentPassword = Annotated[PasswordBody, Depends(json_body(PasswordBody))]
_STATE_TEXT = Query(max_length=2048)
_MOVED = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Pierhead</title><meta http-equiv="refresh" content="0;url={path}">
</head><body><p><a href="{path}">Go on</a></p></body></html>
"""


@open_router.post("", operation_id="logIn", openapi_extra=takes(LoginBody), dependencies=[Depends(check_origin)])
def log_in(request: Request, response: Response, body: Sent) -> Answer[SessionItem]:
    """By email and password. The session comes as a cookie."""
    application = _application(request)
    by = _somebody(request)
    opened = application.login.passwords.log_in(body.account, body.email, secret(body.password), by)
    SESSION.set(response, opened.text, is_plain=application.settings.has_plain_cookie)
    item = SessionItem.of(opened.session, opened.user, opened.csrf)
    return Answer(data=item, correlation_id=request.state.correlation_id)


@open_router.get("/oidc/login", operation_id="beginOidcLogin", response_class=RedirectResponse, status_code=302)
def begin_oidc(
    request: Request, slow: Slow, next_path: Annotated[str, Query(alias="next", max_length=2048)] = "/"
) -> Response:
    """Sends the browser to the provider; afterwards it goes on to ``next``, a path of this server."""
    application = _application(request)
    with slow.one("logins at the provider", _somebody(request).address):
        url, cookie = application.login.oidc.begin(next_path)
    response = RedirectResponse(url, 302)
    OIDC_STATE.set(response, cookie, is_plain=application.settings.has_plain_cookie)
    return response


@open_router.get("/oidc/callback", operation_id="finishOidcLogin", response_class=HTMLResponse)
def finish_oidc(
    request: Request,
    slow: Slow,
    state: Annotated[str, _STATE_TEXT] = "",
    code: Annotated[str, _STATE_TEXT] = "",
    error: Annotated[str, _STATE_TEXT] = "",
) -> Response:
    """Where the provider sends the browser back to. A page, and no redirect: with a redirect that began at another site
    the browser would not show the new cookie."""
    application = _application(request)
    is_plain = application.settings.has_plain_cookie
    cookie = OIDC_STATE.read(request, is_plain=is_plain)
    if error or not code or cookie is None:
        raise OidcLoginError("the provider refused it" if error else "this browser has not begun it, or not lately")
    with slow.one("logins at the provider", _somebody(request).address):
        opened, path = application.login.oidc.finish(None, cookie, state, code, _somebody(request))
    response = HTMLResponse(_MOVED.format(path=html.escape(path)))
    SESSION.set(response, opened.text, is_plain=is_plain)
    OIDC_STATE.forget(response, is_plain=is_plain)
    return response


@router.get("/session", operation_id="getSession")
def get(call: OwnCall, request: Request) -> Answer[SessionItem]:
    """Who is logged in, and the token for changes; not for keys, which have no session."""
    opened = call.app.login.sessions.get(_session(request, call))
    return answer(call, SessionItem.of(opened.session, opened.user, opened.csrf))


@router.delete("/session", operation_id="logOut")
def log_out(call: OwnCall, request: Request, response: Response) -> Answer[bool]:
    has_ended = call.app.login.sessions.close(_session(request, call), call.actor)
    SESSION.forget(response, is_plain=call.app.settings.has_plain_cookie)
    return answer(call, has_ended)


@router.put("/users/{user_id}/password", operation_id="setPassword", openapi_extra=takes(PasswordBody))
def set_password(call: OwnCall, user_id: str, body: SentPassword) -> Answer[bool]:
    """One's own, with the current one; of others, and one's first, with ``core_user_manage``. Ends all sessions of that
    user."""
    ref = call.principal.ref
    is_own = (ref.type, ref.identifier) == (PrincipalType.USER, user_id)
    if is_own and call.lookup.login.passwords.has_password(call.account, user_id):
        if body.current_password is None:
            raise InvalidFieldsError((FieldProblem("currentPassword", "is required"),))
        call.allow()
        current, new = secret(body.current_password), secret(body.password)
        call.app.login.passwords.change_password(call.account, user_id, current, new, call.actor)
    else:
        call.require(Permission.USER_MANAGE, Scope(call.account), user_id, call.rule.absent)
        call.allow()
        giver = Giver(call.actor, call.principal.ref)
        call.app.login.passwords.set_password(call.account, user_id, secret(body.password), giver)
    return answer(call, True)


def _application(request: Request) -> Application:
    application: Application = request.app.state.application
    return application


def _somebody(request: Request) -> Actor:
    """Whoever it is that is not logged in yet."""
    address = request.client.host if request.client else ""
    return Actor(PrincipalType.USER, "", "", "", address, request.state.correlation_id)


def _session(request: Request, call: OwnCall) -> SecretValue:
    session = session_of(request) if call.principal.is_session else None
    if session is None:
        raise InvalidSessionError
    return session
