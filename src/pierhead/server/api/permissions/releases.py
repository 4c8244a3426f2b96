"""Releases, pin sets, canaries and pre-flight checks: all of them are the account's."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.server.api.rules import Rule, account

RULES: Mapping[str, Rule] = {
    "listReleases": account(P.ACCOUNT_VIEW),
    "getReleaseStatus": account(P.ACCOUNT_VIEW),
    "getReleaseCalendar": account(P.ACCOUNT_VIEW),
    "diffReleases": account(P.ACCOUNT_VIEW),
    "listPinSets": account(P.ACCOUNT_VIEW),
    "diffPinSets": account(P.ACCOUNT_VIEW),
    "getPinSet": account(P.ACCOUNT_VIEW),
    "listCanaries": account(P.ACCOUNT_VIEW),
    "pinImages": account(P.ACCOUNT_EDIT),
    "rollBackPins": account(P.ACCOUNT_EDIT),
    "promoteCanary": account(P.ACCOUNT_EDIT),
    "preflightImages": account(P.ACCOUNT_EDIT),
}
