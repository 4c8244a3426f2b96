"""Misbehaviour on order for the fake registry: wrong bytes, broken connections, stalls, any answer at all."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pierhead.oci.digest import Digest


class Then(Enum):
    """What happens to a blob's body after so many bytes."""

    CUT = "the connection ends"
    FLIP = "one byte is wrong, the length is right"
    HOLD = "nothing more comes until the fault is released"


@dataclass(slots=True)
class BlobFault:
    """Hits the next ``times`` answers that carry the blob. ``reached`` is set when one is hit."""

    then: Then
    after_bytes: int = 0
    times: int = 1
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class UploadFault:
    """Hits ``times`` requests of an upload, behind the first ``skip`` of them: so much of the body is kept.

    Then that ``status`` is answered; None ends the connection without an answer.
    """

    method: str
    keep_bytes: int
    status: int | None = None
    times: int = 1
    skip: int = 0


@dataclass(slots=True)
class Scripted:
    """A ready answer to the next ``times`` requests of this method whose path ends so."""

    method: str
    path_end: str
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1


class Faults:
    """The orders. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: dict[Digest, BlobFault] = {}
        self._scripted: list[Scripted] = []

    def hit_blob(self, digest: Digest, fault: BlobFault) -> BlobFault:
        with self._lock:
            self._blobs[digest] = fault
        return fault

    def script(self, answer: Scripted) -> None:
        with self._lock:
            self._scripted.append(answer)

    def take_blob(self, digest: Digest) -> BlobFault | None:
        with self._lock:
            fault = self._blobs.get(digest)
            if fault is None or fault.times <= 0:
                return None
            fault.times -= 1
            return fault

    def take_script(self, method: str, path: str) -> Scripted | None:
        with self._lock:
            for answer in self._scripted:
                if answer.times > 0 and answer.method == method and path.endswith(answer.path_end):
                    answer.times -= 1
                    return answer
            return None

    def release_all(self) -> None:
        with self._lock:
            for fault in self._blobs.values():
                fault.released.set()
