"""Image versions, the catalogue and its registry face."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.server.api.rules import OPEN, Rule, account, later

RULES: Mapping[str, Rule] = {
    "getDefaultConfig": account(P.ACCOUNT_VIEW),
    "getCustomerConfig": account(P.ACCOUNT_VIEW),
    "getDeprecatedConfig": account(P.ACCOUNT_VIEW),
    "listDeprecatedConfig": account(P.ACCOUNT_VIEW),
    "updateConfig": account(P.ACCOUNT_EDIT),
    "resetConfig": account(P.ACCOUNT_EDIT),
    "deleteConfig": account(P.ACCOUNT_EDIT),
    "listImages": account(P.ACCOUNT_VIEW),
    "getRegistryCatalog": OPEN,
    "listRegistryTags": later(P.CONNECTOR_ACCESS),
}
