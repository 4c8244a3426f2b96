"""Is the server there, and who is calling?"""

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pierhead import __version__
from pierhead.server.auth import OwnCall, own_caller
from pierhead.server.readiness import Readiness

from .answers import Answer, answer
from .late_routes import LateRouter
from .wire.system import Health, NotReady, Ready, Whoami

open_router = LateRouter(tags=["system"])
router = LateRouter(prefix="/pierhead/v1", tags=["system"], dependencies=[Depends(own_caller)])


@open_router.get("/health", operation_id="health")
def health() -> Health:
    """Open to everyone, without a key."""
    return Health(version=__version__)


@open_router.get("/ready", operation_id="ready", responses={503: {"model": NotReady}})
def ready(request: Request) -> Response:
    """Whether requests should be sent here now: 200, or 503 with the reason. Open to everyone, without a key."""
    readiness: Readiness = request.app.state.readiness
    reason = readiness.reason()
    said = Ready() if reason is None else NotReady(reason=reason)
    return JSONResponse(said.model_dump(by_alias=True), 200 if reason is None else 503)


@open_router.get("/openapi.json", operation_id="openapi", include_in_schema=False)
def openapi(request: Request, _: OwnCall) -> Response:
    """For any key of the account: it says how everything is done, so it is not for strangers."""
    return JSONResponse(request.app.openapi())


@router.get("/whoami", operation_id="whoami")
def whoami(call: OwnCall) -> Answer[Whoami]:
    """Who the key or session that was sent belongs to."""
    return answer(call, Whoami.of(call.principal))
