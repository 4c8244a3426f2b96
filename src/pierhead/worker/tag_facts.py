"""What tags mean now: digests by HEAD, dates and labels from configs, several tags at a time; failures are results.

A registry that refuses or goes away is asked nothing more: the rest of the tags say why they were not read. When not
one was read, the whole task has failed.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from pierhead.kit.errors import AppError, InvalidInputError, NotFoundError, UnsupportedError, category_of
from pierhead.oci.errors import UnsupportedDocumentError
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.index import Index, choose
from pierhead.oci.manifest import Manifest
from pierhead.oci.platform import Platform
from pierhead.protocol import tasks as wire
from pierhead.protocol.tag_facts import MOST_CONFIGS
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.transport import Transport

from .access import endpoint_of
from .cancel import CancelToken
from .errors import UnexpectedFailureError
from .lookup import platforms_of
from .wire import failure_about

_AT_ONCE = 8
_CONFIG_CAP_BYTES = 4 * 1024 * 1024
_MOST_LABELS = 64
_LABEL_CHARS = 512
_LIKELY = Platform("linux", "amd64")
_OF_ONE_TAG = (NotFoundError, UnsupportedError, InvalidInputError)
"""What is wrong with one tag says nothing about the next."""


def read_tags(
    task: wire.ReadTagsTask, transport: Transport, cancel: CancelToken
) -> wire.TagFactsResult | wire.FailedResult:
    try:
        client = RegistryClient(endpoint_of(task.registry), transport, CallContext(cancel.event))
        return _Reading(task, client).result()
    except AppError as error:
        return wire.FailedResult(error=failure_about(error, task.repository, task.registry))
    except Exception as error:
        unexpected = UnexpectedFailureError(task.repository, error)
        return wire.FailedResult(error=failure_about(unexpected, task.repository, task.registry))


@dataclass
class _Reading:
    """One task; ``ended_by`` is the failure after which nothing more is asked."""

    task: wire.ReadTagsTask
    client: RegistryClient
    ended_by: AppError | None = field(default=None)

    def result(self) -> wire.TagFactsResult | wire.FailedResult:
        tags = tuple(dict.fromkeys(self.task.tags))
        with ThreadPoolExecutor(min(_AT_ONCE, len(tags)), "read-tags") as pool:
            found = tuple(pool.map(self._one, tags, range(len(tags))))
        if self.ended_by is not None and not any(each.digest for each in found):
            raise self.ended_by
        return wire.TagFactsResult(name=self.task.repository, tags=found)

    def _one(self, tag: str, position: int) -> wire.TagFacts:
        if self.ended_by is not None:
            return self._unread(tag, self.ended_by)
        try:
            if self.task.with_configs and position < MOST_CONFIGS:
                return self._described(tag)
            return _resolved(self.client, self.task.repository, tag)
        except AppError as error:
            if not issubclass(category_of(error), _OF_ONE_TAG):
                self.ended_by = self.ended_by or error
            return self._unread(tag, error)

    def _unread(self, tag: str, error: AppError) -> wire.TagFacts:
        return wire.TagFacts(tag=tag).model_copy(update=self._problem(tag, error))

    def _problem(self, tag: str, error: AppError) -> dict[str, str]:
        failure = failure_about(error, f"{self.task.repository}:{tag}", self.task.registry)
        return {
            "problem_code": failure.code,
            "problem_category": failure.category,
            "problem": failure.message,
            "problem_hint": failure.hint,
        }

    def _described(self, tag: str) -> wire.TagFacts:
        fetched = self.client.get_manifest(self.task.repository, tag)
        document = fetched.parse()
        facts = wire.TagFacts(
            tag=tag,
            digest=str(fetched.descriptor.digest),
            media_type=document.media_type,
            size_bytes=len(fetched.raw),
            platforms=platforms_of(document) if isinstance(document, Index) else (),
        )
        try:
            return _with_config(self.client, self.task.repository, document, facts)
        except AppError as error:  # the digest is good all the same
            return facts.model_copy(update=self._problem(tag, error))


def _resolved(client: RegistryClient, repository: str, tag: str) -> wire.TagFacts:
    found = client.resolve(repository, tag)
    return wire.TagFacts(tag=tag, digest=str(found.digest), media_type=found.media_type, size_bytes=found.size)


def _with_config(
    client: RegistryClient, repository: str, document: Manifest | Index, facts: wire.TagFacts
) -> wire.TagFacts:
    manifest = _manifest_below(client, repository, document)
    config = ImageConfig.parse(client.get_blob(repository, manifest.config, _CONFIG_CAP_BYTES))
    return facts.model_copy(
        update={
            "config_platform": str(config.platform or ""),
            "created": config.created.isoformat() if config.created else None,
            "labels": _short(config.labels.items()),
            "image_bytes": manifest.config.size + sum(layer.size for layer in manifest.layers),
        }
    )


def _manifest_below(client: RegistryClient, repository: str, document: Manifest | Index) -> Manifest:
    """Of an index, that of the platform most images are for, else the first that can be run."""
    if isinstance(document, Manifest):
        return document
    found = client.get_manifest(repository, str(_likely(document))).parse()
    if isinstance(found, Index):
        raise UnsupportedDocumentError("an index in an index")
    return found


def _likely(index: Index) -> object:
    wanted = [_LIKELY, *(entry.platform for entry in index.manifests if entry.platform is not None)]
    failure: AppError | None = None
    for platform in wanted:
        try:
            return choose(index, platform).descriptor.digest
        except AppError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def _short(labels: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {key[:_LABEL_CHARS]: value[:_LABEL_CHARS] for key, value in islice(labels, _MOST_LABELS)}
