"""Manifests and indexes: from a tag or digest to a descriptor, and to bytes that are what the descriptor says.

Headers are hints. What was asked for by digest is checked against that digest; a header's digest against the bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.errors import InvalidDigestError
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import ACCEPT, INDEXES, MANIFESTS, bare

from . import paths
from .context import CallContext
from .endpoint import Endpoint
from .errors import BadResponseError, ManifestUnknownError, RegistryDigestMismatchError
from .journal import Journal
from .refusals import refusal
from .request import Reply, Request
from .transport import Transport

# On one line: some registries read only the first.
_ACCEPT: Final = (("Accept", ", ".join(ACCEPT)),)
_KNOWN: Final = MANIFESTS | INDEXES
_LENGTH = re.compile(r"[0-9]{1,18}\Z")


@dataclass(frozen=True, slots=True)
class FetchedManifest:
    """Bytes whose digest is ``descriptor.digest``; ``content_type`` as the registry said it."""

    raw: bytes
    descriptor: Descriptor
    content_type: str | None = None

    def parse(self) -> Manifest | Index:
        """Raises what oci.documents.parse_document raises."""
        return parse_document(self.raw, self.content_type)


class Manifests:
    """``scope_of``: what a token must allow to ask about a repository."""

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        journal: Journal,
        call: CallContext,
        scope_of: Callable[[str], str] = paths.pull_scope,
    ) -> None:
        self.endpoint = endpoint
        self.scope_of = scope_of
        self.transport = transport
        self.journal = journal
        self.call = call

    def resolve(self, repository: str, target: str) -> Descriptor:
        """One HEAD, which costs no pull quota; a GET only where the answer does not tell enough, or says no."""
        reply = self._ask("HEAD", repository, target)
        if reply.status == 401:
            raise refusal(reply.answer, ManifestUnknownError)
        found = _from_head(reply, target) if reply.status == 200 else None
        # Other refusals of a HEAD have no body to say why, and some registries refuse HEAD as such.
        return found or self.get(repository, target).descriptor

    def get(self, repository: str, target: str) -> FetchedManifest:
        reply = self._ask("GET", repository, target)
        if reply.status != 200:
            raise refusal(reply.answer, ManifestUnknownError)
        digest = _checked_digest(reply, target)
        content_type = reply.headers.get("content-type")
        media_type = bare(content_type)
        if media_type == "text/html":
            raise BadResponseError(reply.answer.request.subject, "it is a web page", reply.answer.exchange())
        if media_type not in _KNOWN:
            media_type = _parsed(reply, content_type).media_type
        return FetchedManifest(reply.body, Descriptor(media_type, digest, len(reply.body)), content_type)

    def _ask(self, method: str, repository: str, target: str) -> Reply:
        url = paths.manifest_url(self.endpoint, repository, target)
        what = paths.subject(self.endpoint, repository, target)
        request = Request(what, method, url, self.scope_of(repository), _ACCEPT)
        cap = self.transport.caps.manifest_bytes
        return self.transport.fetch(self.endpoint, request, self.call, self.journal, cap)


def _from_head(reply: Reply, target: str) -> Descriptor | None:
    """None where digest, size or media type are not to be had from the headers, or speak against what was asked."""
    digest = _said_digest(reply)
    if ":" in target:
        wanted = Digest.parse(target)
        if digest is not None and digest.algorithm == wanted.algorithm and digest != wanted:
            return None
        digest = wanted
    media_type = bare(reply.headers.get("content-type"))
    length = reply.headers.get("content-length") or ""
    if digest is None or media_type not in _KNOWN or not _LENGTH.match(length):
        return None
    return Descriptor(media_type, digest, int(length))


def _checked_digest(reply: Reply, target: str) -> Digest:
    """The digest asked for, else the one the registry says, else ours; each of them checked over the bytes."""
    said = _said_digest(reply)
    asked = Digest.parse(target) if ":" in target else None
    actual = None
    for expected in (asked, said):
        if expected is not None:
            actual = Digest.of(reply.body, expected.algorithm)
            if actual != expected:
                what = reply.answer.request.subject
                raise RegistryDigestMismatchError(what, expected, actual, reply.answer.exchange())
    return asked or said or Digest.of(reply.body)


def _said_digest(reply: Reply) -> Digest | None:
    text = reply.headers.get("docker-content-digest")
    try:
        return Digest.parse(text.strip()) if text else None
    except InvalidDigestError:
        return None


def _parsed(reply: Reply, content_type: str | None) -> Manifest | Index:
    """Parsed to learn its media type; what is wrong with it carries where it came from."""
    try:
        return parse_document(reply.body, content_type)
    except AppError as error:
        error.exchange = reply.answer.exchange()  # type: ignore[attr-defined]  # as every error from here carries it
        raise
