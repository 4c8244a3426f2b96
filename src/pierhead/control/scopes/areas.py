"""Parts of the tree of scopes, by which lists are restricted to what a caller may see; pure."""

from collections.abc import Collection
from dataclasses import dataclass

from .model import Scope


@dataclass(frozen=True, slots=True)
class Area:
    """A scope, and where ``with_children`` every scope in it."""

    scope: Scope
    with_children: bool

    def covers(self, scope: Scope) -> bool:
        return self.scope == scope or (self.with_children and self.scope.contains(scope))

    def within(self, outer: "Area") -> "Area | None":
        """What both have in common; of two areas that is one again, or nothing."""
        if outer.covers(self.scope):
            return Area(self.scope, self.with_children and outer.with_children)
        return outer.within(self) if self.covers(outer.scope) else None


Areas = Collection[Area] | None
"""None: everywhere."""


def covered(areas: Areas, scope: Scope) -> bool:
    return areas is None or any(area.covers(scope) for area in areas)
