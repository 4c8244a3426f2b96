"""What says something about an image and travels with it: referrers, theirs in turn, and cosign's tags.

Where the registry lists its tags within ten pages, one list for the repository tells which of the tags
``sha256-<hex>[.sig|.att|.sbom]`` are there; else each is asked for. So an image without evidence costs one list of tags
for the repository, and one request for referrers: for each manifest where the registry has that API, for the first
alone where it has not. Referrers of a type nobody knows are left out and counted.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.media_types import INDEXES, MANIFESTS
from pierhead.registry.errors import (
    BodyTooLargeError,
    ManifestUnknownError,
    NotOfferedError,
    RegistryDeniedError,
    RegistryUnauthenticatedError,
    RepositoryUnknownError,
)
from pierhead.registry.referrers import MAX_REFERRERS, fallback_tag

from .source import ImageSource

MAX_DEPTH: Final = 4
COSIGN: Final = (".sig", ".att", ".sbom")
_MAX_PAGES: Final = 10
_LONGEST_TAG: Final = 128
_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """``referrers``: each with what it refers to, nearest first. ``tags``: cosign's, and what they point to.

    ``left_out``: how many referrers are listed at the source and cannot be had from it.
    """

    referrers: tuple[tuple[Digest, Descriptor], ...] = ()
    tags: tuple[tuple[str, Digest], ...] = ()
    left_out: int = 0

    @property
    def count(self) -> int:
        return len(self.referrers) + len(self.tags)


class KnownTags:
    """What one task has learnt about repositories: their tags, and whether there is an API. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tags: dict[_Place, frozenset[str] | None] = {}
        self._locks: dict[_Place, threading.Lock] = {}
        self._without_api: set[_Place] = set()

    def of(self, client: ImageSource, repository: str) -> frozenset[str] | None:
        """Every tag of the repository, asked for once; None where there is no list, or no end to it."""
        place = _place(client, repository)
        with self._lock:
            lock = self._locks.setdefault(place, threading.Lock())
        with lock:
            if place not in self._tags:
                self._tags[place] = _listed(client, repository)
            return self._tags[place]

    def has_api(self, client: ImageSource, repository: str) -> bool:
        return _place(client, repository) not in self._without_api

    def note_no_api(self, client: ImageSource, repository: str) -> None:
        self._without_api.add(_place(client, repository))


class EvidenceSearch:
    """For one image: asks ``client`` what there is about manifests of ``repository``."""

    def __init__(self, client: ImageSource, repository: str, known: KnownTags) -> None:
        self._client = client
        self._repository = repository
        self._known = known
        self._referrers: list[tuple[Digest, Descriptor]] = []
        self._tags: dict[str, Digest] = {}
        self._left_out = 0

    def about(self, subjects: Iterable[Digest]) -> Evidence:
        """No document is fetched. Referrers of referrers are followed four levels, no deeper.

        Raises RegistryError, and BodyTooLargeError over 1,000 referrers.
        """
        asked: set[Digest] = set()
        level = list(dict.fromkeys(subjects))
        for _ in range(MAX_DEPTH):
            found: list[Digest] = []
            for subject in level:
                if subject not in asked:
                    asked.add(subject)
                    self._find_tags(subject)
                    found += self._find_referrers(subject)
            level = found
        return Evidence(tuple(self._referrers), tuple(self._tags.items()), self._left_out)

    def _find_referrers(self, subject: Digest) -> list[Digest]:
        found = []
        for entry in self._listed(subject):
            if entry.media_type in MANIFESTS | INDEXES:
                self._referrers.append((subject, entry))
                found.append(entry.digest)
            else:
                self._left_out += 1
        if len(self._referrers) > MAX_REFERRERS:
            raise BodyTooLargeError(f"the evidence of {self._repository}@{subject}", MAX_REFERRERS, "referrers")
        return found

    def _listed(self, subject: Digest) -> tuple[Descriptor, ...]:
        client, repository = self._client, self._repository
        has_api = self._known.has_api(client, repository)
        has_tag = self._may_exist(fallback_tag(subject))
        if not has_api and not has_tag:
            return ()
        found = client.referrers(repository, subject, has_api=has_api, has_tag=has_tag)
        if not found.is_by_api:
            self._known.note_no_api(client, repository)
        return found.referrers

    def _find_tags(self, subject: Digest) -> None:
        for suffix in COSIGN:
            tag = fallback_tag(subject) + suffix
            if len(tag) > _LONGEST_TAG or not self._may_exist(tag):
                continue
            with suppress(ManifestUnknownError, RepositoryUnknownError):
                self._tags[tag] = self._client.resolve(self._repository, tag).digest

    def _may_exist(self, tag: str) -> bool:
        tags = self._known.of(self._client, self._repository)
        return tags is None or tag in tags


def _listed(client: ImageSource, repository: str) -> frozenset[str] | None:
    tags: set[str] = set()
    try:
        for number, page in enumerate(client.list_tags(repository)):
            if number >= _MAX_PAGES:
                return None
            tags.update(tag for tag in page if tag.startswith(("sha256-", "sha512-")))
    except (RepositoryUnknownError, NotOfferedError, RegistryDeniedError, RegistryUnauthenticatedError):
        return None  # who may not list may still pull
    return frozenset(tags)


def _place(client: ImageSource, repository: str) -> _Place:
    return client.endpoint.key, repository
