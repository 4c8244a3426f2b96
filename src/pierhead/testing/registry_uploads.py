"""Uploads of the fake registry: sessions, mounts, and how docker-registry loses count of a broken one.

docker-registry writes into each Location how many bytes it has, and knows an upload only by the newest Location: after
a broken request nobody has that. ``remembers`` is how the specification means it: every Location leads to the upload.
"""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from pierhead.oci.digest import Digest

from .registry_access import Refusal
from .registry_content import RegistryContent
from .registry_faults import UploadFault

if TYPE_CHECKING:
    from .registry_routes import Request


@dataclass(frozen=True, slots=True)
class Outcome:
    """``is_silent``: the connection ends without an answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    is_silent: bool = False


_LOST = Refusal(404, "BLOB_UPLOAD_INVALID", "blob upload invalid")
_UNKNOWN = Refusal(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")


@dataclass(slots=True)
class Uploads:
    """Thread-safe. ``least_bytes``: what is said in OCI-Chunk-Min-Length; ``mounts``: whether mounting is allowed."""

    content: RegistryContent
    remembers: bool = False
    mounts: bool = True
    least_bytes: int = 0
    fault: UploadFault | None = None
    received_bytes: int = 0
    sessions: dict[str, bytearray] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, request: "Request") -> Outcome:
        """Raises InvalidDigestError for a digest that is none."""
        with self._lock:
            self.received_bytes += len(request.body)
            return self._start(request) if request.method == "POST" else self._go_on(request)

    def _start(self, request: "Request") -> Outcome:
        mount, origin = _argument(request, "mount"), _argument(request, "from")
        found = self.content.find_blob(origin, Digest.parse(mount)) if mount and origin and self.mounts else None
        if found is not None:
            self.content.put_blob(request.name, Digest.parse(mount), found)
            return _created(request, Digest.parse(mount))
        session = uuid.uuid4().hex
        self.sessions[session] = bytearray()
        return self._state(request, session, 202)

    def _go_on(self, request: "Request") -> Outcome:
        data = self.sessions.get(request.target)
        if data is None:
            return _refused(_UNKNOWN)
        state = _argument(request, "_state")
        if not self.remembers and state != str(len(data)):
            return _refused(_LOST)
        if request.method == "DELETE":
            del self.sessions[request.target]
            return Outcome(204)
        if request.method == "GET":
            return self._state(request, request.target, 204)
        fault = self._taken_fault(request)
        if fault is not None or request.is_cut:
            data += request.body if fault is None else request.body[: fault.keep_bytes]
            status = fault.status if fault is not None else None
            return Outcome(0, is_silent=True) if status is None else _refused(Refusal(status, "UNKNOWN", "a fault"))
        if self.remembers and not _continues(request, len(data)):
            return _refused(Refusal(416, "RANGE_INVALID", "not where the upload is"))
        data += request.body
        if request.method != "PUT":
            return self._state(request, request.target, 202)
        return self._store(request, bytes(self.sessions.pop(request.target)))

    def _taken_fault(self, request: "Request") -> UploadFault | None:
        fault = self.fault
        if fault is None or fault.method != request.method or fault.times <= 0:
            return None
        if fault.skip > 0:
            fault.skip -= 1
            return None
        fault.times -= 1
        return fault

    def _state(self, request: "Request", session: str, status: int) -> Outcome:
        size = len(self.sessions[session])
        location = f"/v2/{request.name}/blobs/uploads/{session}?_state={size}"
        headers = {"Location": location, "Range": f"0-{max(0, size - 1)}", "Docker-Upload-UUID": session}
        return Outcome(status, headers | ({"OCI-Chunk-Min-Length": str(self.least_bytes)} if self.least_bytes else {}))

    def _store(self, request: "Request", data: bytes) -> Outcome:
        digest = Digest.parse(_argument(request, "digest"))
        if Digest.of(data, digest.algorithm) != digest:
            return _refused(Refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content"))
        self.content.put_blob(request.name, digest, data)
        return _created(request, digest)


def _continues(request: "Request", size: int) -> bool:
    text = request.headers.get("Content-Range")
    return text is None or text.partition("-")[0] == str(size)


def _refused(refusal: Refusal) -> Outcome:
    return Outcome(refusal.status, refusal=refusal)


def _created(request: "Request", digest: Digest) -> Outcome:
    headers = {"Location": f"/v2/{request.name}/blobs/{digest}", "Docker-Content-Digest": str(digest)}
    return Outcome(201, headers)


def _argument(request: "Request", name: str) -> str:
    return parse_qs(request.query).get(name, [""])[0]
