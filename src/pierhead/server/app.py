"""Joins routers, middleware and error handling into the ASGI application. Starts nothing and knows no use case."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from pierhead import __version__
from pierhead.kit.errors import AppError

from .api import errors, openapi
from .api.bodies import problems_of
from .api.edge import Barrier, BodyCap, OneSpelling
from .api.known_paths import KnownPaths, root_of
from .api.observed import Observed
from .api.permissions import rule_of
from .api.ports import Application
from .api.refusals import InvalidFieldsError
from .api.routers import ROUTERS
from .api.run_events import RunStreams
from .api.slow_calls import SlowCalls
from .delegates.api import AgentApi, AgentDoor
from .exposition import Exposition
from .readiness import Readiness
from .request_figures import RequestFigures
from .request_limits import AddressGate, RequestLimits


def create_app(application: Application) -> FastAPI:
    """Every route answers at its path and below ``/gateway``. Raises KeyError for a route without a rule."""
    app = FastAPI(
        title="Pierhead",
        version=__version__,
        description=openapi.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        middleware=[
            Middleware(Barrier),
            Middleware(Observed),
            Middleware(AddressGate),
            Middleware(BodyCap),
            Middleware(OneSpelling),
            Middleware(KnownPaths, roots=_roots()),
        ],
        exception_handlers={
            AppError: _refuse,
            RequestValidationError: _refuse_parameters,
            HTTPException: _refuse_route,
        },
    )
    bind(app, application)
    for router in ROUTERS:
        for route in router.routes:
            rule_of(getattr(route, "operation_id", ""))
        app.router.routes += router.routes  # as they are: including a router would analyse its routes
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]  # the framework's own way to change it
    return app


def bind(app: FastAPI, application: Application) -> None:
    """From now on the routes of ``app`` serve this application."""
    app.state.application = application
    app.state.slow_calls = SlowCalls()
    app.state.request_limits = RequestLimits(application.settings.login.requests_per_minute)
    app.state.run_streams = RunStreams(application.runs)
    app.state.agent_api = AgentApi(application)
    app.state.request_figures = RequestFigures()
    app.state.exposition = Exposition(app.state.request_figures, application.store.figures, application.clock)
    app.state.readiness = Readiness(application.store.check, lambda: application.hub.is_closing)
    app.state.has_access_log = application.settings.log_format == "json"
    app.state.spans = None


def entrance(app: FastAPI) -> ASGIApp:
    """``app``, and beside it the agent link: past everything that is for people, since each frame that a request goes
    through is held once for every held poll."""
    return AgentDoor(app, Barrier(app.state.agent_api))


def _roots() -> set[str]:
    return {root_of(getattr(route, "path", "")) for router in ROUTERS for route in router.routes}


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    render = getattr(request.state, "render_refusal", errors.refusal)
    answer: Response = render(error, request.state.correlation_id)
    return answer


async def _refuse_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _refuse(request, InvalidFieldsError(problems_of(error.errors(), skip=1)))


async def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    text = {
        404: errors.nothing_at(path),
        405: f"{request.method} is not possible at {path[:200]}",
    }.get(error.status_code, error.detail)
    return errors.unrouted(error.status_code, text, request.state.correlation_id, error.headers)
