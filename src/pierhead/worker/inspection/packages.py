"""Packages of an image: out of its SBOMs, and out of its own layers, both read by a process of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pierhead.kit.errors import AppError
from pierhead.kit.limits import KIB, MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.graph import is_foreign
from pierhead.protocol.inspection import InspectedSbom, PackageList, Problem
from pierhead.registry.client import RegistryClient

from .attachments import Attachment, Form
from .errors import TooMuchEvidenceError
from .images import PlatformImage
from .payloads import envelope_in
from .process import read_layers, read_sbom

MAX_SBOMS: Final = 64
MAX_LAYER_BYTES: Final = 4 * 1024 * MIB
"""Of one image, as transferred."""
MAX_LIST_BYTES: Final = 4 * MIB
"""Of all lists of a result together: a result must stay small enough to travel."""
_PIECE: Final = 256 * KIB


@dataclass(slots=True)
class Packages:
    sboms: list[InspectedSbom] = field(default_factory=list)
    sbom_problems: list[Problem] = field(default_factory=list)
    lists: list[PackageList] = field(default_factory=list)
    _bytes: int = 0
    _read: int = 0

    def take_sbom(self, attachment: Attachment, raw: bytes, signers: tuple[str, ...]) -> None:
        """What is no SBOM is passed over; what is one and cannot be read is a problem."""
        if attachment.form is not Form.SBOM and not _looks_like_sbom(raw):
            return
        self._read += 1
        if self._read > MAX_SBOMS:
            self.miss(TooMuchEvidenceError("SBOMs", MAX_SBOMS))
            return
        answer = read_sbom(raw, attachment.subject)
        if not answer.format:
            self.sbom_problems += answer.problems
            return
        subject = str(attachment.subject)
        found = InspectedSbom(
            subject=subject,
            format=answer.format,
            digest=str(attachment.layer.digest),
            package_count=len(answer.purls),
            keys=signers,
        )
        self.sboms.append(found)
        self._add(PackageList(subject=subject, source="sbom", purls=answer.purls, problems=answer.problems))

    def take_layers(self, client: RegistryClient, repository: str, image: PlatformImage) -> None:
        layers = image.manifest.layers
        try:
            _check_layers(layers)
            answer = read_layers([layer.size for layer in layers], _bytes(client, repository, layers))
            found, problems = answer.purls, answer.problems
        except AppError as error:
            found, problems = (), (Problem(code=error.code, message=error.message[:500]),)
        self._add(PackageList(subject=str(image.digest), source="layers", purls=found, problems=problems))

    def miss(self, error: AppError) -> None:
        """An SBOM that could not be had."""
        problem = Problem(code=error.code, message=error.message[:500])
        if problem not in self.sbom_problems:
            self.sbom_problems.append(problem)

    def has_sbom(self, subject: Digest, *, attested: bool) -> bool:
        """Whether an SBOM with packages in it is there; ``attested``: by one of the task's keys."""
        known = (each for each in self.sboms if each.subject == str(subject) and each.package_count)
        return any(each.keys or not attested for each in known)

    def _add(self, listed: PackageList) -> None:
        self._bytes += sum(len(each) + 3 for each in listed.purls)
        if self._bytes > MAX_LIST_BYTES:
            many = Problem(code="too-many-packages", message="more packages than a result can carry")
            listed = PackageList(subject=listed.subject, source=listed.source, purls=(), problems=(many,))
        self.lists.append(listed)


def _looks_like_sbom(raw: bytes) -> bool:
    """So that no process is started for what is only a signature. What hides that it is an SBOM counts as none."""
    try:
        envelope = envelope_in(raw)
    except AppError:
        return True  # the reading process will say what is wrong with it
    content = raw if envelope is None else envelope.payload
    return b"CycloneDX" in content or b"spdxVersion" in content


def _check_layers(layers: tuple[Descriptor, ...]) -> None:
    if sum(layer.size for layer in layers) > MAX_LAYER_BYTES:
        raise TooMuchEvidenceError("bytes of layers", MAX_LAYER_BYTES)


def _bytes(client: RegistryClient, repository: str, layers: tuple[Descriptor, ...]) -> Iterator[memoryview]:
    """All layers after each other. Raises DigestMismatchError for a layer that is not what the manifest says."""
    room = memoryview(bytearray(_PIECE))
    for layer in layers:
        if is_foreign(layer):
            raise TooMuchEvidenceError("layers that are not in the registry", 0)
        verifier = layer.digest.verifier()
        with client.open_blob(repository, layer) as body:
            while count := body.readinto(room):
                verifier.update(room[:count])
                yield room[:count]
            verifier.check(body.what, layer.size)
