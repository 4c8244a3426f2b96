"""What entities that are addressed by scope and identifier have in common, and what is asked of their rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from pierhead.kit.paging import Page, PageRequest

from .model import Scope


class Entity(Protocol):
    """``parent`` is part of its address, for what lives inside another entity (an API key in its owner), else empty.
    ``about`` is another entity that it speaks of and is looked up by (the principal of an assignment), else empty."""

    @property
    def scope(self) -> Scope: ...
    @property
    def identifier(self) -> str: ...
    @property
    def parent(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def last_modified_at(self) -> datetime: ...


E = TypeVar("E", bound=Entity)


class EntityRows(Protocol[E]):
    """Rows of one kind of entity."""

    def add(self, entity: E) -> bool:
        """False, and nothing is written, when its address is taken."""

    def find(self, scope: Scope, identifier: str, parent: str = "") -> E | None: ...

    def replace(self, entity: E) -> None:
        """Writes over the row with the same address, which is there."""

    def remove(self, scope: Scope, identifier: str, parent: str = "") -> bool:
        """False when there was none."""

    def page(self, scope: Scope, search: str, request: PageRequest) -> Page[E]:
        """Those of exactly this scope, last modified first; ``search`` is part of name, identifier or a tag."""

    def list(self, scope: Scope, parent: str | None = None) -> tuple[E, ...]:
        """Those of exactly this scope, oldest first; with ``parent`` only what lives in that."""

    def list_below(self, scope: Scope) -> tuple[E, ...]:
        """Those of this scope and of every scope in it, oldest first."""

    def list_about(self, account: str, about: str) -> tuple[E, ...]:
        """Those of the account that speak of it, in any scope, oldest first."""

    def remove_below(self, scope: Scope) -> int:
        """Takes away what is in this scope and in every scope in it; says how many."""
