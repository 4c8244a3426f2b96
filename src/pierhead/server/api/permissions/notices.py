"""Notices and subscriptions: both are as settings of their place. To sign with a secret asks for the right to use it,
and to hand on what happens in the places below for the right to see it there; the routes ask for these themselves."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.server.api.rules import Rule, listed, scoped

RULES: Mapping[str, Rule] = {
    "listNotices": listed(P.SETTING_VIEW),
    "getNoticeFeed": listed(P.SETTING_VIEW),
    "createSubscription": scoped(P.SETTING_EDIT),
    "listSubscriptions": scoped(P.SETTING_VIEW),
    "getSubscription": scoped(P.SETTING_VIEW),
    "updateSubscription": scoped(P.SETTING_EDIT),
    "deleteSubscription": scoped(P.SETTING_EDIT),
    "testSubscription": scoped(P.SETTING_EDIT),
    "listDeliveries": scoped(P.SETTING_VIEW),
}
