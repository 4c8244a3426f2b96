"""Lists of tags and of repositories, page by page, whatever registries make of paging (distribution-spec, "Listing").

Only the query of a next link is used: path and origin stay those we asked, for links lose ports and prefixes on the
way through proxies, and one to another host is refused.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, TypeGuard

from pierhead.kit.limits import MalformedJsonError, parse_json

from . import paths
from .context import CallContext
from .endpoint import Endpoint
from .errors import (
    BadResponseError,
    BodyTooLargeError,
    InvalidUrlError,
    NotOfferedError,
    RedirectRefusedError,
    RegistryError,
    RepositoryUnknownError,
)
from .journal import Journal
from .links import next_link
from .origin import Url
from .refusals import Unknown, refusal
from .request import Reply, Request
from .transport import Transport

# Asked for in turn: some registries refuse more than 1000 (ECR), some more than 100 (Quay).
SMALLER_PAGES: Final = (1000, 100)
_TOO_MANY: Final = (400, 405, 422)
_ACCEPT: Final = (("Accept", "application/json"),)


class Lists:
    def __init__(self, endpoint: Endpoint, transport: Transport, journal: Journal, call: CallContext) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.journal = journal
        self.call = call

    def tags(self, repository: str, page_size: int | None) -> Iterator[tuple[str, ...]]:
        url = paths.tags_url(self.endpoint, repository)
        what = f"tags of {paths.subject(self.endpoint, repository)}"
        request = Request(what, "GET", url, paths.pull_scope(repository), _ACCEPT)
        return self._pages(request, "tags", paths.is_tag, page_size, RepositoryUnknownError)

    def repositories(self, page_size: int | None) -> Iterator[tuple[str, ...]]:
        url = paths.catalog_url(self.endpoint)
        what = f"repositories of {self.endpoint.origin.authority}"
        request = Request(what, "GET", url, "registry:catalog:*", _ACCEPT)
        return self._pages(request, "repositories", paths.is_repository, page_size, NotOfferedError)

    def _pages(
        self,
        request: Request,
        field: str,
        is_entry: Callable[[object], TypeGuard[str]],
        page_size: int | None,
        unknown: Unknown,
    ) -> Iterator[tuple[str, ...]]:
        seen: set[str] = set()
        asked: set[str] = set()
        reply = self._first(request, page_size, unknown)
        while True:
            entries = [e for e in _entries(reply, field) if is_entry(e)]
            page = tuple(entry for entry in dict.fromkeys(entries) if entry not in seen)
            seen.update(page)
            if len(seen) > self.transport.caps.list_entries:
                cap = self.transport.caps.list_entries
                raise BodyTooLargeError(request.subject, cap, "entries", reply.answer.exchange())
            yield page
            following = next_page(reply)
            if following is None:
                return
            # A page that brings nothing new and leads on would lead us round for ever.
            if following.target in asked or not page:
                raise BadResponseError(request.subject, "its pages do not end", reply.answer.exchange())
            asked.add(following.target)
            reply = self._ask(replace(request, url=following))
            if reply.status != 200:
                raise refusal(reply.answer, unknown)

    def _first(self, request: Request, page_size: int | None, unknown: Unknown) -> Reply:
        """The first page: as large as it comes, since one answer is the cheapest; smaller where that is refused."""
        sizes = [page_size, *(size for size in SMALLER_PAGES if page_size is None or size < page_size)]
        for size in sizes:
            is_last = size == sizes[-1]
            sized = (
                request
                if size is None
                else replace(request, url=Url(request.url.origin, f"{request.url.path}?n={size}"))
            )
            try:
                reply = self._ask(sized)
            except BodyTooLargeError:
                if is_last:
                    raise
                continue
            if reply.status == 200:
                return reply
            if is_last or reply.status not in _TOO_MANY:
                raise refusal(reply.answer, unknown)
        raise AssertionError("unreachable: the last size returns or raises")

    def _ask(self, request: Request) -> Reply:
        return self.transport.fetch(self.endpoint, request, self.call, self.journal, self.transport.caps.page_bytes)


def _entries(reply: Reply, field: str) -> list[object]:
    subject = reply.answer.request.subject
    try:
        document = parse_json(reply.body)
    except MalformedJsonError as error:
        raise BadResponseError(subject, error.message, reply.answer.exchange()) from None
    if not isinstance(document, dict) or document.get("errors"):
        raise BadResponseError(subject, "it is no list", reply.answer.exchange())
    listed = document.get(field)  # null where the last tag was deleted, absent in some
    if not isinstance(listed, list | None):
        raise BadResponseError(subject, f"its {field!r} is no list", reply.answer.exchange())
    return listed or []


def next_page(reply: Reply) -> Url | None:
    """Where a list goes on: never on another host. None at its end. Raises BadResponseError, RedirectRefusedError."""
    text = next_link(reply.headers.all("link"))
    if not text:
        return None
    answer = reply.answer
    asked = answer.request.url
    try:
        target = answer.url.join(text)
    except InvalidUrlError as error:
        raise BadResponseError(answer.request.subject, f"its next page is {error.message}", answer.exchange()) from None
    if target.origin.host not in (asked.origin.host, answer.url.origin.host):
        raise _foreign_page(reply, target)
    return Url(asked.origin, f"{asked.path}?{target.query}") if target.query else None


def _foreign_page(reply: Reply, target: Url) -> RegistryError:
    answer = reply.answer
    return RedirectRefusedError(
        str(answer.url.origin), str(target.origin), "the next page of a list is on another host", answer.exchange()
    )
