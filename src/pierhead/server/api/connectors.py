"""Connectors over HTTP, as the reference's clients know them (harness-api §1.1)."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Permission
from pierhead.control.connectors import (
    CATEGORY,
    CONNECTOR_TYPE,
    ConnectorWarning,
    ForceDeleteError,
    SavedConnector,
    parse_connector,
)
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller
from pierhead.server.jobs.connector_tasks import Tested

from .answers import Answer, PageData, answer, page_data
from .authority import CallerAuthority
from .bodies import json_body, json_value
from .filters import FilterIdentifier, SortOrders, wanted_connectors
from .holders import name_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ForceDelete, ReferenceScope, SearchTerm, page_of
from .slow_calls import Slow
from .uses import may_use_secrets, use_connector
from .wire.connection_tests import TestResult, Way
from .wire.connectors import (
    ConnectorBody,
    ConnectorCatalogue,
    ConnectorCategory,
    ConnectorFilterBody,
    ConnectorItem,
    SavedConnectorItem,
)

router = LateRouter(prefix="/ng/api/connectors", tags=["connectors"], dependencies=[Depends(reference_caller)])

Sent = Annotated[object, Depends(json_value())]
Filter = Annotated[ConnectorFilterBody | None, Depends(json_body(ConnectorFilterBody, is_optional=True))]
Everywhere = Annotated[bool, Query(alias="includeAllConnectorsAvailableAtScope")]
_NOT_TESTED = ConnectorWarning(
    "connector-not-tested",
    "it was not tested, for you may not use its secrets: its status is that of its last test until the next one, which "
    "comes on its own within half an hour",
)


@router.post("", operation_id="createConnector", openapi_extra=takes(ConnectorBody))
def create(call: ReferenceCall, body: Sent) -> Answer[SavedConnectorItem]:
    """Stores a connector. Its scope comes from the body; a connection test follows on its own."""
    draft = parse_connector(body, call.account)
    call.authorise(draft.scope)
    authority = CallerAuthority(call)
    return saved_answer(call, call.app.connectors.create(draft, by=call.actor, authority=authority))


@router.put("", operation_id="updateConnector", openapi_extra=takes(ConnectorBody))
def update(call: ReferenceCall, body: Sent) -> Answer[SavedConnectorItem]:
    """Replaces all of a connector but its identifier, scope and creation time; a connection test follows, when the
    caller has the right to use its secrets.

    Where its secrets would go another way than before, the caller has to have the right to use them.
    """
    draft = parse_connector(body, call.account)
    call.authorise(draft.scope, draft.identifier)
    authority = CallerAuthority(call)
    return saved_answer(call, call.app.connectors.update(draft, by=call.actor, authority=authority))


@router.get("", operation_id="listConnectors", deprecated=True)
def list_plain(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: Annotated[PageRequest, Depends(page_of(100, 1000))],
    search: SearchTerm = "",
    everywhere: Everywhere = False,
    kind: Annotated[str | None, Query(alias="type", max_length=128)] = None,
    category: Annotated[str | None, Query(max_length=128)] = None,
    source_category: Annotated[str | None, Query(max_length=128)] = None,
) -> Answer[PageData[ConnectorItem]]:
    """The older form of listV2."""
    categories = [each for each in (category, source_category) if each]
    if len(set(categories)) > 1:  # nothing is in two categories
        kind, categories = "none", []
    body = ConnectorFilterBody.model_validate({"types": [kind] if kind else [], "categories": categories})
    return list_filtered(call, scope, page, body, search, everywhere)


@router.post("/listV2", operation_id="listConnectorsV2", openapi_extra=takes(ConnectorFilterBody, is_required=False))
def list_filtered(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    body: Filter,
    search: SearchTerm = "",
    everywhere: Everywhere = False,
    saved: FilterIdentifier = None,
    orders: SortOrders = None,
) -> Answer[PageData[ConnectorItem]]:
    """Connectors of one scope that the caller may see, last modified first or in the order asked for. The filter is
    the body or, with ``filterIdentifier``, one that was saved."""
    asked = wanted_connectors(call, scope, body, saved, orders, search, everywhere=everywhere)
    wanted = replace(asked, visible=tuple((place, call.visible(place)) for place in asked.scopes(scope)))
    return answer(call, page_data(call.app.connectors.list(scope, wanted, page), ConnectorItem.of))


@router.get("/catalogue", operation_id="getConnectorCatalogue")
def catalogue(call: ReferenceCall) -> Answer[ConnectorCatalogue]:
    """The types of connectors that can be made here, by category."""
    only = ConnectorCategory(category=CATEGORY, connectors=[CONNECTOR_TYPE])
    return answer(call, ConnectorCatalogue(catalogue=[only]))


@router.get("/validateUniqueIdentifier", operation_id="validateConnectorIdentifier")
def is_identifier_free(call: ReferenceCall, scope: ReferenceScope, identifier: Annotated[str, Query()]) -> Answer[bool]:
    return answer(call, call.app.connectors.validate_unique(scope, identifier))


@router.post("/testConnection/{identifier}", operation_id="testConnection")
def test_connection(call: ReferenceCall, scope: ReferenceScope, identifier: str, slow: Slow) -> Answer[TestResult]:
    """Tests a saved connector and waits for the result; a connector that fails is a good answer with FAILURE in it."""
    use_connector(call, call.app.connectors.get(scope, identifier))
    with slow.one("connection tests", call.share_key):
        tested = call.app.connector_tasks.tested(scope, identifier, by=call.actor)
    return test_answer(call, tested)


@router.get("/{identifier}", operation_id="getConnector")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[ConnectorItem]:
    return answer(call, ConnectorItem.of(call.app.connectors.get(scope, identifier)))


@router.delete("/{identifier}", operation_id="deleteConnector")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str, force: ForceDelete = False) -> Answer[bool]:
    """Refused while something refers to it; ``forceDelete`` is for those who may edit the account."""
    if force and not call.may(Permission.ACCOUNT_EDIT, Scope(call.account)):
        raise ForceDeleteError(call.account)
    warnings = call.app.connectors.delete(scope, identifier, force=force, by=call.actor)
    return answer(call, True, warnings)


def _way_of(call: Call, task_id: str) -> Way:
    """Who performed a task, and why they did."""
    task = call.app.queue.find(call.account, task_id)
    if task is None or task.route is None:
        return Way()
    name = name_of(call, task.owner) if task.owner else None
    return Way(task.owner, name, call.app.dispatcher.log(task_id))


def test_answer(call: Call, tested: Tested) -> Answer[TestResult]:
    return answer(call, TestResult.of(tested, call.app.clock.now(), _way_of(call, tested.task_id)))


def saved_answer(call: Call, saved: SavedConnector) -> Answer[SavedConnectorItem]:
    """Says what was stored, and has it tested without waiting for that, where the caller may use its secrets."""
    connector = saved.connector
    if connector.spec.ignore_test_connection:
        return answer(call, SavedConnectorItem.of_saved(saved))
    if may_use_secrets(call, connector):
        call.app.connector_tasks.start_test(connector.scope, connector.identifier)
    else:
        saved = replace(saved, warnings=(*saved.warnings, _NOT_TESTED))
    return answer(call, SavedConnectorItem.of_saved(saved))
