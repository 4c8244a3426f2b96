"""Small but real images, the same bytes each time: gzip tar layers, configs, manifests, an index over platforms.

Layers are values: give the same one to several images and they share it. Another zlib may compress them to other
bytes, so no digest of a layer belongs into a test. Nothing is sent anywhere here.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_LAYER_GZIP,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
)
from pierhead.oci.platform import Platform

CREATED = "2026-01-05T12:00:00Z"
LINUX_AMD64 = Platform("linux", "amd64")
LINUX_ARM64 = Platform("linux", "arm64", "v8")
_OCI = (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER_GZIP)
_DOCKER = (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER_GZIP)


Content = bytes | Path  # a path where the bytes are too many to hold


@dataclass(frozen=True, slots=True)
class Layer:
    """A compressed layer; ``diff_id`` is the digest of what it unpacks to."""

    content: Content
    digest: Digest
    size: int
    diff_id: Digest

    @classmethod
    def of(cls, data: bytes, diff_id: Digest) -> "Layer":
        return cls(data, Digest.of(data), len(data), diff_id)


@dataclass(frozen=True, slots=True)
class Image:
    """Everything to push: ``blobs`` first, then ``documents`` in this order; the last one is what a tag points to."""

    blobs: Mapping[Digest, Content]
    documents: tuple[tuple[Descriptor, bytes], ...]
    manifests: tuple[Descriptor, ...] = field(default=())  # the single-platform ones among the documents

    @property
    def descriptor(self) -> Descriptor:
        return self.documents[-1][0]

    @property
    def raw(self) -> bytes:
        return self.documents[-1][1]


def layer(files: Mapping[str, bytes | str]) -> Layer:
    """A gzip tar with these files, owned by root, as old as the epoch."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in sorted(files.items()):
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o755 if path.startswith("bin/") else 0o644
            tar.addfile(entry, io.BytesIO(data))
    unpacked = buffer.getvalue()
    return Layer.of(gzip.compress(unpacked, compresslevel=6, mtime=0), Digest.of(unpacked))


def noise(size: int, seed: int = 0) -> bytes:
    """``size`` bytes that do not compress: a SHAKE stream of the seed, the same on every machine."""
    return hashlib.shake_128(f"pierhead {seed}".encode()).digest(size)


def noise_layer(size: int, path: Path, seed: int = 0) -> Layer:
    """A layer of about ``size`` bytes as transferred, kept in the file ``path``; quick to make, not to compress."""
    sent, unpacked = hashlib.sha256(), hashlib.sha256()
    with path.open("w+b") as file:
        with gzip.GzipFile("", "wb", compresslevel=0, fileobj=file, mtime=0) as packed:
            for piece in _noise_tar(size, seed):
                unpacked.update(piece)
                packed.write(piece)
        file.seek(0)
        while piece := file.read(MIB):
            sent.update(piece)
    digests = (Digest("sha256", each.hexdigest()) for each in (sent, unpacked))
    return Layer(path, next(digests), path.stat().st_size, next(digests))


def _noise_tar(size: int, seed: int) -> Iterator[bytes]:
    entry = tarfile.TarInfo(f"noise/{seed}")
    entry.size = size
    yield entry.tobuf()
    for start in range(0, size, 8 * MIB):
        yield noise(min(8 * MIB, size - start), seed * 1_000_003 + start)
    yield bytes(-size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


def image(
    layers: Sequence[Layer],
    *,
    platform: Platform = LINUX_AMD64,
    labels: Mapping[str, str] | None = None,
    docker: bool = False,
) -> Image:
    """One platform's image, as OCI or as Docker v2 documents."""
    return _image(layers, platform, labels or {}, _DOCKER if docker else _OCI)


def _image(
    layers: Sequence[Layer], platform: Platform, labels: Mapping[str, str], types: tuple[str, str, str]
) -> Image:
    manifest_type, config_type, layer_type = types
    config = _config(layers, platform, labels)
    raw = _json(
        {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": _descriptor(config_type, config).to_json(),
            "layers": [Descriptor(layer_type, each.digest, each.size).to_json() for each in layers],
        }
    )
    top = _descriptor(manifest_type, raw, platform)
    blobs: dict[Digest, Content] = {Digest.of(config): config}
    return Image(blobs | {each.digest: each.content for each in layers}, ((top, raw),), (top,))


def index(images: Iterable[Image], *, attested: bool = False, docker: bool = False) -> Image:
    """An index over single-platform images; ``attested`` adds an attestation entry for the first, as BuildKit does."""
    entries = [*images]
    members = [each.descriptor for each in entries]
    if attested:
        attestation = _attestation(members[0])
        entries.append(attestation)
        members.append(attestation.descriptor)
    media_type = DOCKER_LIST if docker else OCI_INDEX
    raw = _json({"schemaVersion": 2, "mediaType": media_type, "manifests": [member.to_json() for member in members]})
    documents = [document for each in entries for document in each.documents]
    blobs = {digest: data for each in entries for digest, data in each.blobs.items()}
    return Image(blobs, (*documents, (_descriptor(media_type, raw), raw)), tuple(members))


def artifact(
    kind: str, data: bytes, subject: Descriptor | None = None, *, annotations: Mapping[str, str] | None = None
) -> Image:
    """A manifest of the type ``kind`` with ``data`` as its layer, that refers to ``subject``: a signature, an SBOM."""
    empty = b"{}"
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": _descriptor("application/vnd.oci.empty.v1+json", empty).to_json(),
        "layers": [_descriptor("application/octet-stream", data).to_json()],
    }
    if subject is not None:
        document["subject"] = Descriptor(subject.media_type, subject.digest, subject.size).to_json()
    if annotations:
        document["annotations"] = dict(annotations)
    raw = _json(document)
    top = _descriptor(OCI_MANIFEST, raw)
    return Image({Digest.of(empty): empty, Digest.of(data): data}, ((top, raw),), (top,))


def multi_platform(
    shared: Sequence[Layer], name: str, platforms: Sequence[Platform] = (LINUX_AMD64, LINUX_ARM64)
) -> Image:
    """An attested index; each platform has ``shared`` and one layer of its own, made from ``name``."""
    return index(
        [image([*shared, layer({f"bin/{name}": f"{name} for {each}\n" * 40})], platform=each) for each in platforms],
        attested=True,
    )


def _attestation(subject: Descriptor) -> Image:
    statement = _json({"_type": "https://in-toto.io/Statement/v0.1", "subject": str(subject.digest)})
    layers = [Layer.of(statement, Digest.of(statement))]
    made = _image(
        layers, Platform("unknown", "unknown"), {}, (OCI_MANIFEST, OCI_CONFIG, "application/vnd.in-toto+json")
    )
    marks = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": str(subject.digest),
    }
    found, raw = made.documents[0]
    marked = Descriptor(found.media_type, found.digest, found.size, found.platform, marks)
    return Image(made.blobs, ((marked, raw),))


def _config(layers: Sequence[Layer], platform: Platform, labels: Mapping[str, str]) -> bytes:
    return _json(
        {
            **platform.to_json(),
            "created": CREATED,
            "config": {"Cmd": ["/bin/true"], "Labels": dict(labels)},
            "rootfs": {"type": "layers", "diff_ids": [str(each.diff_id) for each in layers]},
            "history": [{"created": CREATED, "created_by": "pierhead.testing.images"} for _ in layers],
        }
    )


def _descriptor(media_type: str, data: bytes, platform: Platform | None = None) -> Descriptor:
    return Descriptor(media_type, Digest.of(data), len(data), platform)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()
