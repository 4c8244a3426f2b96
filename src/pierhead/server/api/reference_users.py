"""People over HTTP as the reference's clients ask for them (harness-api §6.3).

Everybody lives in the account: a call about an organization or a project is about who was granted something there.
"""

from typing import Annotated

from fastapi import Depends

from pierhead.control.access import PrincipalNotFoundError, User
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .assignment_rights import told_of
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, SearchTerm, page_of
from .wire.grants import AssignmentNote
from .wire.users import AccountOfUser, UserAggregate, UserFilterBody, UserInfo, UserInfoIn, UserMetadata

router = LateRouter(prefix="/ng/api/user", tags=["users"], dependencies=[Depends(reference_caller)])

_Filter = Annotated[UserFilterBody | None, Depends(json_body(UserFilterBody, is_optional=True))]


@router.get("/currentUser", operation_id="getCurrentUser")
def current(call: ReferenceCall) -> Answer[UserInfo]:
    """The person who calls; a service account is none."""
    ref = call.principal.ref
    if ref.type is not PrincipalType.USER:
        raise PrincipalNotFoundError("user", ref.identifier)
    return answer(call, _info(call, call.app.people.users.get(call.account, ref.identifier)))


@router.post("/aggregate", operation_id="listUserAggregates", openapi_extra=takes(UserFilterBody, is_required=False))
def list_aggregates(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    body: _Filter,
    search: SearchTerm = "",
) -> Answer[PageData[UserAggregate]]:
    """People with what was granted to them, by email."""
    only, wanted = call.visible(scope), search or (body.search_term if body else None) or ""
    users = call.app.people.users
    if scope.org is None:
        found = users.list(call.account, wanted, page, only)
    else:
        found = users.in_scope(scope, wanted, page, only)
    return answer(call, page_data(found, lambda user: _aggregate(call, user)))


@router.get("/aggregate/{userId}", operation_id="getUserAggregate")
def get_aggregate(call: ReferenceCall, userId: str) -> Answer[UserAggregate]:  # noqa: N803 - the wire's
    authorise_own_or(call, userId)
    return answer(call, _aggregate(call, call.app.people.users.get(call.account, userId)))


@router.put("", operation_id="updateUserInfo", openapi_extra=takes(UserInfoIn))
def update(call: ReferenceCall, body: Annotated[UserInfoIn, Depends(json_body(UserInfoIn))]) -> Answer[UserInfo]:
    """The name; without ``uuid`` the caller's own."""
    user_id = body.uuid or call.principal.ref.identifier
    authorise_own_or(call, user_id)
    return answer(
        call, _info(call, call.app.people.users.rename(call.account, user_id, body.name, giver=giver_of(call)))
    )


@router.delete("/{userId}", operation_id="removeUser")
def remove(call: ReferenceCall, scope: ReferenceScope, userId: str) -> Answer[bool]:  # noqa: N803
    """From the account; in an organization or a project, only what was granted there."""
    call.authorise(scope, userId)
    if scope.org is None:
        call.app.people.users.delete(call.account, userId, giver=giver_of(call))
    else:
        call.app.people.users.leave(scope, userId, giver=giver_of(call))
    return answer(call, True)


def authorise_own_or(call: Call, user_id: str) -> None:
    """What people may see and say of themselves, and others only with the rule's permission in the account."""
    if is_own(call, user_id):
        call.allow()
    else:
        call.authorise(Scope(call.account), user_id)


def is_own(call: Call, user_id: str) -> bool:
    ref = call.principal.ref
    return ref.type is PrincipalType.USER and ref.identifier == user_id


def _aggregate(call: Call, user: User) -> UserAggregate:
    return UserAggregate.of(user, map(AssignmentNote.of, told_of(call, call.app.people.users.granted(user))))


def _info(call: Call, user: User) -> UserInfo:
    account = AccountOfUser(uuid=call.account, account_name=call.account, company_name=call.account)
    granted = call.app.people.users.granted(user)
    return UserInfo.of_person(UserMetadata.of(user), user, account, granted)
