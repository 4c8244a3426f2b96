"""An image inspected: one task, one result; failures of parts are problems in it.

The order is that of cost: documents, what is attached to them, and layers only where the task wants them read.
"""

from pierhead.kit.errors import AppError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.protocol.inspection import InspectResult, InspectTask, Problem
from pierhead.protocol.tasks import FailedResult
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.manifests import FetchedManifest
from pierhead.registry.transport import Transport
from pierhead.worker.access import endpoint_of
from pierhead.worker.cancel import CancelToken
from pierhead.worker.errors import UnexpectedFailureError
from pierhead.worker.wire import failure_about

from .attachments import Attachments, Form
from .images import Images, PlatformImage
from .packages import Packages
from .signatures import Signatures
from .verifying import Key, load_keys


def inspect(task: InspectTask, transport: Transport, cancel: CancelToken) -> InspectResult | FailedResult:
    """A failure only where not even the image's first document can be had, or the task itself is wrong."""
    try:
        client = RegistryClient(endpoint_of(task.registry), transport, CallContext(cancel.event))
        reference = Reference.parse(task.reference)
        keys = load_keys(task.keys)
        wanted = tuple(Platform.parse(text) for text in task.platforms)
        target = str(Digest.parse(task.digest)) if task.digest else reference.target
        top = client.get_manifest(reference.repository, target)
        return _Inspection(task, client, reference, top, keys, wanted).result()
    except AppError as error:
        return FailedResult(error=failure_about(error, task.reference, task.registry))
    except Exception as error:
        return FailedResult(
            error=failure_about(UnexpectedFailureError(task.reference, error), task.reference, task.registry)
        )


class _Inspection:
    def __init__(
        self,
        task: InspectTask,
        client: RegistryClient,
        reference: Reference,
        top: FetchedManifest,
        keys: tuple[Key, ...],
        wanted: tuple[Platform, ...],
    ) -> None:
        self._task = task
        self._client = client
        self._reference = reference
        self._top = top
        self._wanted = wanted
        self._images = Images(client, reference.repository)
        self._attachments = Attachments(client, reference.repository)
        self._signatures = Signatures(keys)
        self._packages = Packages()

    def result(self) -> InspectResult:
        self._images.look(self._top)
        self._find_attachments()
        self._read_attachments()
        if self._task.read_layers != "never":
            self._read_layers()
        return self._told()

    def _find_attachments(self) -> None:
        subjects = dict.fromkeys([self._top.descriptor.digest, *(image.digest for image in self._images.found)])
        for subject in subjects:
            self._attachments.look_beside(subject)
        for about, entry in self._images.statements:
            if about in subjects:
                self._attachments.look_into(about, entry)

    def _read_attachments(self) -> None:
        for attachment in self._attachments.found.values():
            try:
                raw = self._client.get_blob(self._reference.repository, attachment.layer, attachment.cap_bytes)
            except AppError as error:
                self._signatures.miss(error)
                self._packages.miss(error)
                continue
            signers = self._signatures.take(attachment, raw)
            if attachment.form is not Form.SIMPLE:
                self._packages.take_sbom(attachment, raw, signers)

    def _read_layers(self) -> None:
        for image in self._images.found:
            if self._is_wanted(image) and (self._task.read_layers == "always" or not self._has_sbom(image)):
                self._packages.take_layers(self._client, self._reference.repository, image)

    def _has_sbom(self, image: PlatformImage) -> bool:
        """Where there are keys, what nobody attested spares nothing: anybody can put an SBOM beside an image."""
        attested = bool(self._task.keys)
        subjects = (image.digest, self._top.descriptor.digest)
        return any(self._packages.has_sbom(subject, attested=attested) for subject in subjects)

    def _is_wanted(self, image: PlatformImage) -> bool:
        if not self._wanted or image.platform is None:
            return True
        return any(image.platform.satisfies(wanted) for wanted in self._wanted)

    def _told(self) -> InspectResult:
        unlisted: tuple[Problem, ...] = tuple(self._attachments.problems)
        signatures, packages = self._signatures, self._packages
        return InspectResult(
            reference=str(self._reference),
            digest=str(self._top.descriptor.digest),
            media_type=self._top.descriptor.media_type,
            size_bytes=len(self._top.raw),
            images=tuple(image.told for image in self._images.found),
            image_problems=tuple(self._images.problems),
            signatures=tuple(signatures.verified),
            signatures_seen=signatures.seen,
            signatures_rejected=tuple(signatures.rejected),
            signature_problems=(*unlisted, *signatures.problems),
            sboms=tuple(packages.sboms),
            sbom_problems=(*unlisted, *packages.sbom_problems),
            packages=tuple(packages.lists),
        )
