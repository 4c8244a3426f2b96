"""Figures for Prometheus, of the whole server: for who may see its operator's account, for everybody, or for nobody, as
it is set up."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from pierhead.kit.errors import NotFoundError
from pierhead.server.auth import own_caller
from pierhead.server.credentials import Asked, asked
from pierhead.server.exposition import CONTENT_TYPE, Exposition

from .late_routes import LateRouter
from .ports import Application

router = LateRouter(tags=["system"])


class MetricsOffError(NotFoundError):
    code = "metrics-off"

    def __init__(self) -> None:
        super().__init__("this server gives no figures", hint="the operator can set PIERHEAD_METRICS=key on it")


@router.get(
    "/metrics", operation_id="metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}
)
def metrics(request: Request, shown: Annotated[Asked, Depends(asked)]) -> Response:
    """Figures in the text format of Prometheus. Asks for a key unless PIERHEAD_METRICS says otherwise."""
    application: Application = request.app.state.application
    if application.settings.metrics == "off":
        raise MetricsOffError
    if application.settings.metrics == "key":
        own_caller(request, shown)
    exposition: Exposition = request.app.state.exposition
    return Response(exposition.text(), media_type=CONTENT_TYPE)
