"""Blobs into a registry: is it there, can it be mounted, and upload sessions step by step (distribution-spec, "Push").

An upload that may have gone wrong half way is never sent again blindly: the registry is asked how far it got. Uploads
go to the registry's own origin only; a Location elsewhere ends them.
"""

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest

from . import paths
from .context import CallContext
from .endpoint import Endpoint
from .errors import (
    BadResponseError,
    BlobUnknownError,
    InvalidUrlError,
    RegistryDeniedError,
    RegistryError,
    RegistrySizeMismatchError,
    RegistryUnauthenticatedError,
    RepositoryUnknownError,
    StorageRefusedError,
)
from .journal import Journal
from .origin import Url
from .push_errors import PiecesRefusedError, StoredOtherwiseError, UploadElsewhereError, UploadLostError
from .refusals import error_codes, refusal
from .request import Reply, Request
from .transport import Transport
from .wire.payload import Payload, Whole

_RANGE = re.compile(r"(?:bytes[= ])?0-([0-9]{1,18})\Z")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_OCTETS: Final = ("Content-Type", "application/octet-stream")
_LOST_CODES: Final = frozenset({"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"})
# No session, or no such request: 403 and the like are about rights, and repeating in another way does not help.
_NO_PIECES: Final = frozenset({400, 405, 411, 413, 415, 422, 501})


@dataclass(frozen=True, slots=True)
class Session:
    """An upload under way: ``url`` is where it goes on, ``offset`` how many bytes the registry has.

    ``least_bytes``: smaller pieces than this are refused, except for the last one.
    """

    repository: str
    url: Url
    offset: int = 0
    least_bytes: int = 0


class Uploads:
    def __init__(self, endpoint: Endpoint, transport: Transport, journal: Journal, call: CallContext) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.journal = journal
        self.call = call

    def has(self, repository: str, blob: Descriptor) -> bool:
        """One HEAD. Raises RegistrySizeMismatchError when what is there has another size than it should."""
        what = self._what(repository, blob.digest)
        url = paths.blob_url(self.endpoint, repository, blob.digest)
        try:
            reply = self._send(Request(what, "HEAD", url, paths.push_scope(repository), is_blob=True))
        except StorageRefusedError:
            return False  # the storage behind the registry does not answer HEAD; an upload is right in any case
        if reply.status == 404:
            return False
        if reply.status != 200:
            raise refusal(reply.answer, BlobUnknownError)
        length = reply.headers.get("content-length") or ""
        if _LENGTH.match(length) and int(length) != blob.size:
            raise RegistrySizeMismatchError(what, blob.size, int(length), reply.answer.exchange())
        return True

    def mount(self, repository: str, digest: Digest, source: str) -> Session | None:
        """The blob from the repository ``source`` of the same registry; a session to upload it where that is refused.

        None when it is mounted.
        """
        what = self._what(repository, digest)
        url = paths.uploads_url(self.endpoint, repository, f"mount={quote(str(digest), safe='')}&from={source}")
        scope = f"{paths.push_scope(repository)} {paths.pull_scope(source)}"
        try:
            reply = self._send(Request(what, "POST", url, scope, payload=Whole(b"")))
        except (RegistryUnauthenticatedError, RegistryDeniedError):
            return self.start(repository, digest)  # who may not read ``source`` may still push
        if reply.status == 201:
            _check_stored(reply, digest)
            return None
        return self._session(reply, repository) if reply.status == 202 else self.start(repository, digest)

    def start(self, repository: str, digest: Digest) -> Session:
        """``digest`` is for messages only."""
        url = paths.uploads_url(self.endpoint, repository)
        request = Request(self._what(repository, digest), "POST", url, paths.push_scope(repository), payload=Whole(b""))
        reply = self._send(request)
        if reply.status != 202:
            raise refusal(reply.answer, RepositoryUnknownError)
        return self._session(reply, repository)

    def ask(self, session: Session, digest: Digest) -> Session | None:
        """How far the registry is; None when it does not know the upload (any more)."""
        reply = self._send(self._request(session, digest, "GET"))
        if reply.status in (200, 202, 204):
            return self._session(reply, session.repository, session)
        if reply.status in (400, 404, 405, 410, 416):
            return None
        raise refusal(reply.answer, RepositoryUnknownError)

    def append(self, session: Session, digest: Digest, piece: Whole) -> Session:
        """The session after ``piece``, which may have been taken in part only.

        Raises UploadLostError, PiecesRefusedError; after a transient error or a 416, which is told as
        UploadLostError as well, ``ask`` tells what to do.
        """
        headers = (_OCTETS, ("Content-Range", f"{session.offset}-{session.offset + piece.length - 1}"))
        reply = self._send(self._request(session, digest, "PATCH", session.url, piece, headers))
        if reply.status not in (201, 202, 204):
            raise _refused(reply, is_piece=True)
        expected = session.offset + piece.length
        after = self._session(reply, session.repository, replace(session, offset=expected))
        if after.offset > expected:
            raise UploadLostError(reply.answer.request.subject, reply.answer.exchange())
        return after

    def commit(self, session: Session, digest: Digest, payload: Payload | None = None) -> None:
        """Ends the upload, ``payload`` being its last bytes; the registry checks the digest over all of them.

        Raises UploadLostError, StoredOtherwiseError.
        """
        joint = "&" if session.url.query else "?"
        url = Url(session.url.origin, f"{session.url.target}{joint}digest={quote(str(digest), safe='')}")
        request = self._request(session, digest, "PUT", url, payload or Whole(b""), (_OCTETS,))
        reply = self._send(request)
        if reply.status not in (200, 201, 202, 204):
            raise _refused(reply, digest)
        _check_stored(reply, digest)

    def give_up(self, session: Session, digest: Digest) -> None:
        """Lets the registry forget the upload. Raises what any request raises."""
        self._send(self._request(session, digest, "DELETE"))

    def go_on(self, repository: str, digest: Digest, url: str) -> Session | None:
        """The session an earlier process left at ``url``; None when it is of no use any more."""
        try:
            place = Url.parse(url)
        except InvalidUrlError:
            return None
        if place.origin != self.endpoint.origin:
            return None
        return self.ask(Session(repository, place), digest)

    def _request(
        self,
        session: Session,
        digest: Digest,
        method: str,
        url: Url | None = None,
        payload: Payload | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Request:
        scope = paths.push_scope(session.repository)
        what = self._what(session.repository, digest)
        return Request(what, method, url or session.url, scope, headers, payload=payload, is_once=payload is not None)

    def _send(self, request: Request) -> Reply:
        cap = self.transport.caps.error_bytes
        return self.transport.fetch(self.endpoint, request, self.call, self.journal, cap)

    def _session(self, reply: Reply, repository: str, before: Session | None = None) -> Session:
        """What the answer says; where it does not, what was true before."""
        url = self._location(reply) or (before.url if before else None)
        if url is None:
            answer = reply.answer
            raise BadResponseError(answer.request.subject, "it names no place to upload to", answer.exchange())
        offset = _offset(reply, before.offset if before else 0)
        least = reply.headers.get("oci-chunk-min-length") or ""
        known = before.least_bytes if before else 0
        return Session(repository, url, offset, int(least) if _LENGTH.match(least) else known)

    def _location(self, reply: Reply) -> Url | None:
        """Raises UploadElsewhereError: neither credentials nor bytes go to another origin."""
        text = reply.headers.get("location")
        if not text:
            return None
        answer = reply.answer
        own = self.endpoint.origin
        try:
            url = answer.url.join(text)
        except InvalidUrlError as error:
            raise BadResponseError(answer.request.subject, error.message, answer.exchange()) from None
        if url.origin != own:
            raise UploadElsewhereError(answer.request.subject, str(own), str(url.origin), answer.exchange())
        return url

    def _what(self, repository: str, digest: Digest) -> str:
        return f"blob {digest} of {paths.subject(self.endpoint, repository)}"


def _offset(reply: Reply, expected: int) -> int:
    """``Range: 0-<last byte>``; ``0-0`` is what registries say of nothing as well as of one byte."""
    match = _RANGE.match((reply.headers.get("range") or "").strip())
    if match is None:
        return expected
    end = int(match[1]) + 1
    return expected if end == 1 and expected <= 1 else 0 if end == 1 else end


def _check_stored(reply: Reply, digest: Digest) -> None:
    said = (reply.headers.get("docker-content-digest") or "").strip()
    if said.startswith(f"{digest.algorithm}:") and said != str(digest):
        answer = reply.answer
        raise StoredOtherwiseError(answer.request.subject, digest, said, answer.exchange())


def _refused(reply: Reply, digest: Digest | None = None, *, is_piece: bool = False) -> RegistryError:
    answer = reply.answer
    codes = set(error_codes(answer.response.excerpt))
    subject, exchange = answer.request.subject, answer.exchange()
    if digest is not None and "DIGEST_INVALID" in codes:
        return StoredOtherwiseError(subject, digest, "other bytes", exchange)
    if reply.status in (404, 410, 416) or codes & _LOST_CODES:
        return UploadLostError(subject, exchange)
    if is_piece and reply.status in _NO_PIECES:
        return PiecesRefusedError(subject, reply.status, exchange)
    return refusal(answer, RepositoryUnknownError)
