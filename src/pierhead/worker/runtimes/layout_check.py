"""Whether a layout is what it says: every blob hashed again, every name walked to its last blob."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB
from pierhead.oci.digest import Digest

from .blob_store import BlobStore
from .index_file import LayoutImage
from .layout_walk import Node, walk


@dataclass(frozen=True, slots=True)
class LayoutReport:
    """``problems``: one line each, empty when all is well."""

    images: int
    blobs: int
    bytes_total: int
    problems: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems


def check(store: BlobStore, images: Iterable[LayoutImage]) -> LayoutReport:
    """Reads every byte; never raises for what it finds."""
    chosen = tuple(images)
    files = sorted(path for path in (store.root / "blobs").glob("*/*"))
    problems = [problem for path in files for problem in _blob_problems(path)]
    problems += [problem for image in chosen for problem in _image_problems(store, image)]
    return LayoutReport(len(chosen), len(files), sum(path.lstat().st_size for path in files), tuple(problems))


def _blob_problems(path: Path) -> Iterator[str]:
    try:
        digest = Digest.parse(f"{path.parent.name}:{path.name}")
    except AppError:
        yield f"{path} is not named after a digest"
        return
    if path.is_symlink() or not path.is_file():
        yield f"{path} is not a regular file"
    elif not _matches(path, digest):
        yield f"{path} does not hold the bytes of its digest"


def _matches(path: Path, digest: Digest) -> bool:
    verifier, buffer = digest.verifier(), memoryview(bytearray(MIB))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            verifier.update(buffer[:count])
    return verifier.matches()


def _image_problems(store: BlobStore, image: LayoutImage) -> Iterator[str]:
    try:
        for node in walk(store, image.descriptor, None):
            yield from _node_problems(store, image, node)
    except AppError as error:
        yield f"{image.name}: {error.message}"


def _node_problems(store: BlobStore, image: LayoutImage, node: Node) -> Iterator[str]:
    descriptor = node.descriptor
    if not store.has(descriptor.digest):
        if not node.optional:
            yield f"{image.name} lacks {descriptor.digest}"
    elif not store.has(descriptor.digest, descriptor.size):
        yield f"{image.name}: {descriptor.digest} is not {descriptor.size} bytes long"
