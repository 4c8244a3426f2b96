"""What the fake registry holds: repositories of blobs, manifests and tags, in memory. Thread-safe; speaks no HTTP."""

import json
import threading
from dataclasses import dataclass, field

from pierhead.oci.digest import Digest

from .images import Content, Image


@dataclass(slots=True)
class Repository:
    """``manifests``: media type and bytes by digest."""

    blobs: set[Digest] = field(default_factory=set)
    manifests: dict[Digest, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, Digest] = field(default_factory=dict)


class RegistryContent:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._blobs: dict[Digest, Content] = {}
        self._repositories: dict[str, Repository] = {}

    def add(self, repository: str, tag: str, image: Image) -> Digest:
        """As pushing would. The digest the tag points to."""
        for digest, content in image.blobs.items():
            self.put_blob(repository, digest, content)
        for descriptor, raw in image.documents:
            self.put_manifest(repository, str(descriptor.digest), descriptor.media_type, raw)
        self.put_manifest(repository, tag, image.descriptor.media_type, image.raw)
        return image.descriptor.digest

    def put_blob(self, repository: str, digest: Digest, content: Content) -> None:
        with self._lock:
            self._blobs[digest] = content
            self._of(repository).blobs.add(digest)

    def put_manifest(self, repository: str, target: str, media_type: str, raw: bytes) -> Digest:
        """``target``: a tag, or the digest itself."""
        digest = Digest.parse(target) if ":" in target else Digest.of(raw)
        with self._lock:
            held = self._of(repository)
            held.manifests[digest] = (media_type, raw)
            if ":" not in target:
                held.tags[target] = digest
        return digest

    def missing(self, repository: str, raw: bytes) -> list[str]:
        """What a manifest or index names and the repository does not have; foreign layers need not be there."""
        document = json.loads(raw)
        blobs = [document["config"], *document["layers"]] if "config" in document else []
        with self._lock:
            held = self._of(repository)
            return [
                *(e["digest"] for e in blobs if "urls" not in e and Digest.parse(e["digest"]) not in held.blobs),
                *(
                    e["digest"]
                    for e in document.get("manifests", ())
                    if Digest.parse(e["digest"]) not in held.manifests
                ),
            ]

    def remove_manifest(self, repository: str, digest: Digest) -> None:
        """The tags that meant it mean nothing now."""
        with self._lock:
            self._of(repository).manifests.pop(digest, None)

    def remove_blob(self, repository: str, digest: Digest) -> None:
        with self._lock:
            self._of(repository).blobs.discard(digest)

    def untag(self, repository: str, tag: str) -> None:
        """The tag is gone; what it meant stays."""
        with self._lock:
            self._of(repository).tags.pop(tag, None)

    def find_blob(self, repository: str, digest: Digest) -> Content | None:
        with self._lock:
            held = self._repositories.get(repository)
            return self._blobs[digest] if held and digest in held.blobs else None

    def find_manifest(self, repository: str, target: str) -> tuple[Digest, str, bytes] | None:
        with self._lock:
            held = self._repositories.get(repository)
            if held is None:
                return None
            digest = Digest.parse(target) if ":" in target else held.tags.get(target)
            found = held.manifests.get(digest) if digest else None
            return (digest, *found) if digest and found else None

    def tags(self, repository: str) -> list[str] | None:
        """Sorted; None for a repository that is not known."""
        with self._lock:
            held = self._repositories.get(repository)
            return None if held is None else sorted(held.tags)

    def referrers(self, repository: str, subject: str) -> list[dict[str, object]]:
        """Descriptors of what has ``subject`` as its subject, in the order of arrival."""
        with self._lock:
            held = self._repositories.get(repository)
            manifests = dict(held.manifests) if held else {}
        found: list[dict[str, object]] = []
        for digest, (media_type, raw) in manifests.items():
            document = json.loads(raw)
            if (document.get("subject") or {}).get("digest") == subject:
                kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType", "")
                entry = {"mediaType": media_type, "digest": str(digest), "size": len(raw), "artifactType": kind}
                found.append(entry | {key: document[key] for key in ("annotations",) if key in document})
        return found

    def repositories(self) -> list[str]:
        with self._lock:
            return sorted(self._repositories)

    def _of(self, repository: str) -> Repository:
        return self._repositories.setdefault(repository, Repository())
