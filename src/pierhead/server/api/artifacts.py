"""Artifact sources over HTTP: tags of an image in the order that is wanted, repositories, what one tag is.

Nothing is capped in silence: what was not read is said. Dates and labels stand in the configs of images, so they are
read of so many tags only, and only where somebody asks for them.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import StreamingResponse

from pierhead.control.scopes import Scope
from pierhead.control.sources import Sort, Wanted, by_moment, wanted_tags
from pierhead.kit.paging import PageRequest
from pierhead.protocol.tag_facts import MOST_CONFIGS
from pierhead.protocol.tasks import TagFacts
from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .late_routes import LateRouter
from .params import OwnScope, page_of
from .run_events import EVENT_STREAM
from .slow_calls import Slow
from .sources import MAX_TAGS, Source, referred, source_of
from .tag_stream import tag_events
from .wire.artifacts import ArtifactTag, ArtifactTagInfo, ArtifactTags, created_of
from .wire.registry import RepositoriesInfo

router = LateRouter(prefix="/pierhead/v1/artifacts", tags=["artifacts"], dependencies=[Depends(own_caller)])

MAX_REPOSITORIES = 100_000
ConnectorRef = Annotated[str, Query(alias="connectorRef", min_length=1, max_length=256)]
Image = Annotated[str, Query(min_length=1, max_length=512)]
TagRegex = Annotated[str | None, Query(alias="tagRegex", max_length=300)]
_Page = Annotated[PageRequest, Depends(page_of(100, 10_000))]


def _wanted(
    tag_regex: TagRegex = None,
    semver: Annotated[str | None, Query(max_length=300, description="a range, such as ^1.16")] = None,
    newest: Annotated[int | None, Query(ge=1, le=MAX_TAGS, description="so many of each flavour")] = None,
    sort: Sort = Sort.SEMVER,
) -> Wanted:
    wanted = Wanted(tag_regex or None, semver or None, newest, sort)
    wanted.rules()  # what cannot be read is said before a registry is asked
    return wanted


@router.get("/tags", operation_id="listArtifactTags")
def list_tags(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    wanted: Annotated[Wanted, Depends(_wanted)],
    page: _Page,
    connector_ref: ConnectorRef,
    image: Image,
    details: Annotated[bool, Query(description="read date, labels and size of this page's tags")] = False,
) -> Answer[ArtifactTags]:
    """Tags of an image: newest version first, by name, by the date that images say, or by when a watch first saw them.

    By date, the configs of the 100 newest tags by version are read; the others follow by version.
    """
    source = source_of(call, slow, scope, connector_ref, image)
    listed, truncated = source.tags()
    order = _order(source, scope, connector_ref, wanted, wanted_tags(wanted, listed))
    shown = order.tags[page.offset : page.offset + page.size]
    facts, notes = _details(source, shown, order) if details else (order.facts, list(order.notes))
    if truncated:
        notes.append(f"the registry has more than these {len(listed):,} tags; the rest was not read")
    content = [ArtifactTag.of(tag, source.of_tag(tag), facts.get(tag), order.first_seen.get(tag)) for tag in shown]
    found = ArtifactTags(
        image=f"{source.name.registry}/{source.name.repository}",
        sort=wanted.sort,
        listed=len(listed),
        truncated=truncated,
        ordered=order.ordered,
        notes=notes,
        total_pages=-(-len(order.tags) // page.size),
        total_items=len(order.tags),
        page_index=page.index,
        page_size=page.size,
        content=content,
    )
    return answer(call, found)


@router.get(
    "/tags/stream",
    operation_id="streamArtifactTags",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
def stream_tags(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    connector_ref: ConnectorRef,
    image: Image,
    tag_regex: TagRegex = None,
) -> StreamingResponse:
    """Tags in the registry's own order, as they arrive: ``event: page`` for each page, then ``event: end``; or
    ``event: error``, where something goes wrong after the first page."""
    rules = Wanted(tag_regex or None).rules()
    source = source_of(call, slow, scope, connector_ref, image)
    connector = source.connector
    with ExitStack() as held:
        held.enter_context(slow.one("lists of tags", call.share_key))
        pages = call.app.connector_tasks.tag_pages(connector.scope, connector.identifier, image, MAX_TAGS)
        first = next(pages, None)  # what is wrong from the start is a refusal as everywhere
        events = tag_events(chain(() if first is None else (first,), pages), rules, held.pop_all())
    return StreamingResponse(events, media_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})


@router.get("/repositories", operation_id="listArtifactRepositories")
def list_repositories(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    connector_ref: ConnectorRef,
    search: Annotated[str, Query(max_length=256)] = "",
) -> Answer[RepositoriesInfo]:
    """Repositories as the registry lists them; many list none, or none without a login, and then say so."""
    connector = referred(call, scope, connector_ref)
    with slow.one("lists of repositories", call.share_key):
        found = call.app.connector_tasks.list_repositories(connector.scope, connector.identifier, MAX_REPOSITORIES)
    names = [name for name in found.repositories if search.casefold() in name]
    return answer(call, RepositoriesInfo(repositories=names, truncated=found.truncated))


@router.get("/tag", operation_id="getArtifactTag")
def get_tag(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    connector_ref: ConnectorRef,
    image: Image,
    tag: Annotated[str | None, Query(max_length=128)] = None,
) -> Answer[ArtifactTagInfo]:
    """One tag: digest, platforms, and what its config says: date, labels, size. The tag may stand in ``image``."""
    source = source_of(call, slow, scope, connector_ref, image if not tag else f"{image}:{tag}")
    target = source.name.target
    facts = source.fact(target, with_configs=True)
    return answer(call, ArtifactTagInfo.of(target, str(source.name), facts))


@dataclass(frozen=True, slots=True)
class _Order:
    """All tags in order; ``ordered``: of how many what the order goes by is known."""

    tags: list[str]
    ordered: int
    facts: Mapping[str, TagFacts]
    first_seen: Mapping[str, datetime]
    notes: tuple[str, ...] = ()


def _order(source: Source, scope: Scope, reference: str, wanted: Wanted, tags: list[str]) -> _Order:
    first_seen = source.call.app.watches.first_seen(scope, reference, source.image)
    if wanted.sort is Sort.DATE:
        read = source.facts(tags[:MOST_CONFIGS], with_configs=True)
        dates = {tag: moment for tag, facts in read.items() if (moment := created_of(facts)) is not None}
        text = (
            f"the dates of {len(dates)} of {len(tags)} tags are known: the configs of the {len(read)} newest were read"
        )
        return _known(by_moment(tags, dates), len(dates), read, first_seen, text)
    if wanted.sort is Sort.FIRST_SEEN:
        known = sum(tag in first_seen for tag in tags)
        text = f"{known} of {len(tags)} tags were seen to appear by a watch of this scope"
        return _known(by_moment(tags, first_seen), known, {}, first_seen, text)
    return _Order(tags, len(tags), {}, first_seen)


def _known(
    tags: list[str], known: int, facts: Mapping[str, TagFacts], first_seen: Mapping[str, datetime], text: str
) -> _Order:
    return _Order(tags, known, facts, first_seen, (text,) if known < len(tags) else ())


def _details(source: Source, shown: list[str], order: _Order) -> tuple[Mapping[str, TagFacts], list[str]]:
    """Facts about the tags that are shown, as far as they are read, and what to say of it."""
    unread = [tag for tag in shown if tag not in order.facts]
    facts = {**order.facts, **source.facts(unread[:MOST_CONFIGS], with_configs=True)}
    known = sum(tag in facts for tag in shown)
    return facts, [
        *order.notes,
        *([f"details were read of {known} of the {len(shown)} tags shown"] if known < len(shown) else []),
    ]
