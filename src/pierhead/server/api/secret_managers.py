"""The secret managers that this server knows."""

from fastapi import Depends

from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .late_routes import LateRouter
from .wire.secret_managers import SecretManagerItem

router = LateRouter(prefix="/pierhead/v1", tags=["secrets"], dependencies=[Depends(own_caller)])


@router.get("/secret-managers", operation_id="listSecretManagers")
def list_managers(call: OwnCall) -> Answer[list[SecretManagerItem]]:
    """Stores that secrets may be read from, the built-in one first. Set by whoever runs the server."""
    return answer(call, [SecretManagerItem.built_in(), *map(SecretManagerItem.of, call.app.secrets.managers())])
