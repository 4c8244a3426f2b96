"""What must be true of names, descriptions and tags in this feature; pure."""

from collections.abc import Mapping

from .errors import InvalidPrincipalError

_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 1024
_MOST_TAGS = 128
_LONGEST_TAG = 128


def check_person_name(name: str) -> str:
    """A person's name has any letters. Raises InvalidPrincipalError."""
    stripped = name.strip()
    if not stripped or len(stripped) > _LONGEST_NAME or not stripped.isprintable():
        raise InvalidPrincipalError(f"a name has 1 to {_LONGEST_NAME} printable characters")
    return stripped


def check_labels(description: str, tags: Mapping[str, str]) -> None:
    """Raises InvalidPrincipalError."""
    if len(description) > _LONGEST_DESCRIPTION:
        raise InvalidPrincipalError(f"description can be {_LONGEST_DESCRIPTION} characters long")
    if len(tags) > _MOST_TAGS or any(max(map(len, pair)) > _LONGEST_TAG for pair in tags.items()):
        raise InvalidPrincipalError(f"there can be {_MOST_TAGS} tags with keys and values of {_LONGEST_TAG} characters")
