"""Tags as server-sent events, while the registry is still listing them."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager

from pierhead.kit.errors import AppError
from pierhead.oci.tag_selection import TagRules, chosen
from pierhead.protocol.tasks import TagsResult

from .errors import own_code
from .wire.artifacts import TagsBroken, TagsEnd, TagsPage
from .wire.common import Wire


def tag_events(pages: Iterable[TagsResult], rules: TagRules, held: AbstractContextManager[object]) -> Iterator[bytes]:
    """``held`` is let go of at the end, whichever end it is."""
    with held:
        listed, matching, truncated = 0, 0, False
        try:
            for page in pages:
                kept = _kept(rules, page.tags)
                listed, matching, truncated = listed + len(page.tags), matching + len(kept), page.truncated
                if kept:
                    yield _event("page", TagsPage(tags=kept))
        except AppError as error:
            yield _event("error", TagsBroken(code=own_code(error), message=error.message, hint=error.hint))
            return
        yield _event("end", TagsEnd(listed=listed, matching=matching, truncated=truncated))


def _kept(rules: TagRules, tags: tuple[str, ...]) -> list[str]:
    """In the order they came."""
    if not rules.needs_list:
        return list(tags)
    matched = frozenset(chosen(rules, tags))
    return [tag for tag in tags if tag in matched]


def _event(kind: str, data: Wire) -> bytes:
    return f"event: {kind}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode()
