"""Query parameters that many routes share: the scope, and which page of a list."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.catalogue import Infra
from pierhead.control.scopes import IDENTIFIER_PATTERN, Scope
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, own_caller, reference_caller

from .refusals import FieldProblem, InvalidFieldsError

MAX_PAGE_INDEX = 1_000_000

_OPTIONAL_IDENTIFIER = rf"^$|{IDENTIFIER_PATTERN}"  # the reference's clients send an empty one for "none"
OrgIdentifier = Annotated[str | None, Query(alias="orgIdentifier", pattern=_OPTIONAL_IDENTIFIER)]
ProjectIdentifier = Annotated[str | None, Query(alias="projectIdentifier", pattern=_OPTIONAL_IDENTIFIER)]
ForceDelete = Annotated[bool, Query(alias="forceDelete")]
SearchTerm = Annotated[str, Query(alias="searchTerm", max_length=1000)]


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


def infra_of(infra: Annotated[str, Query(description="K8 or VM, in any case")]) -> Infra:
    """A dependency: the infrastructure. Raises InvalidFieldsError."""
    try:
        return Infra.parse(infra)
    except InvalidInputError as error:
        raise InvalidFieldsError((FieldProblem("infra", error.message),), hint=error.hint) from None
