"""The keys that secrets are encrypted with: which there are, and going over to the newest. They are the server's, and
for the account of its operator only."""

from fastapi import Depends

from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .late_routes import LateRouter
from .wire.encryption_keys import EncryptionKeyItem, RotationAnswer

router = LateRouter(prefix="/pierhead/v1/encryption-keys", tags=["system"], dependencies=[Depends(own_caller)])


@router.get("", operation_id="listEncryptionKeys")
def list_keys(call: OwnCall) -> Answer[list[EncryptionKeyItem]]:
    """Fingerprints of the keys, oldest first, with how many secrets and delegate tokens each of them protects."""
    return answer(call, [EncryptionKeyItem.of(key) for key in call.app.encryption_keys.list()])


@router.post("/rotate", operation_id="rotateEncryptionKeys")
def rotate(call: OwnCall) -> Answer[RotationAnswer]:
    """Adds a key, where the server keeps its own, and wraps everything with the newest one; or goes on with a rotation
    that was interrupted. Everything can be used meanwhile."""
    keys, shares = call.app.encryption_keys, call.app.settings.database_url is not None
    return answer(call, RotationAnswer.of(keys.rotate(call.account, by=call.actor), keys.makes_keys, shares))
