"""Users, service accounts, API keys and tokens."""

from collections.abc import Mapping

from pierhead.server.api.rules import Rule

RULES: Mapping[str, Rule] = {}
