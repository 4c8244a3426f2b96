"""Connectors and what is asked through them."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.connectors import ConnectorMissingError
from pierhead.server.api.rules import ANY, Rule, account, later, listed, scoped

RULES: Mapping[str, Rule] = {
    "createConnector": later(P.CONNECTOR_EDIT),
    "updateConnector": later(P.CONNECTOR_EDIT, ConnectorMissingError),
    "getConnector": scoped(P.CONNECTOR_VIEW, "identifier", ConnectorMissingError),
    "deleteConnector": scoped(P.CONNECTOR_DELETE, "identifier", ConnectorMissingError),
    "listConnectors": listed(P.CONNECTOR_VIEW),
    "listConnectorsV2": listed(P.CONNECTOR_VIEW),
    "getConnectorCatalogue": ANY,
    "testConnection": scoped(P.CONNECTOR_ACCESS, "identifier", ConnectorMissingError),
    "validateConnectorIdentifier": scoped(P.CONNECTOR_VIEW),
    "previewConnector": ANY,
    "listConnectorTags": scoped(P.CONNECTOR_ACCESS, "identifier", ConnectorMissingError),
    "listConnectorRepositories": scoped(P.CONNECTOR_ACCESS, "identifier", ConnectorMissingError),
    "resolveImage": scoped(P.CONNECTOR_ACCESS, "identifier", ConnectorMissingError),
    "testUnsavedConnector": later(P.CONNECTOR_EDIT),
    "restoreDefaultConnector": account(P.CONNECTOR_EDIT),
}
