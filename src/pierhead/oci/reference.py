"""Image references as Docker users write them, with every default filled in (distribution/reference, normalisation).

Whether anything is there, or may be used, is not asked here.
"""

import re
from dataclasses import dataclass, replace

from .digest import Digest
from .errors import InvalidDigestError, InvalidImageReferenceError
from .reference_grammar import (
    MAX_NAME,
    fault_of_characters,
    fault_of_host,
    fault_of_repository,
    fault_of_tag,
    is_host_like,
)

DOCKER_HUB = "docker.io"
_HUB_NAMES = frozenset(
    {DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"}
)
_IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


def is_docker_hub(host: str) -> bool:
    """Whether ``host[:port]`` is one of the names Docker Hub goes by."""
    return host.lower().removesuffix(":443") in _HUB_NAMES


@dataclass(frozen=True, slots=True)
class Reference:
    """``registry`` is ``docker.io`` or ``host[:port]`` in lower case; ``repository`` has its ``library/`` there."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    def __post_init__(self) -> None:
        fault = _fault(self)
        if fault is not None:
            raise InvalidImageReferenceError(str(self), fault, hint=_hint(self))

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """``[host[:port]/]repository[:tag][@digest]``. Raises InvalidImageReferenceError."""
        _refuse_the_obvious(text)
        name, at, digest = text.partition("@")
        path, tag = _split_tag(name)
        registry, repository = _split_host(path)
        try:
            return cls(registry, repository, tag, Digest.parse(digest) if at else None)
        except InvalidDigestError as error:
            raise InvalidImageReferenceError(text, f"has a digest that {error.reason}", hint=error.hint) from None
        except InvalidImageReferenceError as error:
            raise InvalidImageReferenceError(text, error.reason, hint=error.hint) from None

    def with_tag(self, tag: str) -> "Reference":
        """The same repository at ``tag``; a digest is dropped, for it belonged to what was there before."""
        return replace(self, tag=tag, digest=None)

    def with_digest(self, digest: Digest) -> "Reference":
        """Pinned: the tag stays for the reader, the digest decides."""
        return replace(self, digest=digest)

    @property
    def target(self) -> str:
        """What to ask the registry for: the digest, else the tag, else ``latest``."""
        return str(self.digest) if self.digest else self.tag or "latest"

    def familiar(self) -> str:
        """The shortest form that means the same, as Docker shows it."""
        full = str(self)
        if self.registry != DOCKER_HUB:
            return full
        short = full.removeprefix(f"{DOCKER_HUB}/")
        for form in (short.removeprefix("library/"), short):
            if _means(form, self):
                return form
        return full

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def _fault(reference: Reference) -> str | None:
    registry, repository = reference.registry, reference.repository
    fault = fault_of_host(registry) or fault_of_repository(repository)
    if fault is None and reference.tag is not None:
        fault = fault_of_tag(reference.tag)
    if fault is None and len(registry) + 1 + len(repository) > MAX_NAME:
        fault = f"has a name of more than {MAX_NAME} characters"
    if fault is None and not is_host_like(registry):
        fault = "does not begin with a host name, which has a dot or a port or is localhost"
    if fault is None and is_docker_hub(registry) and (registry != DOCKER_HUB or "/" not in repository):
        fault = "is Docker Hub's, and not in the form docker.io/library/name"
    return fault


def _hint(reference: Reference) -> str:
    lowered = reference.repository.lower()
    if lowered == reference.repository or fault_of_repository(lowered):
        return ""
    return f"write the repository in lower case: {lowered}"


def _refuse_the_obvious(text: str) -> None:
    fault = fault_of_characters(text)
    if fault is not None:
        raise InvalidImageReferenceError(text, fault)
    if _has_login(text):
        masked = "***@" + text.rpartition("@")[2]
        raise InvalidImageReferenceError(masked, "has a login in it", hint="give the login to the connector")
    scheme, mark, _ = text.partition("://")
    if mark:
        raise InvalidImageReferenceError(text, "has a scheme before it", hint=f"leave {scheme + mark!r} out")
    if _IMAGE_ID.fullmatch(text):
        raise InvalidImageReferenceError(
            text, "is an image id, and has no repository", hint="write repository@sha256:..."
        )


def _has_login(text: str) -> bool:
    """Whether the ``@`` ends a login, as in a URL: that must not come back in a message."""
    before, _, after = text.rpartition("@")
    return bool(before) and ("/" in after or "://" in before) and not after.startswith(("sha256:", "sha512:"))


def _split_tag(name: str) -> tuple[str, str | None]:
    path, colon, tag = name.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (name, None)


def _split_host(path: str) -> tuple[str, str]:
    host, slash, repository = path.partition("/")
    if not slash or not is_host_like(host):
        host, repository = DOCKER_HUB, path
    if is_docker_hub(host):
        return DOCKER_HUB, repository if "/" in repository or not repository else f"library/{repository}"
    return host.lower(), repository


def _means(text: str, reference: Reference) -> bool:
    try:
        return Reference.parse(text) == reference
    except InvalidImageReferenceError:
        return False
