"""Typed reading of JSON objects that strangers wrote.

``where`` is the path of the object in its document and opens every message. ``null`` counts as absent, as it does
for the Go programs that write most of these documents. Keys we do not know are let pass.
"""

from collections.abc import Iterable

from .digest import Digest
from .errors import (
    ConfusedDocumentError,
    InvalidDigestError,
    InvalidDocumentError,
    TooManyEntriesError,
    shown,
)

Fields = dict[str, object]


def mapping(value: object, where: str) -> Fields:
    if not isinstance(value, dict):
        raise InvalidDocumentError(where, "must be an object")
    return value


def check_spelling(fields: Fields, known: Iterable[str], where: str) -> None:
    """Raises ConfusedDocumentError for a known key in another case: Go programs would read it, and we would not."""
    folded = {key.casefold() for key in known}
    for key in fields.keys() - set(known):
        if key.casefold() in folded:
            raise ConfusedDocumentError(f"{where} has the key {shown(key)}, which some read as {key.casefold()!r}")


def path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def text(fields: Fields, key: str, where: str) -> str | None:
    value = fields.get(key)
    return None if value is None else _text(value, path(where, key))


def texts(fields: Fields, key: str, where: str, *, cap: int = 1000) -> tuple[str, ...]:
    values = items(fields, key, where, cap=cap)
    return tuple(_text(value, f"{path(where, key)}[{position}]") for position, value in enumerate(values))


def digest(value: object, where: str) -> Digest:
    """``where`` is the path of the value itself."""
    if value is None:
        raise InvalidDocumentError(where, "is missing")
    try:
        return Digest.parse(_text(value, where))
    except InvalidDigestError as error:
        raise InvalidDocumentError(where, f"is no digest: it {error.reason}") from None


def text_map(fields: Fields, key: str, where: str) -> dict[str, str]:
    value = fields.get(key)
    if value is None:
        return {}
    place = path(where, key)
    return {_text(name, place): _text(entry, place) for name, entry in mapping(value, place).items()}


def items(fields: Fields, key: str, where: str, *, cap: int) -> list[object]:
    value = fields.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidDocumentError(path(where, key), "must be a list")
    if len(value) > cap:
        raise TooManyEntriesError(path(where, key), len(value), cap)
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise InvalidDocumentError(place, "must be a string")
    if not value.isascii():
        _check_encodable(value, place)
    return value


def _check_encodable(value: str, place: str) -> None:
    """Half a surrogate pair passes JSON and breaks whoever stores or prints it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidDocumentError(place, "has half a surrogate pair in it") from None
