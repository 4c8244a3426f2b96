"""Where things are in an image layout, and what images are called there (image-spec, image-layout.md)."""

import re
from typing import Final

from pierhead.oci.digest import Digest
from pierhead.worker.runtimes.index_file import REF_NAME as REF_NAME

LAYOUT_FILE: Final = "oci-layout"
INDEX_FILE: Final = "index.json"
LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'
NAME: Final = "io.containerd.image.name"
EVIDENCE_TAG: Final = re.compile(r"sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?\Z")
BLOB: Final = re.compile(r"blobs/(sha256|sha512)/([0-9a-f]{64,128})\Z")


def blob_name(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.encoded}"
