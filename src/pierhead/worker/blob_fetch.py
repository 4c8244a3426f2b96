"""One blob from one repository into a layout: what an earlier try left is kept, every byte is hashed, once."""

import threading
from enum import Enum

from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.registry.client import RegistryClient

from .blob_board import Meter
from .runtimes.blob_ingest import BlobIngest
from .runtimes.blob_store import BlobStore, Held


class Fetch(Enum):
    STORED = "stored"
    PRESENT = "present"
    BUSY = "busy"  # somebody else is fetching it into the same place


def fetch_blob(store: BlobStore, blob: Descriptor, client: RegistryClient, repository: str, meter: Meter) -> Fetch:
    """Raises RegistryError, DigestMismatchError, SizeMismatchError, LayoutIoError; bytes that may be of use stay."""
    claimed = store.claim(blob.digest, blob.size)
    if isinstance(claimed, Held):
        return Fetch.PRESENT if claimed is Held.PRESENT else Fetch.BUSY
    with claimed as ingest:
        ingest.resume()
        _fill(ingest, blob, client, repository, meter)
        if ingest.resumed and not ingest.is_proven:
            # The bytes left over were of another making (a power failure, another blob): they are no use.
            ingest.restart()
            _fill(ingest, blob, client, repository, meter)
        ingest.commit()
    return Fetch.STORED


def _fill(ingest: BlobIngest, blob: Descriptor, client: RegistryClient, repository: str, meter: Meter) -> None:
    meter.done = ingest.offset
    if ingest.offset >= blob.size:
        return
    view = _buffer(blob.size)
    with client.open_blob(repository, blob, ingest.offset) as body:
        while count := body.readinto(view):
            ingest.write(view[:count])
            meter.done = ingest.offset
            meter.fetched += count


_of_thread = threading.local()


def _buffer(size: int) -> memoryview:
    """Each thread has one of 1 MiB: larger ones fall out of the processor's cache. Small blobs need less."""
    if size < MIB:
        return memoryview(bytearray(size))
    view: memoryview | None = getattr(_of_thread, "view", None)
    if view is None:
        view = _of_thread.view = memoryview(bytearray(MIB))
    return view
