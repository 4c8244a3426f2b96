"""One blob from source to target: not at all when it is there, by a mount, in one request, or piece by piece.

Every byte is hashed here on its way, and the target checks the digest over what it got. Only bytes that an earlier
process sent cannot be hashed again by us; then the target's own check at the commit and a HEAD behind it must confirm.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

from pierhead.kit.errors import AppError, IntegrityError
from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.registry.errors import RegistryError, RegistryRateLimitedError, RequestRefusedError
from pierhead.registry.push import PushClient
from pierhead.registry.push_errors import PiecesRefusedError, StoredOtherwiseError
from pierhead.registry.uploads import Session
from pierhead.registry.wire.payload import Payload, Streamed, Whole
from pierhead.worker.failures import Subject

from .blame import blamed, blamed_on
from .checkpoint import UploadBook, upload_key
from .errors import NotConfirmedError
from .meter import CopyMeter
from .reader import BlobReader, Piece
from .source import ImageSource

PIECE_BYTES: Final = 8 * MIB
_LARGEST_PIECE: Final = 16 * MIB
_SMALLEST_PIECE: Final = MIB
_TOO_LARGE: Final = 413
_MAX_BEGINNINGS: Final = 5


class How(Enum):
    PRESENT = "present"
    MOUNTED = "mounted"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class Source:
    """``subject``: whom to name when it goes wrong."""

    client: ImageSource
    repository: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class Target:
    """``mount_from``: a repository of the same registry that should have the blob. ``subject`` as in Source."""

    client: PushClient
    repository: str
    subject: Subject
    mount_from: str | None = None


class BlobCopy:
    """Used once: ``run``."""

    def __init__(self, blob: Descriptor, source: Source, target: Target, book: UploadBook, meter: CopyMeter) -> None:
        self._blob = blob
        self._source = source
        self._target = target
        self._uploads = target.client.uploads
        self._book = book
        self._key = upload_key(target.client.endpoint, target.repository, blob.digest)
        self._meter = meter
        self._piece_bytes = PIECE_BYTES
        self._in_pieces = blob.size > PIECE_BYTES
        self._beginnings = 0
        self._patience = target.client.transport.patience(target.client.call)

    def run(self) -> How:
        """Raises RegistryError, DigestMismatchError, NotConfirmedError; each marked with the side it is about."""
        with blamed_on(self._target.subject):
            if self._uploads.has(self._target.repository, self._blob):
                return How.PRESENT
            session = self._left_over() or self._begun()
            if session is None:
                return How.MOUNTED
            self._upload(session)
            self._book.forget(self._key)
            return How.COPIED

    def _left_over(self) -> Session | None:
        """An upload that an earlier attempt began, as far as the target says it got."""
        url = self._book.left_over(self._key)
        session = self._uploads.go_on(self._target.repository, self._blob.digest, url) if url else None
        return session if session is not None and session.offset <= self._blob.size else None

    def _begun(self) -> Session | None:
        if self._target.mount_from is not None:
            return self._uploads.mount(self._target.repository, self._blob.digest, self._target.mount_from)
        return self._anew()

    def _anew(self) -> Session:
        self._beginnings += 1
        self._book.forget(self._key)
        return self._uploads.start(self._target.repository, self._blob.digest)

    def _upload(self, session: Session | None) -> None:
        with self._reader() as reader:
            while session is not None:
                try:
                    session = self._fill(session, reader)
                    self._commit(session, reader)
                    return
                except IntegrityError as error:
                    session = self._after_wrong_bytes(session, reader, error)
                except RegistryError as error:
                    if blamed(error) is not None:  # it is the source that broke
                        raise
                    session = self._after(session, error)

    def _fill(self, session: Session, reader: BlobReader) -> Session:
        """Piece by piece to the end; nothing where the commit carries it all."""
        self._in_pieces = (self._in_pieces or session.offset > 0) and session.least_bytes <= _LARGEST_PIECE
        size = max(self._piece_bytes, session.least_bytes)
        self._meter.done = session.offset
        while self._in_pieces and session.offset < self._blob.size:
            piece = Whole(reader.piece(session.offset, size), partial(reader.read_ahead, size))
            before, session = session.offset, self._uploads.append(session, self._blob.digest, piece)
            self._meter.done = session.offset
            self._book.note(self._key, str(session.url), session.offset)
            if session.offset > before:
                self._patience.renew()
        return session

    def _commit(self, session: Session, reader: BlobReader) -> None:
        self._uploads.commit(session, self._blob.digest, self._rest(session, reader))
        if not reader.is_whole and not self._uploads.has(self._target.repository, self._blob):
            raise NotConfirmedError(self._target.subject.what, self._blob.digest)
        self._meter.done = self._blob.size

    def _rest(self, session: Session, reader: BlobReader) -> Payload | None:
        """What the commit has to carry. What is known to be wrong by then is not committed at all."""
        if session.offset == self._blob.size:
            if reader.is_whole:
                reader.check()
            return None
        if self._blob.size > PIECE_BYTES:
            return Streamed(self._blob.size, reader.stream())
        piece = reader.piece(0, self._blob.size)
        reader.check()
        return Whole(piece)

    def _after(self, session: Session, error: RegistryError) -> Session | None:
        """Where to go on after an error of the target, None when the blob turns out to be there; else raises it."""
        if isinstance(error, PiecesRefusedError) or getattr(error, "status", None) == _TOO_LARGE:
            return self._in_another_way(error)
        if self._in_pieces or not isinstance(error, RegistryRateLimitedError):
            self._patience.after(error)  # a piece was sent again as often as is right; the next request waits for both
        if not self._in_pieces and self._uploads.has(self._target.repository, self._blob):
            return None  # the commit did arrive, its answer did not
        found = self._uploads.ask(session, self._blob.digest)
        if found is not None and found.offset <= self._blob.size and (self._in_pieces or found.offset == 0):
            return found
        if self._uploads.has(self._target.repository, self._blob):
            return None
        return self._again(error)

    def _in_another_way(self, error: RegistryError) -> Session:
        """In smaller pieces where these are too large, and in one request where no pieces are taken."""
        if isinstance(error, RequestRefusedError) and not self._in_pieces:
            self._in_pieces, self._piece_bytes = True, _SMALLEST_PIECE
        elif getattr(error, "status", None) == _TOO_LARGE and self._piece_bytes > _SMALLEST_PIECE:
            self._piece_bytes = _SMALLEST_PIECE
        elif isinstance(error, PiecesRefusedError) and self._in_pieces:
            self._in_pieces = False
        else:
            raise error
        return self._again(error)

    def _again(self, error: AppError) -> Session:
        if self._beginnings >= _MAX_BEGINNINGS:
            raise error
        return self._anew()

    def _after_wrong_bytes(self, session: Session, reader: BlobReader, error: IntegrityError) -> Session:
        """Bytes of an earlier attempt were no good: all of them anew. Wrong bytes of this attempt are the end."""
        self._book.forget(self._key)
        if isinstance(error, StoredOtherwiseError) and not reader.is_whole:
            return self._again(error)
        with suppress(AppError):
            self._uploads.give_up(session, self._blob.digest)
        raise error

    def _reader(self) -> BlobReader:
        source = self._source
        pieces = _pieces() if self._blob.size > PIECE_BYTES else (Piece(), Piece())
        return BlobReader(source.client, source.repository, self._blob, source.subject, self._meter, pieces)


_of_thread = threading.local()


def _pieces() -> tuple[Piece, Piece]:
    """Each thread has two rooms of the size of a piece, and uses them again."""
    rooms: tuple[memoryview, memoryview] | None = getattr(_of_thread, "rooms", None)
    if rooms is None:
        rooms = _of_thread.rooms = (memoryview(bytearray(PIECE_BYTES)), memoryview(bytearray(PIECE_BYTES)))
    return Piece(rooms[0]), Piece(rooms[1])
