"""Pages of a longer list, counted from 0 as the wire does."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    index: int = 0
    size: int = 50

    @property
    def offset(self) -> int:
        return self.index * self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``items`` of page ``request.index``; ``total`` counts all pages."""

    items: tuple[T, ...]
    total: int
    request: PageRequest
