"""Pages of lists that are short enough to be read whole."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from pierhead.kit.paging import Page, PageRequest


class Labelled(Protocol):
    @property
    def identifier(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


L = TypeVar("L", bound=Labelled)


def page_among(items: Sequence[L], search: str, request: PageRequest) -> Page[L]:
    """Of those with ``search`` in name, identifier or a tag, in any case of letters."""
    wanted = search.casefold()
    found = [item for item in items if any(wanted in text.casefold() for text in _texts(item))]
    return Page(tuple(found[request.offset : request.offset + request.size]), len(found), request)


def _texts(item: Labelled) -> tuple[str, ...]:
    return (item.name, item.identifier, *item.tags, *item.tags.values())
