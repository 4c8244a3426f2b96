"""Query parameters that many routes share: the scope, and which page of a list."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.scopes import IDENTIFIER_PATTERN, Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, own_caller, reference_caller

MAX_PAGE_INDEX = 1_000_000

_OPTIONAL_IDENTIFIER = rf"^$|{IDENTIFIER_PATTERN}"  # the reference's clients send an empty one for "none"
OrgIdentifier = Annotated[str | None, Query(alias="orgIdentifier", pattern=_OPTIONAL_IDENTIFIER)]
ProjectIdentifier = Annotated[str | None, Query(alias="projectIdentifier", pattern=_OPTIONAL_IDENTIFIER)]


def scope_for(caller: Callable[..., Call]) -> Callable[..., Scope]:
    """A dependency: the scope in the caller's account that ``orgIdentifier`` and ``projectIdentifier`` name."""

    def scope(
        call: Annotated[Call, Depends(caller)], org: OrgIdentifier = None, project: ProjectIdentifier = None
    ) -> Scope:
        return Scope(call.account, org or None, project or None)

    return scope


ReferenceScope = Annotated[Scope, Depends(scope_for(reference_caller))]
OwnScope = Annotated[Scope, Depends(scope_for(own_caller))]


def page_of(default_size: int, max_size: int) -> Callable[..., PageRequest]:
    """A dependency that reads ``pageIndex`` (from 0) and ``pageSize``."""

    def page(
        index: Annotated[int, Query(alias="pageIndex", ge=0, le=MAX_PAGE_INDEX)] = 0,
        size: Annotated[int, Query(alias="pageSize", ge=1, le=max_size)] = default_size,
    ) -> PageRequest:
        return PageRequest(index, size)

    return page
