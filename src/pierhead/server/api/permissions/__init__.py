"""Which rule each operation is authorised by, keyed by operation id; a file for each noun.

An operation that is listed nowhere here cannot be served: the application refuses to start.
"""

from collections.abc import Mapping

from pierhead.server.api.rules import Rule

from . import (
    access,
    artifacts,
    audit,
    config,
    connectors,
    delegates,
    gates,
    login,
    notices,
    people,
    places,
    releases,
    secrets,
    system,
    work,
)

_TABLES = (
    system,
    connectors,
    secrets,
    config,
    work,
    delegates,
    places,
    people,
    login,
    access,
    audit,
    releases,
    artifacts,
    gates,
    notices,
)
RULES: Mapping[str, Rule] = {name: rule for table in _TABLES for name, rule in table.RULES.items()}


def rule_of(operation_id: str) -> Rule:
    """Raises KeyError for an operation that nobody thought about."""
    return RULES[operation_id]
