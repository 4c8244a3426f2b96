"""People over HTTP: in our own words, and as the reference's clients ask for them (``reference_users``)."""

from typing import Annotated

from fastapi import Depends

from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import OwnCall, own_caller

from . import reference_users
from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import SearchTerm, page_of
from .wire.users import UserIn, UserItem, UserNameIn

router = LateRouter(prefix="/pierhead/v1/users", tags=["users"], dependencies=[Depends(own_caller)])


@router.get("", operation_id="listUsers")
def list_users(
    call: OwnCall, page: Annotated[PageRequest, Depends(page_of(50, 100))], search: SearchTerm = ""
) -> Answer[PageData[UserItem]]:
    """People of the account, by email."""
    only = call.visible(Scope(call.account))
    return answer(call, page_data(call.app.people.users.list(call.account, search, page, only), UserItem.of))


@router.post("", operation_id="createUser", openapi_extra=takes(UserIn))
def create(call: OwnCall, body: Annotated[UserIn, Depends(json_body(UserIn))]) -> Answer[UserItem]:
    """A person with no password and no rights yet."""
    return answer(call, UserItem.of(call.app.people.users.create(call.account, body.email, body.name, by=call.actor)))


@router.get("/{userId}", operation_id="getUser")
def get(call: OwnCall, userId: str) -> Answer[UserItem]:  # noqa: N803 - the wire's
    """The person with this id, or with this email."""
    found = call.lookup.people.users.find_by_email(call.account, userId) if "@" in userId else None
    user_id = userId if found is None else found.id
    if reference_users.is_own(call, user_id):
        call.allow()
    else:
        call.authorise(Scope(call.account), user_id, asked_for=userId)
    user = call.app.people.users.get(call.account, user_id)
    return answer(call, UserItem.of(user, call.app.login.passwords.locked_until(user)))


@router.put("/{userId}", operation_id="updateUser", openapi_extra=takes(UserNameIn))
def update(call: OwnCall, userId: str, body: Annotated[UserNameIn, Depends(json_body(UserNameIn))]) -> Answer[UserItem]:  # noqa: N803
    """Everybody may change the own name."""
    reference_users.authorise_own_or(call, userId)
    return answer(
        call, UserItem.of(call.app.people.users.rename(call.account, userId, body.name, giver=giver_of(call)))
    )


@router.post("/{userId}/disable", operation_id="disableUser")
def disable(call: OwnCall, userId: str) -> Answer[UserItem]:  # noqa: N803
    """Sessions end, and keys open nothing, until ``enable``."""
    call.authorise(Scope(call.account), userId)
    return answer(call, UserItem.of(call.app.people.users.disable(call.account, userId, giver=giver_of(call))))


@router.post("/{userId}/enable", operation_id="enableUser")
def enable(call: OwnCall, userId: str) -> Answer[UserItem]:  # noqa: N803
    call.authorise(Scope(call.account), userId)
    return answer(call, UserItem.of(call.app.people.users.enable(call.account, userId, giver=giver_of(call))))


@router.delete("/{userId}", operation_id="deleteUser")
def delete(call: OwnCall, userId: str) -> Answer[bool]:  # noqa: N803
    """With all keys, sessions and role assignments."""
    call.authorise(Scope(call.account), userId)
    call.app.people.users.delete(call.account, userId, giver=giver_of(call))
    return answer(call, True)
