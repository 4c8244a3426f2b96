"""What single registries do in their own way, recognised by what they answer and not by their names."""

from typing import Final

from .wire.head import Headers

# Cloudflare's 520 to 524 and nginx' 499 are among them, for they stand in front of many registries.
TRANSIENT_STATUSES: Final = frozenset({408, 425, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_QUOTA_WORDS: Final = (b"rate limit", b"rate-limit", b"quota", b"pull limit")


def is_v1_answer(headers: Headers) -> bool:
    """Whether the answer bears the marks of the registry protocol v1."""
    if (headers.get("docker-distribution-api-version") or "").strip().lower() == "registry/1.0":
        return True
    marks = ("x-docker-registry-version", "x-docker-registry-standalone", "x-docker-endpoints")
    return headers.get("docker-distribution-api-version") is None and any(headers.get(mark) for mark in marks)


def is_quota(headers: Headers, body: bytes) -> bool:
    """Whether a 429 is about the number of pulls, as Docker Hub words it, and not about requests in a short time."""
    left = (headers.get("ratelimit-remaining") or headers.get("x-ratelimit-remaining") or "").strip()
    return left.partition(";")[0] == "0" or any(word in body.lower() for word in _QUOTA_WORDS)
