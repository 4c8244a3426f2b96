"""Connectors over HTTP, as the reference's clients know them (harness-api §1.1)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from pierhead.control.connectors import CATEGORY, CONNECTOR_TYPE, SavedConnector, parse_connector
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body, json_value
from .holders import name_of
from .openapi import takes
from .params import ForceDelete, ReferenceScope, SearchTerm, page_of
from .slow_calls import Slow
from .wire.connection_tests import TestResult, Way
from .wire.connectors import (
    ConnectorBody,
    ConnectorCatalogue,
    ConnectorCategory,
    ConnectorFilterBody,
    ConnectorItem,
    SavedConnectorItem,
)

router = APIRouter(prefix="/ng/api/connectors", tags=["connectors"], dependencies=[Depends(reference_caller)])

Sent = Annotated[object, Depends(json_value())]
Filter = Annotated[ConnectorFilterBody | None, Depends(json_body(ConnectorFilterBody, is_optional=True))]
Everywhere = Annotated[bool, Query(alias="includeAllConnectorsAvailableAtScope")]


@router.post("", operation_id="createConnector", openapi_extra=takes(ConnectorBody))
def create(call: ReferenceCall, body: Sent) -> Answer[SavedConnectorItem]:
    """Stores a connector. Its scope comes from the body; a connection test follows on its own."""
    draft = parse_connector(body, call.account)
    call.authorise(draft.scope)
    return saved_answer(call, call.app.connectors.create(draft))


@router.put("", operation_id="updateConnector", openapi_extra=takes(ConnectorBody))
def update(call: ReferenceCall, body: Sent) -> Answer[SavedConnectorItem]:
    """Replaces all of a connector but its identifier, scope and creation time; a connection test follows."""
    draft = parse_connector(body, call.account)
    call.authorise(draft.scope, draft.identifier)
    return saved_answer(call, call.app.connectors.update(draft))


@router.get("", operation_id="listConnectors", deprecated=True)
def list_plain(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: Annotated[PageRequest, Depends(page_of(100, 1000))],
    search: SearchTerm = "",
    everywhere: Everywhere = False,
) -> Answer[PageData[ConnectorItem]]:
    """The older form of listV2."""
    return list_filtered(call, scope, page, None, search, everywhere)


@router.post("/listV2", operation_id="listConnectorsV2", openapi_extra=takes(ConnectorFilterBody, is_required=False))
def list_filtered(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    body: Filter,
    search: SearchTerm = "",
    everywhere: Everywhere = False,
) -> Answer[PageData[ConnectorItem]]:
    """Connectors of one scope, last modified first."""
    call.visible(scope)
    wanted = (body or ConnectorFilterBody()).value(search, include_scopes_above=everywhere)
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
    with slow.one("connection tests"):
        tested = call.app.connector_tasks.tested(scope, identifier)
    return answer(call, TestResult.of(tested, call.app.clock.now(), _way_of(call, tested.task_id)))


@router.get("/{identifier}", operation_id="getConnector")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[ConnectorItem]:
    return answer(call, ConnectorItem.of(call.app.connectors.get(scope, identifier)))


@router.delete("/{identifier}", operation_id="deleteConnector")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str, force: ForceDelete = False) -> Answer[bool]:
    warnings = call.app.connectors.delete(scope, identifier, force=force)
    return answer(call, True, warnings)


def _way_of(call: Call, task_id: str) -> Way:
    """Who performed a task, and why they did."""
    task = call.app.queue.find(call.account, task_id)
    if task is None or task.route is None:
        return Way()
    name = name_of(call, task.owner) if task.owner else None
    return Way(task.owner, name, call.app.dispatcher.log(task_id))


def saved_answer(call: Call, saved: SavedConnector) -> Answer[SavedConnectorItem]:
    """Says what was stored, and has it tested without waiting for that."""
    connector = saved.connector
    if not connector.spec.ignore_test_connection:
        call.app.connector_tasks.start_test(connector.scope, connector.identifier)
    return answer(call, SavedConnectorItem.of_saved(saved))
