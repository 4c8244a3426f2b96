"""May somebody do something? Many checks in one call (harness-api §6.3).

Everybody may ask for himself; for somebody else only who may see all people, or all service accounts, of the account.
A permission, place or principal that is not there is answered with no.
"""

from typing import Annotated

from fastapi import Depends

from pierhead.control.access import Permission, PrincipalRef
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, answer
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .wire.acl import (
    AccessCheckAnswer,
    AccessCheckBody,
    AccessControl,
    CheckedPrincipalOut,
    PermissionCheck,
    ResourceScopeOut,
)

router = LateRouter(prefix="/authz/api", tags=["roles"], dependencies=[Depends(reference_caller)])
_VIEW = {
    PrincipalType.USER: Permission.USER_VIEW,
    PrincipalType.SERVICE_ACCOUNT: Permission.SERVICE_ACCOUNT_VIEW,
}
_KNOWN = {str(each): each for each in Permission}


Checks = Annotated[AccessCheckBody, Depends(json_body(AccessCheckBody))]


@router.post("/acl", operation_id="checkAccess", openapi_extra=takes(AccessCheckBody))
def check(call: ReferenceCall, body: Checks) -> Answer[AccessCheckAnswer]:
    """Which of these permissions the caller, or the principal named, has."""
    own, said = call.principal.ref, body.principal
    kind = PrincipalType(said.principal_type) if said else own.type
    identifier = said.principal_identifier if said else own.identifier
    is_own = (kind, identifier) == (own.type, own.identifier)
    if not is_own:
        call.require(_VIEW[kind], Scope(call.account))
    meant = _Meant(call, kind, identifier)
    found = [_checked(call, each, own if is_own else meant.at(_scope(call, each))) for each in body.permissions]
    who = CheckedPrincipalOut(principal_identifier=identifier, principal_type=kind)
    return answer(call, AccessCheckAnswer(principal=who, access_control_list=found))


def _checked(call: Call, asked: PermissionCheck, principal: PrincipalRef | None) -> AccessControl:
    permission, scope = _KNOWN.get(asked.permission), _scope(call, asked)
    is_permitted = False
    if permission is not None and scope is not None and principal is not None:
        grants = call.app.access.grants(principal)
        is_permitted = grants.allows(permission, scope, asked.resource_identifier or "")
    place = asked.resource_scope
    return AccessControl(
        permission=asked.permission,
        resource_scope=ResourceScopeOut(
            account_identifier=(place and place.account_identifier) or call.account,
            org_identifier=place.org_identifier if place else None,
            project_identifier=place.project_identifier if place else None,
        ),
        resource_type=asked.resource_type,
        resource_identifier=asked.resource_identifier,
        permitted=is_permitted,
    )


def _scope(call: Call, asked: PermissionCheck) -> Scope | None:
    """None for a place in another account: what is there is nobody's business here."""
    place = asked.resource_scope
    if place is None:
        return Scope(call.account)
    if place.account_identifier not in (None, call.account):
        return None
    return Scope(call.account, place.org_identifier, place.project_identifier)


class _Meant:
    """Who is asked about: a person lives in the account, a service account is looked for in the place asked about and
    upwards. Each place is looked at once, however many checks there are."""

    def __init__(self, call: Call, kind: PrincipalType, identifier: str) -> None:
        self._call = call
        self._kind = kind
        self._identifier = identifier
        self._found: dict[Scope, PrincipalRef | None] = {}

    def at(self, scope: Scope | None) -> PrincipalRef | None:
        account = Scope(self._call.account)
        place = account if scope is None or self._kind is PrincipalType.USER else scope
        if place not in self._found:
            assignments = self._call.app.rights.assignments
            self._found[place] = assignments.principal(place, self._kind, self._identifier)
        return self._found[place]
