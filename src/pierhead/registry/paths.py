"""The URLs of distribution-spec's requests, and the scopes they need; pure.

Names are checked against the spec's grammar first, so nothing a user types can change which request is made.
"""

import re
from typing import TypeGuard

from pierhead.oci.digest import Digest

from .endpoint import Endpoint
from .errors import RequestRefusedError
from .origin import Url

# distribution-spec, "Pulling manifests"; upper case is let pass, for some registries have such names.
_REPOSITORY = re.compile(r"[a-zA-Z0-9]+(?:[._-]+[a-zA-Z0-9]+)*(?:/[a-zA-Z0-9]+(?:[._-]+[a-zA-Z0-9]+)*)*\Z")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z")
_MAX_REPOSITORY = 255


def manifest_url(endpoint: Endpoint, repository: str, target: str) -> Url:
    """``target`` is a tag or a digest. Raises RequestRefusedError (nothing was sent) and InvalidDigestError."""
    if ":" in target:
        Digest.parse(target)
    elif not _TAG.match(target):
        raise RequestRefusedError(subject(endpoint, repository, target), 0, "the tag is not valid")
    return _url(endpoint, repository, f"manifests/{target}")


def blob_url(endpoint: Endpoint, repository: str, digest: Digest) -> Url:
    return _url(endpoint, repository, f"blobs/{digest}")


def tags_url(endpoint: Endpoint, repository: str) -> Url:
    return _url(endpoint, repository, "tags/list")


def referrers_url(endpoint: Endpoint, repository: str, subject: Digest, query: str = "") -> Url:
    return _url(endpoint, repository, f"referrers/{subject}{'?' if query else ''}{query}")


def catalog_url(endpoint: Endpoint) -> Url:
    return Url(endpoint.origin, "/v2/_catalog")


def pull_scope(repository: str) -> str:
    return f"repository:{repository}:pull"


def push_scope(repository: str) -> str:
    """For all that is asked of a repository that is pushed to, so that one token does."""
    return f"repository:{repository}:pull,push"


def uploads_url(endpoint: Endpoint, repository: str, query: str = "") -> Url:
    return _url(endpoint, repository, f"blobs/uploads/{'?' if query else ''}{query}")


def is_tag(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and _TAG.match(text) is not None


def is_repository(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and len(text) <= _MAX_REPOSITORY and _REPOSITORY.match(text) is not None


def subject(endpoint: Endpoint, repository: str, target: str = "") -> str:
    """What is asked about, as a user would write it."""
    name = f"{endpoint.origin.authority}/{repository}"
    return f"{name}{'@' if ':' in target else ':' if target else ''}{target}"


def _url(endpoint: Endpoint, repository: str, rest: str) -> Url:
    if not is_repository(repository):
        raise RequestRefusedError(subject(endpoint, repository[:300]), 0, "the repository name is not valid")
    return Url(endpoint.origin, f"/v2/{repository}/{rest}")
