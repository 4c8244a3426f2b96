"""Whose keys a call is about, and whether the caller may see to them.

A person's own keys are the person's own business; a service account may read the list of its own, and no more, so that
a key of a program cannot make itself last. Those of other people need ``core_user_manage``, and those of a
service account ``core_serviceaccount_manageapikey`` where it lives. Whoever is given the text of a token has all the
rights of its owner anyway: that is asked where tokens are made.
"""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Permission, PrincipalNotFoundError, PrincipalRef
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.auth import Call, reference_caller

from .params import OrgIdentifier, ProjectIdentifier
from .wire.api_keys import LONGEST_PARENT, ApiKeyType, owner_of

Parent = Annotated[str, Query(alias="parentIdentifier", max_length=LONGEST_PARENT)]


def _asked_owner(
    call: Annotated[Call, Depends(reference_caller)],
    kind: Annotated[ApiKeyType, Query(alias="apiKeyType")],
    parent: Parent = "",
    org: OrgIdentifier = None,
    project: ProjectIdentifier = None,
) -> PrincipalRef:
    return owner_of(call.principal.ref, kind, parent, org or None, project or None)


AskedOwner = Annotated[PrincipalRef, Depends(_asked_owner)]
"""The owner that the query names."""


def authorise(call: Call, owner: PrincipalRef, *, reads: bool = False) -> None:
    """``reads``: without their texts, and without a change; everybody may read the own ones, programs too.

    Raises AccessDeniedError, and PrincipalNotFoundError for an owner that the caller may not see.
    """
    if _is_own(call, owner) or (reads and owner == call.principal.ref):
        call.allow()
    elif owner.type is PrincipalType.USER:
        call.require(Permission.USER_MANAGE, owner.scope, owner.identifier, no_user)
        call.allow()
    else:
        call.authorise(owner.scope, owner.identifier)


def no_user(_: Scope, identifier: str) -> AppError:
    return PrincipalNotFoundError("user", identifier)


def _is_own(call: Call, owner: PrincipalRef) -> bool:
    return owner.type is PrincipalType.USER and owner == call.principal.ref
