"""The catalogue of the CI's images as a registry shows it: ``_catalog`` and ``tags/list`` (harness-api §3.7).

Answers have the registry's plain shapes, without an envelope; so have refusals.
"""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pierhead.control.connectors import DEFAULT_IDENTIFIER
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.auth import OwnCall

from . import errors
from .late_routes import LateRouter
from .ports import Application
from .slow_calls import Slow
from .uses import use_connector
from .wire.registry import Catalogue, TagList

MAX_TAGS = 10_000


def _speak_registry(request: Request) -> None:
    request.state.render_refusal = registry_refusal


router = LateRouter(prefix="/registry", tags=["registry"], dependencies=[Depends(_speak_registry)])

Count = Annotated[int | None, Query(alias="n", ge=0, le=MAX_TAGS)]
Last = Annotated[str | None, Query(alias="last", max_length=256)]


@router.get("/_catalog", operation_id="getRegistryCatalog", response_model=Catalogue)
def catalogue(request: Request, n: Count = None, last: Last = None) -> Response:
    """The CI's own images, by name. Open to everyone."""
    application: Application = request.app.state.application
    names, headers = _paged(request, application.catalogue.catalogue.repositories(), n, last)
    return JSONResponse({"repositories": names}, headers=headers)


@router.get("/{name:path}/tags/list", operation_id="listRegistryTags", response_model=TagList)
def tags(request: Request, call: OwnCall, slow: Slow, name: str, n: Count = None, last: Last = None) -> Response:
    """The tags of an image where the account's ``harnessImage`` connector leads."""
    call.authorise(Scope(call.account), DEFAULT_IDENTIFIER)
    use_connector(call, call.app.connectors.get(Scope(call.account), DEFAULT_IDENTIFIER))
    with slow.one("lists of tags"):
        found = call.app.connector_tasks.list_tags(Scope(call.account), DEFAULT_IDENTIFIER, name, MAX_TAGS)
    names, headers = _paged(request, found.tags, n, last)
    if found.truncated:
        headers["X-Pierhead-Truncated"] = "true"
    return JSONResponse({"name": name, "tags": names}, headers=headers)


def registry_refusal(error: AppError, correlation_id: str) -> JSONResponse:
    """The error body of the distribution specification."""
    verdict = errors.verdict_on(error)
    code = _CODES.get(verdict.http_status, "UNKNOWN")
    detail = {"correlationId": correlation_id, "hint": error.hint or None, "pierheadCode": errors.own_code(error)}
    body = {"errors": [{"code": code, "message": error.message, "detail": detail}]}
    return JSONResponse(body, verdict.http_status, errors.headers_for(error, verdict))


_CODES = {400: "NAME_INVALID", 401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN", 429: "TOOMANYREQUESTS"}


def _paged(request: Request, names: Sequence[str], n: int | None, last: str | None) -> tuple[list[str], dict[str, str]]:
    """One page, and the Link header to the next one when there is more."""
    rest = _after(names, last) if last else list(names)
    if n is None or len(rest) <= n:
        return rest, {}
    page = rest[:n]
    if not page:
        return [], {}
    target = quote(request.scope["path"]) + "?" + urlencode({**request.query_params, "n": n, "last": page[-1]})
    return page, {"Link": f'<{target}>; rel="next"'}


def _after(names: Sequence[str], last: str) -> list[str]:
    """By position where the name is there; by order where it went away since the last page."""
    if last in names:
        return list(names[names.index(last) + 1 :])
    return [name for name in names if name > last]
