"""What a delegate may say of itself, and people of it; pure. Nothing of it is believed beyond its form."""

import re

from .errors import InvalidDelegateError

MAX_TAGS = 64
MAX_TAG_CHARS = 128
MAX_CAPACITY = 1000
_MAX_KINDS = 32
_MAX_HOST_CHARS = 253
_MAX_DESCRIPTION_CHARS = 1024
_MAX_VERSION_CHARS = 64
_KEY_BYTES = 32
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}\Z")
_SESSION = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


def check_delegate_name(name: str) -> str:
    """The name, a DNS label. Raises InvalidDelegateError, as do all of these."""
    if not _NAME.match(name):
        raise InvalidDelegateError(
            f"name {name[:200]!r}",
            "must be 1 to 63 lower-case letters, digits and inner hyphens",
        )
    return name


def check_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The tags, trimmed, each once whatever its case, in their order."""
    kept: dict[str, str] = {}
    for tag in (tag.strip() for tag in tags):
        if not tag or len(tag) > MAX_TAG_CHARS or not tag.isprintable():
            raise InvalidDelegateError(
                f"tag {tag[:MAX_TAG_CHARS]!r}", f"must be 1 to {MAX_TAG_CHARS} printable characters"
            )
        kept.setdefault(tag.lower(), tag)
    if len(kept) > MAX_TAGS:
        raise InvalidDelegateError("tags", f"are more than {MAX_TAGS}")
    return tuple(kept.values())


def check_text(field: str, text: str, max_chars: int) -> str:
    if len(text) > max_chars or not text.isprintable():
        raise InvalidDelegateError(field, f"must be at most {max_chars} printable characters")
    return text


def check_host_name(host_name: str) -> str:
    return check_text("host name", host_name.strip(), _MAX_HOST_CHARS)


def check_description(description: str) -> str:
    return check_text("description", description.strip(), _MAX_DESCRIPTION_CHARS)


def check_version(version: str) -> str:
    return check_text("version", version, _MAX_VERSION_CHARS)


def check_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if len(kinds) > _MAX_KINDS or not all(_KIND.match(kind) for kind in kinds):
        raise InvalidDelegateError("kinds", f"must be at most {_MAX_KINDS} words of letters and digits")
    return tuple(dict.fromkeys(kinds))


def check_capacity(capacity: int) -> int:
    if not 1 <= capacity <= MAX_CAPACITY:
        raise InvalidDelegateError("capacity", f"must be from 1 to {MAX_CAPACITY}")
    return capacity


def check_key(field: str, key: bytes) -> bytes:
    if len(key) != _KEY_BYTES:
        raise InvalidDelegateError(field, f"must be {_KEY_BYTES} bytes")
    return key


def check_session(session: str) -> str:
    if not _SESSION.match(session):
        raise InvalidDelegateError("session", "must be 16 to 64 letters, digits, '_' and '-'")
    return session
