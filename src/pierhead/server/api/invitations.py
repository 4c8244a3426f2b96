"""Inviting people as the reference's clients do: whoever is not there yet is made, and given the roles said.

Nobody is written to: the person comes in by single sign-on, or with the first password that somebody sets.
"""

from typing import Annotated

from fastapi import Depends

from pierhead.control.access import (
    AssignmentDraft,
    Permission,
    PrincipalExistsError,
    RoleExistsError,
    User,
    check_email,
)
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, answer
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .wire.users import InviteBody, Invited, RoleBinding

router = LateRouter(prefix="/ng/api/user", tags=["users"], dependencies=[Depends(reference_caller)])

ADDED, ALREADY = "USER_ADDED_SUCCESSFULLY", "USER_ALREADY_ADDED"


@router.post("/users", operation_id="inviteUsers", openapi_extra=takes(InviteBody))
def invite(
    call: ReferenceCall, scope: ReferenceScope, body: Annotated[InviteBody, Depends(json_body(InviteBody))]
) -> Answer[Invited]:
    """Roles are given in the scope of the query, to those too who are in the account already."""
    bindings = body.role_bindings or []
    if bindings:
        call.require(Permission.USER_MANAGE, scope)
    emails = dict.fromkeys(check_email(email) for email in body.emails)
    return answer(
        call, Invited(add_user_response_map={email: _invited(call, scope, email, bindings) for email in emails})
    )


def _invited(call: Call, scope: Scope, email: str, bindings: list[RoleBinding]) -> str:
    user, outcome = _present(call, email)
    for binding in bindings:
        draft = AssignmentDraft(
            scope, binding.role_identifier, PrincipalType.USER, user, binding.resource_group_identifier or ""
        )
        try:
            call.app.rights.assignments.create(draft, giver=giver_of(call))
            outcome = ADDED
        except RoleExistsError:
            pass  # has it already
    return outcome


def _present(call: Call, email: str) -> tuple[str, str]:
    users = call.app.people.users
    found: User | None = users.find_by_email(call.account, email)
    if found is not None:
        return found.id, ALREADY
    try:
        return users.create(call.account, email, by=call.actor).id, ADDED
    except PrincipalExistsError:  # somebody else invited the same person at this moment
        return _present(call, email)
