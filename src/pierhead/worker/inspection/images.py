"""The documents of an image: what the reference names, the image of each platform, and attestations in the index."""

from dataclasses import dataclass, field
from typing import Final

from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import InvalidDigestError
from pierhead.oci.graph import blobs_of
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import IMAGE_CONFIGS, INDEXES
from pierhead.oci.platform import Platform
from pierhead.protocol.inspection import InspectedImage, Problem
from pierhead.registry.client import RegistryClient
from pierhead.registry.manifests import FetchedManifest

from .errors import TooMuchEvidenceError

MAX_IMAGES: Final = 64
_CONFIG_BYTES: Final = MIB
_LABELS: Final = 100
_LABEL_CHARS: Final = 1000
_ABOUT: Final = "vnd.docker.reference.digest"
_MAX_DEPTH: Final = 2


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """``told``: what the result says of it."""

    digest: Digest
    manifest: Manifest
    platform: Platform | None
    told: InspectedImage


@dataclass(slots=True)
class Images:
    """``statements``: attestation manifests with the digest of the image that they are about."""

    client: RegistryClient
    repository: str
    found: list[PlatformImage] = field(default_factory=list)
    statements: list[tuple[Digest, Descriptor]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def look(self, top: FetchedManifest) -> None:
        """What cannot be read is a problem; nothing is raised for it."""
        self._document(top, None, 0)

    def _document(self, fetched: FetchedManifest, platform: Platform | None, depth: int) -> None:
        try:
            document = fetched.parse()
            if isinstance(document, Index):
                self._index(document, depth)
            else:
                self._manifest(fetched.descriptor.digest, document, platform)
        except AppError as error:
            self.problems.append(Problem(code=error.code, message=error.message[:500]))

    def _index(self, index: Index, depth: int) -> None:
        if depth >= _MAX_DEPTH:
            raise TooMuchEvidenceError("levels of indexes", _MAX_DEPTH)
        for entry in index.manifests:
            if index.is_attestation(entry):
                self._attestation(entry)
                continue
            if len(self.found) + len(self.problems) >= MAX_IMAGES:
                raise TooMuchEvidenceError("platforms", MAX_IMAGES)
            self._entry(entry, depth)

    def _entry(self, entry: Descriptor, depth: int) -> None:
        try:
            fetched = self.client.get_manifest(self.repository, str(entry.digest))
        except AppError as error:
            self.problems.append(Problem(code=error.code, message=error.message[:500]))
            return
        is_index = entry.media_type in INDEXES
        self._document(fetched, entry.platform, depth + 1 if is_index else depth)

    def _attestation(self, entry: Descriptor) -> None:
        try:
            about = Digest.parse(entry.annotations.get(_ABOUT, ""))
        except InvalidDigestError:
            return
        if len(self.statements) < MAX_IMAGES:
            self.statements.append((about, entry))

    def _manifest(self, digest: Digest, manifest: Manifest, platform: Platform | None) -> None:
        config = self._config(manifest)
        platform = platform or (config.platform if config else None)
        blobs = blobs_of(manifest)
        kinds = {manifest.media_type, *(blob.media_type for blob in blobs)}
        told = InspectedImage(
            platform=str(platform) if platform else "unknown",
            digest=str(digest),
            size_bytes=sum(blob.size for blob in blobs),
            media_types=tuple(sorted(kinds)),
            created=config.created if config else None,
            labels=_labels(config) if config else {},
        )
        self.found.append(PlatformImage(digest, manifest, platform, told))

    def _config(self, manifest: Manifest) -> ImageConfig | None:
        if manifest.config.media_type not in IMAGE_CONFIGS:
            return None
        return ImageConfig.parse(self.client.get_blob(self.repository, manifest.config, _CONFIG_BYTES))


def _labels(config: ImageConfig) -> dict[str, str]:
    some = list(config.labels.items())[:_LABELS]
    return {key[:_LABEL_CHARS]: value[:_LABEL_CHARS] for key, value in some}
