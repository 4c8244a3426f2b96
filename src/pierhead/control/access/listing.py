"""A page out of a list that is short enough to be read whole (a place has a thousand roles at most)."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from pierhead.kit.paging import Page, PageRequest


class _Found(Protocol):
    @property
    def identifier(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


T = TypeVar("T", bound=_Found)


def pick(found: Iterable[T], request: PageRequest, search: str, among: frozenset[str] | None) -> Page[T]:
    """Those in ``among`` where it is given, and with ``search`` in name, identifier or a tag; in the order given."""
    wanted = search.casefold()
    kept = [
        each
        for each in found
        if (among is None or each.identifier in among) and any(wanted in text.casefold() for text in _texts(each))
    ]
    return Page(tuple(kept[request.offset : request.offset + request.size]), len(kept), request)


def _texts(found: _Found) -> Iterable[str]:
    return found.identifier, found.name, *found.tags, *found.tags.values()
