"""Is the server there, and who is calling?"""

from fastapi import APIRouter, Depends

from pierhead import __version__
from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .wire.system import Health, Whoami

open_router = APIRouter(tags=["system"])
router = APIRouter(prefix="/pierhead/v1", tags=["system"], dependencies=[Depends(own_caller)])


@open_router.get("/health", operation_id="health")
def health() -> Health:
    """Open to everyone, without a key."""
    return Health(version=__version__)


@router.get("/whoami", operation_id="whoami")
def whoami(call: OwnCall) -> Answer[Whoami]:
    """The account and the name of the key that was sent."""
    principal = call.principal
    return answer(call, Whoami(account=principal.account, key_id=principal.credential, name=principal.name))
