"""Questions to a registry that move no image: its tags, its repositories, what a tag means; failures are results."""

from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import TypeVar

from pierhead.kit.errors import AppError
from pierhead.oci.index import Index
from pierhead.oci.reference import Reference
from pierhead.protocol import tasks as wire
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.transport import Transport

from .access import endpoint_of
from .cancel import CancelToken
from .errors import UnexpectedFailureError
from .wire import failure_about

Answer = TypeVar("Answer", wire.TagsResult, wire.RepositoriesResult, wire.ResolveResult)


def list_tags(
    task: wire.ListTagsTask, transport: Transport, cancel: CancelToken
) -> wire.TagsResult | wire.FailedResult:
    def ask(client: RegistryClient) -> wire.TagsResult:
        found, truncated = _first(client.list_tags(task.repository), task.limit)
        return wire.TagsResult(name=task.repository, tags=found, truncated=truncated)

    return _answer(task.repository, task.registry, ask, transport, cancel)


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
            platforms=_platforms(document) if isinstance(document, Index) else (),
        )

    return _answer(task.reference, task.registry, ask, transport, cancel)


def _platforms(index: Index) -> tuple[wire.ResolvedPlatform, ...]:
    return tuple(
        wire.ResolvedPlatform(platform=str(entry.platform), digest=str(entry.digest), size_bytes=entry.size)
        for entry in index.manifests
        if entry.platform is not None and not index.is_attestation(entry)
    )


def _first(pages: Iterable[tuple[str, ...]], limit: int) -> tuple[tuple[str, ...], bool]:
    found = tuple(islice(chain.from_iterable(pages), limit + 1))
    return found[:limit], len(found) > limit


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
