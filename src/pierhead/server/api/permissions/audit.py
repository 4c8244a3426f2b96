"""The audit trail."""

from collections.abc import Mapping

from pierhead.server.api.rules import Rule

RULES: Mapping[str, Rule] = {}
