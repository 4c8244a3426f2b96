"""Saved filters over HTTP: who may see connectors in a scope may keep filters there, and see those of the others that
are for everyone."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query
from pydantic import TypeAdapter

from pierhead.control.connectors import ConnectorFilter, FilterDraft, FilterMissingError, FilterType, parse_orders
from pierhead.control.scopes import Scope
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import checked, json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, page_of
from .wire.connectors import ConnectorFilterBody
from .wire.filters import FilterBody, FilterItem, FilterPropertiesIn

router = LateRouter(prefix="/ng/api/filters", tags=["filters"], dependencies=[Depends(reference_caller)])

Sent = Annotated[FilterBody, Depends(json_body(FilterBody))]
Kind = Annotated[FilterType, Query(alias="type")]
FilterIdentifier = Annotated[str | None, Query(alias="filterIdentifier", max_length=128)]
SortOrders = Annotated[list[str] | None, Query(alias="sortOrders", max_length=16)]

_KIND = TypeAdapter(FilterPropertiesIn)
_OF_CONNECTORS = TypeAdapter(ConnectorFilterBody)


class TwoFiltersError(InvalidInputError):
    code = "two-filters"

    def __init__(self) -> None:
        super().__init__("Can not apply both filter properties and saved filter together")


@router.post("", operation_id="createFilter", openapi_extra=takes(FilterBody))
def create(call: ReferenceCall, body: Sent) -> Answer[FilterItem]:
    """Keeps a filter. Its scope comes from the body."""
    call.authorise(body.scope(call.account))
    draft = _draft(call, body)
    return answer(call, FilterItem.of(call.app.filters.create(draft, call.principal.ref.key, by=call.actor)))


@router.put("", operation_id="updateFilter", openapi_extra=takes(FilterBody))
def update(call: ReferenceCall, body: Sent) -> Answer[FilterItem]:
    """Replaces name, properties and visibility; only its maker may."""
    call.authorise(body.scope(call.account))
    draft = _draft(call, body)
    return answer(call, FilterItem.of(call.app.filters.update(draft, call.principal.ref.key, by=call.actor)))


@router.get("", operation_id="listFilters")
def list_plain(
    call: ReferenceCall,
    scope: ReferenceScope,
    kind: Kind,
    page: Annotated[PageRequest, Depends(page_of(100, 1000))],
) -> Answer[PageData[FilterItem]]:
    if not _sees_something(call, scope):
        return answer(call, page_data(Page((), 0, page), FilterItem.of))
    return answer(call, page_data(call.app.filters.list(scope, kind, call.principal.ref.key, page), FilterItem.of))


@router.get("/{identifier}", operation_id="getFilter")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str, kind: Kind) -> Answer[FilterItem]:
    if not _sees_something(call, scope):
        raise FilterMissingError(identifier)
    return answer(call, FilterItem.of(call.app.filters.get(scope, kind, identifier, call.principal.ref.key)))


@router.delete("/{identifier}", operation_id="deleteFilter")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str, kind: Kind) -> Answer[bool]:
    """Only its maker may."""
    call.app.filters.delete(scope, kind, identifier, call.principal.ref.key, by=call.actor)
    return answer(call, True)


def wanted_connectors(
    call: Call,
    scope: Scope,
    body: ConnectorFilterBody | None,
    saved: str | None,
    orders: list[str] | None,
    search: str,
    *,
    everywhere: bool,
) -> ConnectorFilter:
    """What a list of connectors shall hold, by the body or by a saved filter, and in which order.

    Raises TwoFiltersError, FilterMissingError, SortOrderError.
    """
    call.visible(scope)
    if saved:
        if body is not None:
            raise TwoFiltersError
        kept = call.app.filters.get(scope, FilterType.CONNECTOR, saved, call.principal.ref.key)
        body = checked(_OF_CONNECTORS, dict(kept.properties))
    wanted = (body or ConnectorFilterBody()).value(search, include_scopes_above=everywhere)
    return replace(wanted, order=parse_orders(orders or []))


def _draft(call: Call, body: FilterBody) -> FilterDraft:
    """Raises InvalidFieldsError for properties that no list could be filtered by."""
    kind = checked(_KIND, body.filter_properties, "filterProperties").filter_type
    if kind is FilterType.CONNECTOR:
        checked(_OF_CONNECTORS, body.filter_properties, "filterProperties")
    return body.draft(call.account, kind)


def _sees_something(call: Call, scope: Scope) -> bool:
    seen = call.visible(scope)
    return seen is None or bool(seen)
