"""Typed values out of an object that came over the wire, with a note of each one that is wrong."""

from collections.abc import Mapping

from pierhead.control.scopes import InvalidReferenceError, ScopedReference

from .errors import FieldError

Body = Mapping[object, object]


class Reader:
    """``path`` is where ``body`` stands in the whole, as clients see it; ``errors`` grows as values are read."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def fault(self, field: str, error: str) -> None:
        self.errors.append(FieldError(field, error))

    def object(self, body: Body, key: str, path: str) -> Body:
        value = body.get(key)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self.fault(f"{path}.{key}", "must be an object")
        return {}

    def text(self, body: Body, key: str, path: str) -> str | None:
        value = body.get(key)
        if value is None or isinstance(value, str):
            return value or None
        self.fault(f"{path}.{key}", "must be a text")
        return None

    def required(self, body: Body, key: str, path: str) -> str:
        value = self.text(body, key, path)
        if (value is None or not value.strip()) and not any(error.field == f"{path}.{key}" for error in self.errors):
            self.fault(f"{path}.{key}", "cannot be empty")
        return value or ""

    def flag(self, body: Body, key: str, path: str, default: bool) -> bool:
        value = body.get(key)
        if isinstance(value, bool) or value is None:
            return default if value is None else value
        self.fault(f"{path}.{key}", "must be true or false")
        return default

    def texts(self, body: Body, key: str, path: str) -> tuple[str, ...]:
        value = body.get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.fault(f"{path}.{key}", "must be a list of texts")
        return ()

    def reference(self, body: Body, key: str, path: str) -> ScopedReference | None:
        value = self.text(body, key, path)
        try:
            return ScopedReference.parse(value) if value else None
        except InvalidReferenceError as error:
            self.fault(f"{path}.{key}", error.message)
            return None

    def unknown(self, body: Body, known: frozenset[str], path: str) -> None:
        for key in body:
            if key not in known:
                self.fault(f"{path}.{str(key)[:100]}", "there is no such field")
