"""Delegates and their groups: list, read, approve, disable, enable, delete."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Path, Query

from pierhead.control.delegates import DelegateFilter, DelegateState, GroupView
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, OwnCall, own_caller

from .answers import Answer, PageData, answer, page_data
from .late_routes import LateRouter
from .params import OwnScope, SearchTerm, page_of
from .token_owners import tokens_of
from .uses import visible_groups
from .wire.delegates import DelegateGroupInfo, DelegateInfo, Surroundings

router = LateRouter(prefix="/pierhead/v1", tags=["delegates"], dependencies=[Depends(own_caller)])

DelegateId = Annotated[str, Path(alias="delegateId")]
GroupName = Annotated[str, Path(alias="groupName")]
Everywhere = Annotated[bool, Query(alias="all", description="also what scopes above and below own")]


@router.get("/delegates", operation_id="listDelegateGroups")
def list_groups(
    call: OwnCall,
    scope: OwnScope,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    search: SearchTerm = "",
    state: Annotated[list[DelegateState] | None, Query()] = None,
    tag: Annotated[list[str] | None, Query(description="has all of these", max_length=64)] = None,
    everywhere: Everywhere = False,
) -> Answer[PageData[DelegateGroupInfo]]:
    """Groups by name, each with its replicas."""
    wanted = DelegateFilter(states=tuple(state or ()), tags=tuple(tag or ()), search=search, is_everywhere=everywhere)
    call.visible(scope)
    views = visible_groups(call, call.app.delegates.groups(scope, wanted))
    shown = views[page.offset : page.offset + page.size]
    around = _surroundings(call, shown)
    found = Page(items=shown, total=len(views), request=page)
    return answer(call, page_data(found, lambda view: DelegateGroupInfo.of(view, around)))


@router.get("/delegates/{delegateId}", operation_id="getDelegate")
def get(call: OwnCall, delegate_id: DelegateId) -> Answer[DelegateInfo]:
    """One replica, by its id."""
    _authorise(call, delegate_id)
    return _info(call, delegate_id)


@router.post("/delegates/{delegateId}/approve", operation_id="approveDelegate")
def approve(call: OwnCall, delegate_id: DelegateId) -> Answer[DelegateInfo]:
    """Lets a waiting delegate take tasks."""
    _authorise(call, delegate_id)
    call.app.delegates.approve(call.account, delegate_id, by=call.actor)
    return _info(call, delegate_id)


@router.post("/delegates/{delegateId}/disable", operation_id="disableDelegate")
def disable(call: OwnCall, delegate_id: DelegateId) -> Answer[DelegateInfo]:
    """Gives it no more tasks; what it holds is taken from it."""
    _authorise(call, delegate_id)
    call.app.delegates.disable(call.account, delegate_id, by=call.actor)
    return _info(call, delegate_id)


@router.post("/delegates/{delegateId}/enable", operation_id="enableDelegate")
def enable(call: OwnCall, delegate_id: DelegateId) -> Answer[DelegateInfo]:
    _authorise(call, delegate_id)
    call.app.delegates.enable(call.account, delegate_id, by=call.actor)
    return _info(call, delegate_id)


@router.delete("/delegates/{delegateId}", operation_id="deleteDelegate")
def delete(call: OwnCall, delegate_id: DelegateId) -> Answer[bool]:
    """Its key is never let in again; a new start with an empty state directory makes a new delegate."""
    _authorise(call, delegate_id)
    call.app.delegates.delete(call.account, delegate_id, by=call.actor)
    return answer(call, True)


@router.get("/delegate-groups/{groupName}", operation_id="getDelegateGroup")
def get_group(call: OwnCall, scope: OwnScope, name: GroupName) -> Answer[DelegateGroupInfo]:
    return _group(call, scope, name)


@router.post("/delegate-groups/{groupName}/approve", operation_id="approveDelegateGroup")
def approve_group(call: OwnCall, scope: OwnScope, name: GroupName) -> Answer[DelegateGroupInfo]:
    """Approves every replica that waits for it."""
    call.app.delegates.approve_group(scope, name, by=call.actor)
    return _group(call, scope, name)


@router.delete("/delegate-groups/{groupName}", operation_id="deleteDelegateGroup")
def delete_group(call: OwnCall, scope: OwnScope, name: GroupName) -> Answer[bool]:
    """With all of its replicas."""
    call.app.delegates.delete_group(scope, name, by=call.actor)
    return answer(call, True)


def _group(call: Call, scope: Scope, name: str) -> Answer[DelegateGroupInfo]:
    view = call.app.delegates.get_group(scope, name)
    return answer(call, DelegateGroupInfo.of(view, _surroundings(call, [view])))


def _info(call: Call, delegate_id: str) -> Answer[DelegateInfo]:
    delegate = call.app.delegates.find(call.account, delegate_id)
    view = call.app.delegates.get_group(delegate.scope, delegate.name)
    seen = call.app.delegates.experiences(call.account, delegate_id)
    return answer(call, DelegateInfo.of_all(delegate, view.group, _surroundings(call, [view]), seen))


def _surroundings(call: Call, views: Iterable[GroupView]) -> Surroundings:
    views = tuple(views)
    running = call.app.delegates.running([delegate.id for view in views for delegate in view.delegates])
    return Surroundings(call.app.clock.now(), tokens_of(call.app, views), running)


def _authorise(call: Call, delegate_id: str) -> None:
    """A resource group names delegates by the name of their group, which is all that people give them."""
    delegate = call.lookup.delegates.find(call.account, delegate_id)
    call.authorise(delegate.scope, delegate.name, asked_for=delegate_id)
