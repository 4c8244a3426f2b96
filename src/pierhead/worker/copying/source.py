"""What images are copied from: a registry, or an archive that answers the same questions."""

from collections.abc import Callable, Iterator
from typing import Protocol

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.manifests import FetchedManifest
from pierhead.registry.referrers import Found
from pierhead.registry.transport import Transport

from .request import CopyRequest


class Body(Protocol):
    """``position`` is the offset in the blob of the next byte."""

    position: int

    def readinto(self, view: memoryview) -> int:
        """Up to ``len(view)`` bytes; 0 at the end."""

    def close(self) -> None: ...


class ImageSource(Protocol):
    """As ``registry.client.RegistryClient``, whose methods say what they raise."""

    @property
    def endpoint(self) -> Endpoint: ...

    def resolve(self, repository: str, target: str) -> Descriptor: ...

    def get_manifest(self, repository: str, target: str) -> FetchedManifest: ...

    def open_blob(self, repository: str, descriptor: Descriptor, offset: int = 0) -> Body: ...

    def get_blob(self, repository: str, descriptor: Descriptor, cap_bytes: int) -> bytes: ...

    def list_tags(self, repository: str) -> Iterator[tuple[str, ...]]: ...

    def referrers(
        self,
        repository: str,
        subject: Digest,
        artifact_type: str | None = None,
        *,
        has_api: bool = True,
        has_tag: bool = True,
    ) -> Found: ...


class PlanTarget(Protocol):
    """What planning asks of a target, as ``registry.push.PushClient`` answers it."""

    def find(self, repository: str, target: str) -> Descriptor | None: ...

    def get_manifest(self, repository: str, target: str) -> FetchedManifest: ...

    def referrers(self, repository: str, subject: Digest) -> Found: ...


OpenSource = Callable[[CopyRequest, CallContext], ImageSource]


def registries(transport: Transport) -> OpenSource:
    """Every image from the registry that its request names."""
    return lambda request, call: RegistryClient(request.from_endpoint, transport, call)
