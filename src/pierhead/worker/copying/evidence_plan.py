"""Which evidence of an image the target does not have yet, with the documents that have to be put for it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import InvalidDocumentError, UnsupportedDocumentError
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.registry.errors import ManifestUnknownError

from .blame import blamed_on
from .documents import DocumentSource, Tree
from .evidence import Evidence, EvidenceSearch, KnownTags
from .request import CopyRequest
from .source import ImageSource, PlanTarget


@dataclass(frozen=True, slots=True)
class EvidencePlan:
    """``referrers``: each with what it refers to; ``tags``: those of cosign. ``documents`` has all of both, children
    first. ``left_out``: what the source lists and does not have, or what nobody can read.
    """

    documents: tuple[tuple[Digest, Manifest | Index], ...] = ()
    referrers: tuple[tuple[Digest, Descriptor], ...] = ()
    tags: tuple[tuple[str, Digest], ...] = ()
    left_out: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.referrers or self.tags)

    @property
    def count(self) -> int:
        return len(self.referrers) + len(self.tags)


def plan_evidence(
    request: CopyRequest,
    subjects: Iterable[Digest],
    source: ImageSource,
    target: PlanTarget,
    documents: DocumentSource,
    tags: KnownTags,
    *,
    is_fresh: bool,
) -> EvidencePlan:
    """``is_fresh``: the image is not at the target yet, so that nobody is asked what is there about it."""
    with blamed_on(request.from_subject):
        found = EvidenceSearch(source, request.source.repository, tags).about(subjects)
    if not is_fresh:
        with blamed_on(request.to_subject):
            found = _missing(found, target, request.target.repository)
    with blamed_on(request.from_subject):
        return _collected(found, documents)


def _missing(found: Evidence, target: PlanTarget, repository: str) -> Evidence:
    listed: dict[Digest, set[Digest]] = {}
    for subject in dict.fromkeys(subject for subject, _ in found.referrers):
        listed[subject] = {entry.digest for entry in target.referrers(repository, subject).referrers}
    referrers = tuple((subject, entry) for subject, entry in found.referrers if entry.digest not in listed[subject])
    tags = []
    for tag, digest in found.tags:
        held = target.find(repository, tag)
        if held is None or held.digest != digest:
            tags.append((tag, digest))
    return Evidence(referrers, tuple(tags), found.left_out)


def _collected(found: Evidence, documents: DocumentSource) -> EvidencePlan:
    tree: Tree = {}
    left_out = found.left_out

    def collects(digest: Digest, entry: Descriptor | None) -> bool:
        """A list that nobody has cleaned up is no reason to leave the image itself behind."""
        part: Tree = dict(tree)
        with suppress(ManifestUnknownError, InvalidDocumentError, UnsupportedDocumentError):
            documents.collect(part, digest, entry)
            tree.update(part)
            return True
        return False

    referrers = tuple(pair for pair in found.referrers if collects(pair[1].digest, pair[1]))
    tags = tuple(pair for pair in found.tags if collects(pair[1], None))
    left_out += found.count - len(referrers) - len(tags)
    return EvidencePlan(tuple(tree.items()), referrers, tags, left_out)
