"""What is attached to an image, found: cosign's tags, referrers, BuildKit's attestation manifests; nothing is read yet.

All of it may be anybody's. What belongs together is told by layers' media types, which choose how to read them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final

from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import INDEXES
from pierhead.protocol.inspection import Problem
from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import ManifestUnknownError, RepositoryUnknownError

from .errors import TooMuchEvidenceError

MAX_ATTACHMENTS: Final = 100
"""Of one image with all its platforms."""
MAX_SIGNATURE_BYTES: Final = MIB
MAX_DOCUMENT_BYTES: Final = 8 * MIB
SIGNATURE_NOTE: Final = "dev.cosignproject.cosign/signature"
_COSIGN_TAGS: Final = ("sig", "att", "sbom")


class Form(StrEnum):
    """How a layer is read. ``CLAIM``: an unsigned statement, as BuildKit makes them."""

    SIMPLE = "simple"
    ENVELOPE = "envelope"
    CLAIM = "claim"
    SBOM = "sbom"


_FORMS: Final = (
    (re.compile(r"application/vnd\.dev\.cosign\.simplesigning\.v1\+json"), Form.SIMPLE),
    (re.compile(r"application/vnd\.dsse\.envelope\.v1\+json"), Form.ENVELOPE),
    (re.compile(r"application/vnd\.dev\.sigstore\.bundle(?:\.v0\.\d+)?\+json.*"), Form.ENVELOPE),
    (re.compile(r"application/vnd\.in-toto\+json"), Form.CLAIM),
    (re.compile(r"(?:text|application)/(?:vnd\.)?(?:spdx|cyclonedx)\+json"), Form.SBOM),
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """``layer``: the bytes; ``subject``: what they were found beside; ``signature``: of a simple one, in base64."""

    subject: Digest
    layer: Descriptor
    form: Form
    signature: str = ""

    @property
    def cap_bytes(self) -> int:
        return MAX_SIGNATURE_BYTES if self.form is Form.SIMPLE else MAX_DOCUMENT_BYTES


@dataclass(slots=True)
class Attachments:
    """Of one repository. ``problems``: what could not be listed."""

    client: RegistryClient
    repository: str
    found: dict[tuple[Digest, Digest, str], Attachment] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _has_api: bool = True
    _manifests: int = 0

    def look_beside(self, subject: Digest) -> None:
        """Cosign's tags and the referrers of ``subject``."""
        for kind in _COSIGN_TAGS:
            self._attempt(partial(self._by_tag, subject, f"{subject.algorithm}-{subject.encoded}.{kind}"))
        self._attempt(partial(self._referrers, subject))

    def look_into(self, subject: Digest, statements: Descriptor) -> None:
        """An attestation manifest that stands in the index beside ``subject``."""
        self._attempt(partial(self._take, subject, str(statements.digest)))

    def _by_tag(self, subject: Digest, tag: str) -> None:
        try:
            self._take(subject, tag)
        except (ManifestUnknownError, RepositoryUnknownError):
            return

    def _referrers(self, subject: Digest) -> None:
        listed = self.client.referrers(self.repository, subject, has_api=self._has_api)
        self._has_api = listed.is_by_api
        for entry in listed.referrers:
            if entry.media_type not in INDEXES:
                self._attempt(partial(self._take, subject, str(entry.digest)))

    def _take(self, subject: Digest, target: str) -> None:
        self._count()
        document = self.client.get_manifest(self.repository, target).parse()
        for layer in _layers(document):
            form = next((form for pattern, form in _FORMS if pattern.fullmatch(layer.media_type)), None)
            if form is not None:
                signature = layer.annotations.get(SIGNATURE_NOTE, "")
                self.found.setdefault((subject, layer.digest, signature), Attachment(subject, layer, form, signature))
            if len(self.found) > MAX_ATTACHMENTS:
                self.found.popitem()
                raise TooMuchEvidenceError("signatures and attestations", MAX_ATTACHMENTS)

    def _count(self) -> None:
        self._manifests += 1
        if self._manifests > 4 * MAX_ATTACHMENTS:
            raise TooMuchEvidenceError("documents attached to the image", 4 * MAX_ATTACHMENTS)

    def _attempt(self, look: Callable[[], None]) -> None:
        try:
            look()
        except AppError as error:
            problem = Problem(code=error.code, message=error.message[:500])
            if problem not in self.problems:
                self.problems.append(problem)


def _layers(document: object) -> Iterator[Descriptor]:
    return iter(document.layers if isinstance(document, Manifest) else ())
