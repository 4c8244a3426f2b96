"""Pages of what was gathered thing by thing, for callers who may see only some; pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pierhead.kit.paging import Page, PageRequest

T = TypeVar("T")


def page_among(items: Sequence[T], search: str, request: PageRequest, texts: Callable[[T], Iterable[str]]) -> Page[T]:
    """Of those one of whose texts has ``search`` in it, in any case of letters."""
    wanted = search.casefold()
    found = [item for item in items if any(wanted in text.casefold() for text in texts(item))]
    return Page(tuple(found[request.offset : request.offset + request.size]), len(found), request)
