"""Gates: policies and exceptions are settings of their place; a check needs the right to use its connector."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.server.api.rules import Rule, scoped

RULES: Mapping[str, Rule] = {
    "createGatePolicy": scoped(P.SETTING_EDIT),
    "listGatePolicies": scoped(P.SETTING_VIEW),
    "getGatePolicy": scoped(P.SETTING_VIEW),
    "updateGatePolicy": scoped(P.SETTING_EDIT),
    "deleteGatePolicy": scoped(P.SETTING_EDIT),
    "checkImage": scoped(P.CONNECTOR_ACCESS),
    "createGateException": scoped(P.SETTING_EDIT),
    "listGateExceptions": scoped(P.SETTING_VIEW),
    "getGateException": scoped(P.SETTING_VIEW),
    "deleteGateException": scoped(P.SETTING_EDIT),
}
