"""One blob of the source, read forward piece by piece, each byte hashed the first time it comes.

The piece given last is kept, so that a target that took only a part of it gets the rest without another fetch. While
the target works on it, the next one can be read ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.worker.failures import Subject

from .blame import blamed_on
from .meter import CopyMeter
from .source import Body, ImageSource

_READ_BYTES: Final = MIB  # more falls out of the processor's cache before it is hashed


@dataclass(slots=True)
class Piece:
    """What of the blob is in ``room``: from ``start`` up to ``end``."""

    room: memoryview = field(default_factory=lambda: memoryview(bytearray(0)))
    start: int = 0
    end: int = 0

    def begin(self, offset: int) -> None:
        self.start = self.end = offset

    def make_room(self, size: int) -> None:
        """At least ``size`` bytes; what is there stays."""
        if len(self.room) < size:
            room = memoryview(bytearray(size))
            room[: len(self.room)] = self.room
            self.room = room

    def take(self, offset: int, size: int) -> memoryview | None:
        """Up to ``size`` bytes from ``offset`` on; None when they are not here."""
        if not self.start <= offset < self.end:
            return None
        at = offset - self.start
        return self.room[at : min(self.end - self.start, at + size)]


class BlobReader:
    """Not for several threads at once; a context manager that closes. ``pieces`` are what is read into."""

    def __init__(
        self,
        client: ImageSource,
        repository: str,
        blob: Descriptor,
        subject: Subject,
        meter: CopyMeter,
        pieces: tuple[Piece, Piece],
    ) -> None:
        self._client = client
        self._repository = repository
        self._blob = blob
        self._subject = subject
        self._meter = meter
        self._given, self._next = pieces
        self._body: Body | None = None
        self._hashed = 0  # bytes from the first one on, without a gap
        self._verifier = blob.digest.verifier()

    def piece(self, offset: int, size: int) -> memoryview:
        """``size`` bytes of the blob from ``offset`` on, fewer at its end; they stay as they are until the next call.

        What a target took only in part is given again to the end of what is here.
        """
        if (known := self._given.take(offset, size)) is not None:
            return known
        if self._next.start == offset:
            self._given, self._next = self._next, self._given
        else:
            self._given.begin(offset)
        while self._read(self._given, size):
            pass
        return self._given.room[: self._given.end - offset]

    def read_ahead(self, size: int) -> bool:
        """Some bytes of the piece behind the one given last; False when there is no more to do for now."""
        if self._next.start != self._given.end:
            self._next.begin(self._given.end)
        try:
            return self._read(self._next, size)
        except AppError:  # ``piece`` will meet it again, and say so
            self.close()
            return False

    def stream(self) -> Iterator[memoryview]:
        """The whole blob from its beginning on, in small pieces; the last one only when the digest is right."""
        offset = 0
        while offset < self._blob.size:
            piece = self.piece(offset, _READ_BYTES)
            offset += len(piece)
            if offset == self._blob.size:
                self.check()
            yield piece

    @property
    def is_whole(self) -> bool:
        """Whether every byte passed through the hash; not so when an earlier attempt sent the first ones."""
        return self._hashed == self._blob.size

    def check(self) -> None:
        """Raises DigestMismatchError: the source sent something else."""
        with blamed_on(self._subject):
            self._verifier.check(f"blob {self._blob.digest} of {self._subject.what}", self._blob.size)

    def close(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def __enter__(self) -> "BlobReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, piece: Piece, size: int) -> bool:
        """Some bytes more; False when the piece has its ``size`` bytes, or all that there are."""
        size = min(size, self._blob.size - piece.start)
        at = piece.end - piece.start
        if at >= size:
            return False
        piece.make_room(size)
        with blamed_on(self._subject):
            body = self._at(piece.end)
            count = body.readinto(piece.room[at : min(size, at + _READ_BYTES)])
            self._take(piece.end, piece.room[at : at + count])
            piece.end += count
            if piece.end == self._blob.size:
                body.readinto(piece.room[:0])  # ends it, so that its connection may serve again
        return count > 0 and at + count < size

    def _take(self, offset: int, data: memoryview) -> None:
        known = self._hashed - offset
        if 0 <= known < len(data):
            self._verifier.update(data[known:])
            self._hashed = offset + len(data)
        self._meter.fetched += len(data)

    def _at(self, offset: int) -> Body:
        if self._body is None or self._body.position != offset:
            self.close()
            self._body = self._client.open_blob(self._repository, self._blob, offset)
        return self._body
