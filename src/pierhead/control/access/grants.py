"""What a principal may do where: the whole of our authorisation, as pure values; no store, no framework.

Nothing is allowed but what a grant allows. A grant is one role assignment, its role and its resource group resolved.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.control.scopes import ResourceType, Scope

from .permissions import Permission, resource_type_of

Identifiers = frozenset[str] | None
"""Which things of one kind: those with these identifiers, or with None all of them."""


@dataclass(frozen=True, slots=True)
class Grant:
    """``permissions`` on what ``resources`` names, in ``scope`` and, where ``with_children``, in every scope below.

    ``resources`` of None names everything of every kind.
    """

    permissions: frozenset[Permission]
    scope: Scope
    with_children: bool = False
    resources: Mapping[ResourceType, Identifiers] | None = None

    def reaches(self, scope: Scope) -> bool:
        return self.scope == scope or (self.with_children and self.scope.contains(scope))

    def identifiers(self, kind: ResourceType) -> Identifiers:
        """Which things of this kind it names; an empty set for none."""
        return None if self.resources is None else self.resources.get(kind, frozenset())


@dataclass(frozen=True, slots=True)
class Grants:
    """All that one principal was granted."""

    all: tuple[Grant, ...] = ()

    def allows(self, permission: Permission, scope: Scope, identifier: str = "") -> bool:
        """Whether it may, for the thing named or, without a name, for all things of the kind in that scope."""
        kind = resource_type_of(permission)
        for grant in self.all:
            if permission in grant.permissions and grant.reaches(scope):
                named = grant.identifiers(kind)
                if named is None or (identifier and identifier in named):
                    return True
        return False

    def visible(self, permission: Permission, scope: Scope) -> Identifiers:
        """Of which things in that scope it may: None for all of them, an empty set for none."""
        kind, found = resource_type_of(permission), frozenset[str]()
        for grant in self.all:
            if permission in grant.permissions and grant.reaches(scope):
                named = grant.identifiers(kind)
                if named is None:
                    return None
                found |= named
        return found
