"""Organizations, projects, filters and uses."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.organizations import PlaceMissingError
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretMissingError
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import ANY, Rule, account, later, listed, scoped


def _absent(place: Scope, _: str) -> AppError:
    return PlaceMissingError(place)


def _no_secret(_: Scope, identifier: str) -> AppError:
    return SecretMissingError(identifier, "update")


RULES: Mapping[str, Rule] = {
    "createOrganization": account(P.ORGANIZATION_CREATE),
    "listOrganizations": listed(P.ORGANIZATION_VIEW),
    "getOrganization": listed(P.ORGANIZATION_VIEW),
    "updateOrganization": later(P.ORGANIZATION_EDIT, _absent),
    "deleteOrganization": later(P.ORGANIZATION_DELETE, _absent),
    "createProject": later(P.PROJECT_CREATE),
    "listProjects": listed(P.PROJECT_VIEW),
    "listProjectsOfOrganizations": listed(P.PROJECT_VIEW),
    "getProject": later(P.PROJECT_VIEW, _absent),
    "updateProject": later(P.PROJECT_EDIT, _absent),
    "deleteProject": later(P.PROJECT_DELETE, _absent),
    "createFilter": later(P.CONNECTOR_VIEW),
    "updateFilter": later(P.CONNECTOR_VIEW),
    "listFilters": listed(P.CONNECTOR_VIEW),
    "getFilter": listed(P.CONNECTOR_VIEW),
    "deleteFilter": scoped(P.CONNECTOR_VIEW),
    "listConnectorsByName": listed(P.CONNECTOR_VIEW),
    "getConnectorStatistics": listed(P.CONNECTOR_VIEW),
    "getConnectorFieldValues": ANY,
    "createSecretFromYaml": scoped(P.SECRET_EDIT),
    "updateSecretFromYaml": scoped(P.SECRET_EDIT, "identifier", _no_secret),
    "listEntityUses": listed(P.CONNECTOR_VIEW),
    "listEntityUsesByName": listed(P.CONNECTOR_VIEW),
}
