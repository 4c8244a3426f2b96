"""Blobs from one layout into another, proven on the way."""

from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.worker.errors import LayoutBusyError

from .blob_ingest import BlobIngest
from .blob_store import BlobStore, Held


def copy_blob(source: BlobStore, target: BlobStore, descriptor: Descriptor) -> None:
    """Raises FileNotFoundError, DigestMismatchError, SizeMismatchError, LayoutBusyError, LayoutIoError."""
    claimed = target.claim(descriptor.digest, descriptor.size)
    if claimed is Held.ELSEWHERE:
        raise LayoutBusyError(target.path(descriptor.digest), 0.0)
    if not isinstance(claimed, BlobIngest):
        return
    buffer = memoryview(bytearray(min(MIB, max(1, descriptor.size))))
    with claimed as ingest, source.path(descriptor.digest).open("rb", buffering=0) as file:
        ingest.restart()
        while count := file.readinto(buffer):
            ingest.write(buffer[:count])
        ingest.commit()
