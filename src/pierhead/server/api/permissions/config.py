"""Image versions, the catalogue and its registry face; and what is at the end of its life."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.server.api.rules import ANY, OPEN, Rule, account, later, listed

RULES: Mapping[str, Rule] = {
    "getDefaultConfig": account(P.ACCOUNT_VIEW),
    "getCustomerConfig": account(P.ACCOUNT_VIEW),
    "getDeprecatedConfig": account(P.ACCOUNT_VIEW),
    "listDeprecatedConfig": account(P.ACCOUNT_VIEW),
    "updateConfig": account(P.ACCOUNT_EDIT),
    "resetConfig": account(P.ACCOUNT_EDIT),
    "deleteConfig": account(P.ACCOUNT_EDIT),
    "listImages": account(P.ACCOUNT_VIEW),
    "examineAccount": listed(P.CONNECTOR_VIEW),
    "examinePipelines": listed(P.CONNECTOR_VIEW),
    "migrateConnectors": later(P.CONNECTOR_EDIT),  # and by itself about each connector and its secrets
    "listRetiredHosts": ANY,
    "getRegistryCatalog": OPEN,
    "listRegistryTags": later(P.CONNECTOR_ACCESS),
}
