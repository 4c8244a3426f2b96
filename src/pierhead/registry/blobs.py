"""Blobs as streams that heal themselves: a broken one goes on where it stopped, from the registry, by Range.

Length is checked here, the digest by whoever gets the bytes: only they see them once.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.errors import DigestMismatchError

from . import paths
from .context import CallContext
from .endpoint import Endpoint
from .errors import (
    BadResponseError,
    BlobUnknownError,
    BodyTooLargeError,
    CallCancelledError,
    DeadlineExceededError,
    RegistryDigestMismatchError,
    RegistryError,
    RegistrySizeMismatchError,
    ShortBodyError,
)
from .exchange import Exchange
from .journal import Journal
from .refusals import refusal
from .request import Answer, Request
from .transport import Transport

_CONTENT_RANGE = re.compile(r"bytes[ \t]+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)\Z", re.IGNORECASE)
# So much progress earns a fresh count of failures; less would let a server drip us dry.
_PROGRESS_BYTES: Final = MIB
_SCRATCH_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class ContentRange:
    """``total`` is None where the server wrote ``*``. Positions in bytes, ``last`` included."""

    first: int
    last: int
    total: int | None

    @classmethod
    def parse(cls, text: str) -> "ContentRange | None":
        match = _CONTENT_RANGE.match(text.strip())
        if match is None or int(match[1]) > int(match[2]):
            return None
        return cls(int(match[1]), int(match[2]), None if match[3] == "*" else int(match[3]))


class Blobs:
    def __init__(self, endpoint: Endpoint, transport: Transport, journal: Journal, call: CallContext) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.journal = journal
        self.call = call

    def open(self, repository: str, descriptor: Descriptor, offset: int = 0) -> "BlobBody":
        what = f"blob {descriptor.digest} of {paths.subject(self.endpoint, repository)}"
        url = paths.blob_url(self.endpoint, repository, descriptor.digest)
        request = Request(what, "GET", url, paths.pull_scope(repository), is_blob=True)
        return BlobBody(self, request, descriptor.size, offset)

    def get(self, repository: str, descriptor: Descriptor, cap_bytes: int) -> bytes:
        if descriptor.size > cap_bytes:
            what = f"blob {descriptor.digest} of {paths.subject(self.endpoint, repository)}"
            raise BodyTooLargeError(what, cap_bytes)
        data = bytearray(descriptor.size)
        view = memoryview(data)
        with self.open(repository, descriptor) as body:
            while body.readinto(view[body.position :]):
                pass
        verifier = descriptor.digest.verifier()
        verifier.update(data)
        try:
            verifier.check(body.what, descriptor.size)
        except DigestMismatchError as error:
            raise RegistryDigestMismatchError(error.what, error.expected, error.actual, body.exchange) from None
        return bytes(data)


class BlobBody:
    """``position`` is the offset in the blob of the next byte. Close it, or use it as a context manager."""

    def __init__(self, blobs: Blobs, request: Request, size: int, offset: int) -> None:
        if not 0 <= offset <= size:
            raise ValueError(f"offset {offset} is not within 0 and {size}")
        self.what = request.subject
        self.size = size
        self.position = offset
        self._blobs = blobs
        self._request = request
        self._answer: Answer | None = None
        self._patience = blobs.transport.patience(blobs.call)
        self._progress_at = offset
        self._may_use_range = True
        # A blob that is already whole needs no request.
        if self.position < self.size or self.size == 0:
            self._answer = self._reopened()

    def readinto(self, view: memoryview) -> int:
        """Up to ``len(view)`` bytes; 0 at the end, when exactly ``size`` bytes have come. Raises a RegistryError."""
        left = self.size - self.position
        if left <= 0:
            self._finish()
            return 0
        if len(view) > left:
            view = view[:left]
        while True:
            answer = self._answer
            if answer is None:
                answer = self._answer = self._reopened()
            try:
                count = answer.response.readinto(view)
            except RegistryError as error:
                self._recover(error)
                continue
            if count:
                self.position += count
                return count
            self._recover(ShortBodyError(self.what, self.position, self.size))

    @property
    def exchange(self) -> Exchange | None:
        return self._answer.exchange() if self._answer is not None else self._blobs.journal.last_exchange

    def close(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()

    def __enter__(self) -> "BlobBody":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recover(self, error: RegistryError) -> None:
        """Returns when it is time to open again; the registry then gives a fresh redirect, too."""
        error.exchange = error.exchange or self.exchange
        self.close()
        if self.position - self._progress_at >= _PROGRESS_BYTES:
            self._patience.renew()
            self._progress_at = self.position
        self._patience.after(error)

    def _reopened(self) -> Answer:
        """An answer whose next byte is that at ``position``."""
        while True:
            answer = self._open()
            if answer.status == 416 and self.position and self._may_use_range:
                answer.close()
                self._may_use_range = False
                continue
            try:
                skip = self._checked(answer)
                self._discard(answer, skip)
                return answer
            except RegistryError as error:
                answer.close()
                error.exchange = error.exchange or answer.exchange()
                self._patience.after(error)
            except BaseException:
                answer.close()
                raise

    def _open(self) -> Answer:
        request = self._request
        if self.position and self._may_use_range:
            request = replace(request, headers=(("Range", f"bytes={self.position}-"),))
        return self._blobs.transport.open(self._blobs.endpoint, request, self._blobs.call, self._blobs.journal)

    def _checked(self, answer: Answer) -> int:
        """How many bytes of the body come before ``position``. Raises for what is not this blob's rest."""
        if answer.status == 200:
            length = answer.response.length
            if length is not None and length != self.size:
                raise RegistrySizeMismatchError(self.what, self.size, length)
            return self.position
        if answer.status == 206:
            self._check_range(answer)
            return 0
        raise refusal(answer, BlobUnknownError)

    def _check_range(self, answer: Answer) -> None:
        text = answer.headers.get("content-range") or ""
        given = ContentRange.parse(text)
        length = answer.response.length
        if (
            given is None
            or given.first != self.position
            or given.last >= self.size
            or (length is not None and length != given.last - given.first + 1)
        ):
            raise BadResponseError(self.what, f"asked for bytes from {self.position:,} on, it sends {text[:80]!r}")
        if given.total is not None and given.total != self.size:
            raise RegistrySizeMismatchError(self.what, self.size, given.total)

    def _discard(self, answer: Answer, count: int) -> None:
        """Reads over what is already there, when the server does not know Range."""
        scratch = memoryview(bytearray(min(_SCRATCH_BYTES, count)))
        while count:
            read = answer.response.readinto(scratch[:count])
            if read == 0:
                raise ShortBodyError(self.what, self.position - count, self.size)
            count -= read

    def _finish(self) -> None:
        """All bytes are there; an answer without length must have no more."""
        answer = self._answer
        if answer is None or answer.response.is_done:
            return
        try:
            extra = answer.response.readinto(memoryview(bytearray(1)))
        except (CallCancelledError, DeadlineExceededError):
            raise
        except RegistryError:
            extra = 0  # the end was broken, the bytes are whole: the digest decides
        if extra:
            exchange = answer.exchange()
            self.close()
            raise RegistrySizeMismatchError(self.what, self.size, self.size + extra, exchange)
