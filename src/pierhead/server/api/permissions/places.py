"""Organizations, projects, filters and uses."""

from collections.abc import Mapping

from pierhead.server.api.rules import Rule

RULES: Mapping[str, Rule] = {}
