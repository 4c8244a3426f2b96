"""Roles, resource groups, assignments and checks."""

from collections.abc import Mapping

from pierhead.server.api.rules import Rule

RULES: Mapping[str, Rule] = {}
