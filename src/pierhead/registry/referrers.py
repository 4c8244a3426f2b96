"""What refers to an image: signatures, SBOMs, attestations (distribution-spec 1.1, "Listing Referrers").

A registry without that API keeps the list under the tag ``sha256-<hex>``. More than 1,000 referrers of one image are
refused, not cut: whoever trusts the list must not be shown a part of it.
"""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.index import Index
from pierhead.oci.media_types import OCI_INDEX, bare

from . import paths
from .errors import BadResponseError, BodyTooLargeError, ManifestUnknownError, RepositoryUnknownError
from .manifests import Manifests
from .refusals import refusal
from .request import Reply, Request
from .tags import next_page

MAX_REFERRERS: Final = 1000
_ACCEPT: Final = (("Accept", OCI_INDEX),)
# A registry that does not know the API says one of these; 404 is what the specification wants of it.
_NOT_OFFERED: Final = (400, 404, 405, 406, 410)


@dataclass(frozen=True, slots=True)
class Found:
    """``is_by_api`` False: they stand under the fallback tag, or nowhere, for the registry has no API for them."""

    referrers: tuple[Descriptor, ...]
    is_by_api: bool


def fallback_tag(subject: Digest) -> str:
    """Where referrers are listed by a registry that has no API for them; cut to what a tag may be."""
    return f"{subject.algorithm}-{subject.encoded}"[:128]


class Referrers:
    """Asks through ``manifests``, with the rights and the journal of those."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests

    def of(
        self,
        repository: str,
        subject: Digest,
        artifact_type: str | None = None,
        *,
        has_api: bool = True,
        has_tag: bool = True,
    ) -> Found:
        """Each referrer once. ``has_api``, ``has_tag`` False: known not to be there, and so not asked for.

        Raises RegistryError and what is wrong with the list as a document.
        """
        listed = self._by_api(repository, subject, artifact_type) if has_api else None
        entries: tuple[Descriptor, ...] | list[Descriptor] = listed or ()
        if listed is None and has_tag:
            entries = self._by_tag(repository, subject)
        wanted = (entry for entry in entries if artifact_type in (None, entry.artifact_type))
        return Found(tuple({entry.digest: entry for entry in wanted}.values()), listed is not None)

    def _by_api(self, repository: str, subject: Digest, artifact_type: str | None) -> list[Descriptor] | None:
        """None where the registry has no such API. Its filter is a hint: what it lets pass is looked at again."""
        endpoint = self._manifests.endpoint
        query = f"artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
        url = paths.referrers_url(endpoint, repository, subject, query)
        what = f"referrers of {paths.subject(endpoint, repository, str(subject))}"
        request = Request(what, "GET", url, self._manifests.scope_of(repository), _ACCEPT)
        reply = self._ask(request)
        if reply.status in _NOT_OFFERED or (reply.status == 200 and not _is_index(reply)):
            return None
        found: list[Descriptor] = []
        asked: set[str] = set()
        while True:
            if reply.status != 200:
                raise refusal(reply.answer, RepositoryUnknownError)
            found += _entries(reply, reply.body, reply.headers.get("content-type"))
            if len(found) > MAX_REFERRERS:
                raise BodyTooLargeError(what, MAX_REFERRERS, "referrers", reply.answer.exchange())
            following = next_page(reply)
            if following is None:
                return found
            if following.target in asked:
                raise BadResponseError(what, "its pages do not end", reply.answer.exchange())
            asked.add(following.target)
            reply = self._ask(replace(request, url=following))

    def _by_tag(self, repository: str, subject: Digest) -> tuple[Descriptor, ...]:
        try:
            fetched = self._manifests.get(repository, fallback_tag(subject))
        except (ManifestUnknownError, RepositoryUnknownError):
            return ()
        document = fetched.parse()
        entries = document.manifests if isinstance(document, Index) else ()
        if len(entries) > MAX_REFERRERS:
            what = f"referrers of {paths.subject(self._manifests.endpoint, repository, str(subject))}"
            raise BodyTooLargeError(what, MAX_REFERRERS, "referrers")
        return entries

    def _ask(self, request: Request) -> Reply:
        manifests = self._manifests
        cap = manifests.transport.caps.manifest_bytes
        return manifests.transport.fetch(manifests.endpoint, request, manifests.call, manifests.journal, cap)


def _is_index(reply: Reply) -> bool:
    return bare(reply.headers.get("content-type")) == OCI_INDEX


def _entries(reply: Reply, raw: bytes, content_type: str | None) -> tuple[Descriptor, ...]:
    try:
        document = parse_document(raw, content_type)
    except AppError as error:
        error.exchange = reply.answer.exchange()  # type: ignore[attr-defined]  # as every error from here carries it
        raise
    if not isinstance(document, Index):
        raise BadResponseError(reply.answer.request.subject, "it is no index", reply.answer.exchange())
    return document.manifests
