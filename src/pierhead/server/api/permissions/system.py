"""Health, identity, metrics."""

from collections.abc import Mapping

from pierhead.control.access import Permission
from pierhead.server.api.rules import ANY, OPEN, Rule, operator

RULES: Mapping[str, Rule] = {
    "health": OPEN,
    "ready": OPEN,
    "whoami": ANY,
    "openapi": ANY,
    "metrics": operator(Permission.ACCOUNT_VIEW),  # or as PIERHEAD_METRICS says
}
