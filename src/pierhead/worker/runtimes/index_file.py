"""``index.json`` and ``oci-layout`` of an image layout (image-spec image-layout.md): names for what is stored.

Entries and fields that others wrote are kept as they are. Whether the blobs behind a name are there is not known here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pierhead.kit.errors import AppError, InvalidInputError
from pierhead.kit.limits import MIB, parse_json
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.worker.errors import BrokenLayoutError, LayoutIoError, LayoutVersionError, NotALayoutError

from .durable import replace_file
from .file_lock import locked

REF_NAME = "org.opencontainers.image.ref.name"
RESOLVED_DIGEST = "dev.pierhead.resolved.digest"
_CAP_BYTES = 64 * MIB
_EMPTY: dict[str, object] = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}


@dataclass(frozen=True, slots=True)
class LayoutImage:
    """A name in a layout.

    ``descriptor`` is the manifest or index kept under it (its ``platform`` when one was chosen); ``resolved`` what the
    tag pointed to in the registry: an index where ``descriptor`` is one entry of it. None when others wrote it.
    """

    name: str
    descriptor: Descriptor
    resolved: Digest | None = None

    @property
    def digest(self) -> Digest:
        """What the name stands for in its registry, as far as is known."""
        return self.resolved or self.descriptor.digest


class IndexFile:
    """The names of the layout at ``root``; updates are atomic and exclusive between threads and processes."""

    def __init__(self, root: Path) -> None:
        self._path = root / "index.json"
        self._version = root / "oci-layout"
        self._lock = root / ".index.lock"
        self._known: tuple[tuple[int, int, int], tuple[LayoutImage, ...]] | None = None

    def create(self) -> None:
        """An empty layout where there is none. Raises NotALayoutError, LayoutVersionError, LayoutIoError."""
        root = self._path.parent
        try:
            root.mkdir(parents=True, exist_ok=True)
            if not self._check_version():
                with locked(self._lock):
                    if not self._path.exists():
                        self._write({**_EMPTY, "manifests": []})
                    replace_file(self._version, [b'{"imageLayoutVersion":"1.0.0"}'])
        except (FileExistsError, NotADirectoryError):
            raise NotALayoutError(root, "it is a file") from None
        except OSError as error:
            raise LayoutIoError(root, error) from error

    def entries(self) -> tuple[LayoutImage, ...]:
        """Every named entry, in order. Raises BrokenLayoutError. The file is read again only when it was replaced."""
        signature = self._signature()
        known = self._known
        if known is None or known[0] != signature:
            images = (self._image(item) for item in self._manifests(self._load()))
            known = self._known = (signature, tuple(image for image in images if image is not None))
        return known[1]

    def put(self, images: Sequence[LayoutImage]) -> None:
        """Names ``images``, in one step; nothing is written when all is as it should be already.

        An entry of the same name is replaced, unless both are for one platform each and not the same one.
        """
        with locked(self._lock):
            document = self._load()
            before = self._manifests(document)
            after = before
            for image in images:
                after = _replaced(after, _to_json(image))
            if after != before:
                try:
                    self._write({**document, "manifests": after})
                except OSError as error:
                    raise LayoutIoError(self._path, error) from error

    def _signature(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _check_version(self) -> bool:
        try:
            version = self._object(self._version).get("imageLayoutVersion")
        except FileNotFoundError:
            return False
        if version != "1.0.0":
            raise LayoutVersionError(self._path.parent, str(version))
        return True

    def _load(self) -> dict[str, object]:
        try:
            return self._object(self._path)
        except FileNotFoundError:
            return {**_EMPTY, "manifests": []}

    def _object(self, path: Path) -> dict[str, object]:
        with path.open("rb") as file:
            raw = file.read(_CAP_BYTES)
        try:
            value = parse_json(raw)
        except InvalidInputError as error:
            raise BrokenLayoutError(path, error.message) from error
        if not isinstance(value, dict):
            raise BrokenLayoutError(path, "it is not a JSON object")
        return value

    def _manifests(self, document: Mapping[str, object]) -> list[dict[str, object]]:
        found = document.get("manifests")
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise BrokenLayoutError(self._path, "manifests is not a list of objects")
        return found

    def _image(self, item: dict[str, object]) -> LayoutImage | None:
        try:
            descriptor = Descriptor.from_json(item, "index.json")
            name = descriptor.annotations.get(REF_NAME)
            resolved = descriptor.annotations.get(RESOLVED_DIGEST)
            return LayoutImage(name, descriptor, Digest.parse(resolved) if resolved else None) if name else None
        except AppError as error:
            raise BrokenLayoutError(self._path, error.message) from error

    def _write(self, document: Mapping[str, object]) -> None:
        replace_file(self._path, [json.dumps(document, indent=2).encode()])


def _to_json(image: LayoutImage) -> dict[str, object]:
    item = dict(image.descriptor.to_json())
    annotations = {**image.descriptor.annotations, REF_NAME: image.name}
    if image.resolved is not None:
        annotations[RESOLVED_DIGEST] = str(image.resolved)
    return {**item, "annotations": annotations}


def _replaced(items: list[dict[str, object]], new: dict[str, object]) -> list[dict[str, object]]:
    """``items`` with ``new`` in the place of the first one it supersedes, else at the end."""
    gone = [place for place, item in enumerate(items) if _supersedes(new, item)]
    if not gone:
        return [*items, new]
    return [new if place == gone[0] else item for place, item in enumerate(items) if place not in gone[1:]]


def _supersedes(new: Mapping[str, object], old: Mapping[str, object]) -> bool:
    """Same name, unless both are for one platform each and not the same one."""
    platforms = (new.get("platform"), old.get("platform"))
    return _name(new) == _name(old) and (None in platforms or platforms[0] == platforms[1])


def _name(item: Mapping[str, object]) -> object:
    annotations = item.get("annotations")
    return annotations.get(REF_NAME) if isinstance(annotations, dict) else None
