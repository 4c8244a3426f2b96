"""What can be asked of a registry. Thread-safe; costs nothing until asked; raises only AppErrors.

No ping before work: the first request asks what is wanted, and credentials follow when the registry asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest

from .blobs import BlobBody, Blobs
from .context import CallContext
from .endpoint import Endpoint
from .exchange import Exchange
from .journal import Journal, RateLimit
from .manifests import FetchedManifest, Manifests
from .referrers import Found, Referrers
from .tags import Lists
from .transport import Transport

if TYPE_CHECKING:
    from .probe import Probe


class RegistryClient:
    """For one endpoint, over a transport shared with others. ``call`` bounds every call made with this client."""

    def __init__(self, endpoint: Endpoint, transport: Transport, call: CallContext | None = None) -> None:
        self.endpoint = endpoint
        self._journal = Journal()
        self._parts = parts = (endpoint, transport, self._journal, call or CallContext())
        self._manifests = Manifests(*parts)
        self._blobs = Blobs(*parts)
        self._lists = Lists(*parts)
        self._referrers = Referrers(self._manifests)

    def resolve(self, repository: str, target: str) -> Descriptor:
        """What the tag or digest ``target`` is now; a digest stays itself. Raises ManifestUnknownError and others."""
        return self._manifests.resolve(repository, target)

    def get_manifest(self, repository: str, target: str) -> FetchedManifest:
        """A manifest or index, at most 4 MiB, its digest checked over the bytes."""
        return self._manifests.get(repository, target)

    def open_blob(self, repository: str, descriptor: Descriptor, offset: int = 0) -> BlobBody:
        """A blob from ``offset`` on as a stream that resumes by itself. The caller checks the digest."""
        return self._blobs.open(repository, descriptor, offset)

    def get_blob(self, repository: str, descriptor: Descriptor, cap_bytes: int) -> bytes:
        """A whole small blob, its digest checked. Raises BodyTooLargeError before asking when it is over the cap."""
        return self._blobs.get(repository, descriptor, cap_bytes)

    def list_tags(self, repository: str, *, page_size: int | None = None) -> Iterator[tuple[str, ...]]:
        """Pages of tags in the registry's order, each tag once, at most 100,000. Asks for a page when it is wanted."""
        return self._lists.tags(repository, page_size)

    def referrers(
        self,
        repository: str,
        subject: Digest,
        artifact_type: str | None = None,
        *,
        has_api: bool = True,
        has_tag: bool = True,
    ) -> Found:
        """What refers to ``subject`` (signatures, SBOMs), by the API or else the fallback tag; at most 1,000.

        ``has_api``, ``has_tag`` False: known not to be there, and so not asked for.
        """
        return self._referrers.of(repository, subject, artifact_type, has_api=has_api, has_tag=has_tag)

    def list_repositories(self, *, page_size: int | None = None) -> Iterator[tuple[str, ...]]:
        """Pages of repository names. Raises NotOfferedError where the registry does not list them."""
        return self._lists.repositories(page_size)

    def probe(self) -> Probe:
        """What the registry says at /v2/, anonymous and as who we are."""
        from .probe import Prober  # for connection tests only, so no pull pays for it

        return Prober(*self._parts).probe()

    def rights(self, repository: str) -> frozenset[str] | None:
        """What our credential may do to the repository, without doing it; None when that cannot be told."""
        from .rights import Rights  # as above

        return Rights(*self._parts).of(repository)

    @property
    def rate_limit(self) -> RateLimit | None:
        """As last seen in an answer."""
        return self._journal.rate_limit

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the registry warned of (Warning: 299), each text once."""
        return self._journal.warnings

    @property
    def last_exchange(self) -> Exchange | None:
        return self._journal.last_exchange
