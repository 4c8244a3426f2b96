"""Roles and resource groups that are there in every account and that nobody can change (harness-api §6.1, §6.3)."""

from datetime import UTC, datetime

from pierhead.control.scopes import Level, Scope

from .model import IncludedScope, ResourceGroup, Role
from .permissions import Permission

ACCOUNT_ADMIN = "_account_admin"
EVERYTHING = "_all_resources_including_child_scopes"
_ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)


def managed_role(identifier: str, scope: Scope) -> Role | None:
    """None for an identifier that is not one of them."""
    if identifier != ACCOUNT_ADMIN:
        return None
    everything, levels = frozenset(Permission), frozenset({Level.ACCOUNT})
    return Role(scope, identifier, "Account Admin", everything, levels, _ALWAYS, _ALWAYS, is_managed=True)


def managed_group(identifier: str, scope: Scope) -> ResourceGroup | None:
    """As it is at ``scope``. None for an identifier that is not one of them."""
    if identifier != EVERYTHING:
        return None
    included, levels = (IncludedScope(scope, True),), frozenset(Level)
    name = "All Resources Including Child Scopes"
    return ResourceGroup(scope, identifier, name, included, None, levels, _ALWAYS, _ALWAYS, is_managed=True)
