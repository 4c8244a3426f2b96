"""Health and identity on the wire."""

from typing import Literal, Self

from pierhead.control.access import Principal

from .common import Wire


class Health(Wire):
    status: Literal["ok"] = "ok"
    version: str


class Ready(Wire):
    status: Literal["ready"] = "ready"


class NotReady(Wire):
    status: Literal["not ready"] = "not ready"
    reason: str


class Whoami(Wire):
    """``type``, ``identifier`` and the scope say which principal; ``keyId`` which of its keys was sent."""

    account: str
    key_id: str
    name: str
    type: str
    identifier: str
    org_identifier: str | None
    project_identifier: str | None

    @classmethod
    def of(cls, principal: Principal) -> Self:
        ref = principal.ref
        return cls(
            account=principal.account,
            key_id=principal.credential,
            name=principal.name,
            type=ref.type,
            identifier=ref.identifier,
            org_identifier=ref.scope.org,
            project_identifier=ref.scope.project,
        )
