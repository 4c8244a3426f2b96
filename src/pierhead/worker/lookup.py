"""Questions to a registry that move no image: its tags, its repositories, what a tag means; failures are results."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pierhead.kit.errors import AppError
from pierhead.oci.index import Index
from pierhead.oci.reference import Reference
from pierhead.protocol import tasks as wire
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.errors import BodyTooLargeError
from pierhead.registry.transport import Transport

from .access import endpoint_of
from .cancel import CancelToken
from .errors import UnexpectedFailureError
from .wire import failure_about

PAGE = 1000
"""Of a list that is shown while it arrives: small enough to come at once, large enough to be few requests."""
Answer = TypeVar("Answer", wire.TagsResult, wire.RepositoriesResult, wire.ResolveResult)


def list_tags(
    task: wire.ListTagsTask, transport: Transport, cancel: CancelToken
) -> wire.TagsResult | wire.FailedResult:
    def ask(client: RegistryClient) -> wire.TagsResult:
        found, truncated = _first(client.list_tags(task.repository), task.limit)
        return wire.TagsResult(name=task.repository, tags=found, truncated=truncated)

    return _answer(task.repository, task.registry, ask, transport, cancel)


def tag_pages(
    task: wire.ListTagsTask, transport: Transport, cancel: CancelToken
) -> Iterator[wire.TagsResult | wire.FailedResult]:
    """The same list page by page, as they arrive; ``truncated`` is said with the last one. A failure is the last."""
    left = task.limit
    try:
        client = RegistryClient(endpoint_of(task.registry), transport, CallContext(cancel.event))
        for page in client.list_tags(task.repository, page_size=PAGE):
            yield wire.TagsResult(name=task.repository, tags=page[:left], truncated=len(page) > left)
            left -= len(page)
            if left < 0:
                return
    except BodyTooLargeError:
        yield wire.TagsResult(name=task.repository, tags=(), truncated=True)
    except AppError as error:
        yield wire.FailedResult(error=failure_about(error, task.repository, task.registry))
    except Exception as error:
        unexpected = UnexpectedFailureError(task.repository, error)
        yield wire.FailedResult(error=failure_about(unexpected, task.repository, task.registry))


def list_repositories(
    task: wire.ListRepositoriesTask, transport: Transport, cancel: CancelToken
) -> wire.RepositoriesResult | wire.FailedResult:
    def ask(client: RegistryClient) -> wire.RepositoriesResult:
        found, truncated = _first(client.list_repositories(), task.limit)
        return wire.RepositoriesResult(repositories=found, truncated=truncated)

    return _answer(task.registry.url, task.registry, ask, transport, cancel)


def resolve(
    task: wire.ResolveTask, transport: Transport, cancel: CancelToken
) -> wire.ResolveResult | wire.FailedResult:
    """One GET of the document. Sizes are those of documents, not of the images below them."""

    def ask(client: RegistryClient) -> wire.ResolveResult:
        reference = Reference.parse(task.reference)
        fetched = client.get_manifest(reference.repository, reference.target)
        document = fetched.parse()
        return wire.ResolveResult(
            reference=str(reference),
            digest=str(fetched.descriptor.digest),
            media_type=document.media_type,
            size_bytes=len(fetched.raw),
            platforms=platforms_of(document) if isinstance(document, Index) else (),
        )

    return _answer(task.reference, task.registry, ask, transport, cancel)


def platforms_of(index: Index) -> tuple[wire.ResolvedPlatform, ...]:
    """What can be run of it."""
    return tuple(
        wire.ResolvedPlatform(platform=str(entry.platform), digest=str(entry.digest), size_bytes=entry.size)
        for entry in index.manifests
        if entry.platform is not None and not index.is_attestation(entry)
    )


def _first(pages: Iterable[tuple[str, ...]], limit: int) -> tuple[tuple[str, ...], bool]:
    """At most ``limit`` entries, and whether there are more; so there are where a list is longer than is read."""
    found: list[str] = []
    try:
        for page in pages:
            found += page
            if len(found) > limit:
                return tuple(found[:limit]), True
    except BodyTooLargeError:
        if not found:
            raise
        return tuple(found), True
    return tuple(found), False


def _answer(
    what: str,
    registry: wire.RegistryAccess,
    ask: Callable[[RegistryClient], Answer],
    transport: Transport,
    cancel: CancelToken,
) -> Answer | wire.FailedResult:
    try:
        return ask(RegistryClient(endpoint_of(registry), transport, CallContext(cancel.event)))
    except AppError as error:
        return wire.FailedResult(error=failure_about(error, what, registry))
    except Exception as error:
        return wire.FailedResult(error=failure_about(UnexpectedFailureError(what, error), what, registry))
