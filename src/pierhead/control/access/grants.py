"""What a principal may do where: the whole of our authorisation, as pure values; no store, no framework.

Nothing is allowed but what a grant allows. A grant is one role assignment, its role and its resource group resolved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pierhead.control.scopes import Area, ResourceType, Scope

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

    def spans(self, other: "Grant") -> bool:
        """Whether it reaches every scope that the other one reaches."""
        is_deep = other.with_children and other.scope.project is None
        return self.reaches(other.scope) and (self.with_children or not is_deep)

    def identifiers(self, kind: ResourceType) -> Identifiers:
        """Which things of this kind it names; an empty set for none."""
        return None if self.resources is None else self.resources.get(kind, frozenset())


@dataclass(frozen=True, slots=True)
class Grants:
    """All that one principal was granted; found by its place, as every request asks."""

    all: tuple[Grant, ...] = ()
    _by_scope: Mapping[Scope, list[Grant]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_scope: dict[Scope, list[Grant]] = {}
        for grant in self.all:
            by_scope.setdefault(grant.scope, []).append(grant)
        object.__setattr__(self, "_by_scope", by_scope)

    def allows(self, permission: Permission, scope: Scope, identifier: str = "") -> bool:
        """Whether it may, for the thing named or, without a name, for all things of the kind in that scope."""
        kind = resource_type_of(permission)
        for grant in self._reaching(scope):
            if permission in grant.permissions:
                named = grant.identifiers(kind)
                if named is None or (identifier and identifier in named):
                    return True
        return False

    def visible(self, permission: Permission, scope: Scope) -> Identifiers:
        """Of which things in that scope it may: None for all of them, an empty set for none."""
        kind, found = resource_type_of(permission), frozenset[str]()
        for grant in self._reaching(scope):
            if permission in grant.permissions:
                named = grant.identifiers(kind)
                if named is None:
                    return None
                found |= named
        return found

    def touches(self, scope: Scope) -> bool:
        """Whether it may do anything at all there or in what is in it: then it may know that the place is there."""
        return any(grant.reaches(scope) or scope.contains(grant.scope) for grant in self.all)

    def areas(self, permission: Permission) -> tuple[Area, ...]:
        """Where it may, for all things of the kind there are; one that is only named makes no area."""
        kind = resource_type_of(permission)
        granted = (g for g in self.all if permission in g.permissions and g.identifiers(kind) is None)
        return tuple(dict.fromkeys(Area(grant.scope, grant.with_children) for grant in granted))

    def covers(self, permission: Permission, other: Grant) -> bool:
        """Whether it may do this everywhere where the other grant reaches and with everything that it names."""
        kind = resource_type_of(permission)
        wanted, found = other.identifiers(kind), frozenset[str]()
        for grant in self.all:
            if permission in grant.permissions and grant.spans(other):
                named = grant.identifiers(kind)
                if named is None:
                    return True
                found |= named
        return wanted is not None and wanted <= found

    def _reaching(self, scope: Scope) -> Iterator[Grant]:
        """Those in the scope itself, and those in the scopes that hold it which reach what is in them."""
        yield from self._by_scope.get(scope, ())
        if scope.project is not None:
            yield from self._deep(Scope(scope.account, scope.org))
        if scope.org is not None:
            yield from self._deep(Scope(scope.account))

    def _deep(self, scope: Scope) -> list[Grant]:
        return [grant for grant in self._by_scope.get(scope, ()) if grant.with_children]
