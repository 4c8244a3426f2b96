"""Health, identity, metrics."""

from collections.abc import Mapping

from pierhead.server.api.rules import ANY, OPEN, Rule

RULES: Mapping[str, Rule] = {
    "health": OPEN,
    "whoami": ANY,
}
