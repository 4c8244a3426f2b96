"""One image from its name to what has to be at the target: documents in the order to put them, and blobs.

The tag is resolved once. Documents are fetched by digest, each once per task, and kept as the bytes they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import PlatformNotFoundError
from pierhead.oci.graph import blobs_of, children, is_foreign
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import IMAGE_CONFIGS, INDEXES
from pierhead.oci.subset import rewritten, subset
from pierhead.worker.errors import IndexTooDeepError
from pierhead.worker.runtimes.layout_walk import MAX_LEVELS

from .blame import blamed_on
from .documents import Documents, DocumentSource, Tree
from .errors import TargetDigestError
from .evidence import KnownTags
from .evidence_plan import EvidencePlan, plan_evidence
from .request import CopyRequest, IndexMode
from .source import ImageSource, PlanTarget

_MAX_CONFIG_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """``documents``: children before their parents, the one the tag is for last. ``is_present``: nothing is to be done.

    ``is_tagged``: the image is at the target under its tag, and only ``evidence`` is missing; then ``documents`` has
    none. ``blobs`` leaves out foreign layers, which the source need not have and the target must not want.
    """

    digest: Digest
    source_digest: Digest
    is_present: bool
    documents: tuple[tuple[Digest, Manifest | Index], ...] = ()
    blobs: tuple[Descriptor, ...] = ()
    evidence: EvidencePlan = field(default_factory=EvidencePlan)
    is_tagged: bool = False
    fetched_bytes: int = 0

    @property
    def documents_bytes(self) -> int:
        return sum(len(document.raw) for _, document in (*self.documents, *self.evidence.documents))


class CopyPlanner:
    """For one image of one copy. ``resolved`` is told the digest early."""

    def __init__(
        self,
        request: CopyRequest,
        source: ImageSource,
        target: PlanTarget,
        known: Documents,
        tags: KnownTags,
        resolved: Callable[[Digest], None],
    ) -> None:
        self._request = request
        self._source = source
        self._target = target
        self._documents = DocumentSource(source, request.source.repository, str(request.source), known)
        self._tags = tags
        self._resolved = resolved
        self._config_bytes = 0

    def plan(self) -> CopyPlan:
        """Raises RegistryError, PlatformNotFoundError, TargetDigestError and whatever is wrong with documents."""
        request = self._request
        with blamed_on(request.from_subject):
            origin = request.pinned or self._resolve()
            top, made = self._top(origin)
            self._resolved(top)
        if request.target.digest not in (None, top):
            assert request.target.digest is not None
            raise TargetDigestError(str(request.target), request.target.digest, top)
        with blamed_on(request.to_subject):
            held = self._held(top, made)
        tree: Tree = {}
        if held is None:
            with blamed_on(request.from_subject):
                self._collect(tree, top, made)
        return self._plan(origin, top, tree, held or tree[top], is_tagged=held is not None, is_made=made is not None)

    def _plan(
        self,
        origin: Digest,
        top: Digest,
        tree: Tree,
        document: Manifest | Index | Descriptor,
        *,
        is_tagged: bool,
        is_made: bool,
    ) -> CopyPlan:
        evidence = EvidencePlan()
        if self._request.referrers:
            subjects = self._subjects(top, document, is_made=is_made)
            evidence = plan_evidence(
                self._request, subjects, self._source, self._target, self._documents, self._tags, is_fresh=not is_tagged
            )
        return CopyPlan(
            top,
            origin,
            is_present=is_tagged and evidence.is_empty,
            documents=tuple(tree.items()),
            blobs=_blobs(document for _, document in (*tree.items(), *evidence.documents)),
            evidence=evidence,
            is_tagged=is_tagged,
            fetched_bytes=self._documents.fetched_bytes + self._config_bytes,
        )

    def _resolve(self) -> Digest:
        source = self._request.source
        return self._source.resolve(source.repository, source.target).digest

    def _top(self, origin: Digest) -> tuple[Digest, Index | None]:
        """What the tag shall point to, and the document itself where it is one of our making."""
        if self._request.only is not None:
            return self._chosen(origin), None
        if self._request.index is not IndexMode.REWRITTEN:
            return origin, None
        document = self._documents.get(origin)
        if isinstance(document, Manifest):
            self._check_platform(document)
            return origin, None
        made = rewritten(document, subset(document, self._request.platforms), origin)
        return Digest.of(made.raw), made

    def _chosen(self, top: Digest) -> Digest:
        """Down through indexes to the manifest of the wanted platform; the digest it has there stays its digest."""
        wanted = self._request.only
        assert wanted is not None
        entry: Descriptor | None = None
        for _ in range(MAX_LEVELS):
            document = self._documents.get(top, entry)
            if isinstance(document, Manifest):
                if entry is None:
                    self._check_platform(document)
                return top
            (entry,) = children(document, (wanted,))
            top = entry.digest
        raise IndexTooDeepError(str(self._request.source), MAX_LEVELS)

    def _check_platform(self, manifest: Manifest) -> None:
        """No index says what this image is for, so its config has to."""
        wanted = self._request.platforms
        if not wanted or manifest.config.media_type not in IMAGE_CONFIGS:
            return
        raw = self._source.get_blob(self._request.source.repository, manifest.config, _MAX_CONFIG_BYTES)
        self._config_bytes += len(raw)
        found = ImageConfig.parse(raw).platform
        if found is not None and not any(found.satisfies(each) for each in wanted):
            raise PlatformNotFoundError(", ".join(map(str, wanted)), (str(found),))

    def _held(self, top: Digest, made: Index | None) -> Descriptor | Index | None:
        """What the target has under the tag, when that is what shall be there with all that is wanted of it.

        The document itself where it had to be looked into: the target costs nobody's quota.
        """
        request, target = self._request, self._target
        repository = request.target.repository
        found = target.find(repository, request.to_tag or str(top))
        if found is None or found.digest != top:
            return None
        if made is not None or found.media_type not in INDEXES:
            return made or found
        if request.index is not IndexMode.SPARSE and not request.referrers:
            return found
        document = target.get_manifest(repository, str(top)).parse()
        assert isinstance(document, Index)
        if request.index is IndexMode.SPARSE:  # one for fewer platforms has the very same tag
            members = subset(document, request.platforms)
            if any(target.find(repository, str(member.digest)) is None for member in members):
                return None
        return document

    def _collect(self, tree: Tree, top: Digest, made: Index | None) -> None:
        if self._request.index is IndexMode.WHOLE:
            self._documents.collect(tree, top, None)
            return
        document = made or self._documents.get(top)
        if isinstance(document, Index):
            for entry in made.manifests if made else subset(document, self._request.platforms):
                self._documents.collect(tree, entry.digest, entry, MAX_LEVELS - 1)
        else:
            self._check_platform(document)
        tree[top] = document

    def _subjects(self, top: Digest, document: Manifest | Index | Descriptor, *, is_made: bool) -> list[Digest]:
        """What there may be evidence about: not the attestations of an index, and not what nobody has seen before."""
        own = [] if is_made else [top]
        if not isinstance(document, Index):
            return own
        is_sparse = self._request.index is IndexMode.SPARSE
        entries = subset(document, self._request.platforms) if is_sparse else document.manifests
        return own + [entry.digest for entry in entries if not document.is_attestation(entry)]


def _blobs(documents: Iterable[Manifest | Index]) -> tuple[Descriptor, ...]:
    manifests = (document for document in documents if isinstance(document, Manifest))
    blobs = {blob.digest: blob for manifest in manifests for blob in blobs_of(manifest) if not is_foreign(blob)}
    return tuple(blobs.values())
