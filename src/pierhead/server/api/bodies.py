"""Request bodies: bytes, then strict JSON, then a model, each step with a refusal that says what is wrong.

The framework's own reading is not used: it answers broken JSON without a line, takes duplicate keys and NaN, and
reads before it has asked who is calling. Declare these dependencies after the one that authenticates.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request

from pierhead.kit.limits import SlowBodyError, parse_json

from .refusals import EmptyBodyError, FieldProblem, InvalidFieldsError, MediaTypeError, UnsafeTextError

M = TypeVar("M")

JSON = ("application/json",)
READ_DEADLINE_S = 60.0


def raw_body(*accepted: str) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that gives the bytes of a body of one of these media types; b"" when there is no body."""

    async def read(request: Request) -> bytes:
        if not _has_body(request):
            return b""
        if media_type(request) not in accepted:
            raise MediaTypeError(request.headers.get("content-type"), accepted)
        try:
            async with asyncio.timeout(READ_DEADLINE_S):
                return await request.body()
        except TimeoutError:
            raise SlowBodyError(READ_DEADLINE_S) from None
        except ClientDisconnect:
            return b""  # nobody is left to read the refusal that this leads to

    return read


def json_body(kind: type[M], *, is_optional: bool = False) -> Callable[..., M | None]:
    """A dependency that gives the body as ``kind``; None for an optional body that is not there."""

    @cache
    def adapter() -> TypeAdapter[M]:  # made for the first body: most starts see few kinds of them
        return TypeAdapter(kind)

    def read(raw: Annotated[bytes, Depends(raw_body(*JSON))]) -> M | None:
        if not raw:
            if is_optional:
                return None
            raise EmptyBodyError
        return validated(adapter(), raw)

    return read


def json_value() -> Callable[..., object]:
    """A dependency that gives the body as JSON says it, for readers of control that judge its shape themselves."""

    def read(raw: Annotated[bytes, Depends(raw_body(*JSON))]) -> object:
        if not raw:
            raise EmptyBodyError
        return strict_json(raw)

    return read


def strict_json(raw: bytes) -> object:
    """Raises MalformedJsonError and UnsafeTextError."""
    value = parse_json(raw)
    _refuse_unsafe_text(raw, value)
    return value


def validated(adapter: TypeAdapter[M], raw: bytes) -> M:
    """The value that the JSON text in ``raw`` stands for. Raises as ``strict_json``, and InvalidFieldsError."""
    return checked(adapter, strict_json(raw))


def checked(adapter: TypeAdapter[M], value: object, path: str = "") -> M:
    """The value as the adapter's type, ``path`` being where it stands in the body. Raises InvalidFieldsError."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise InvalidFieldsError(problems_of(error.errors(include_url=False), path=path)) from None


def media_type(request: Request) -> str:
    """The media type of the body in lower case without parameters; any ``+json`` type counts as JSON itself."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return JSON[0] if given.startswith("application/") and given.endswith("+json") else given


def _has_body(request: Request) -> bool:
    announced = request.headers.get("content-length")
    if announced is not None:
        return announced.strip("0") != ""
    return "transfer-encoding" in request.headers or "content-type" in request.headers


def _refuse_unsafe_text(raw: bytes, value: object) -> None:
    """Half a surrogate pair cannot be encoded and NUL cannot be stored; JSON spells both with an escape."""
    lowered = raw.lower()
    if b"\\ud" not in lowered and b"\\u0000" not in lowered:
        return
    for text in _texts(value):
        if "\0" in text:
            raise UnsafeTextError("the character NUL")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise UnsafeTextError("half of a surrogate pair")


def _texts(value: object) -> "list[str]":
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return []


_TEXTS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "extra_forbidden": "is not a field that is known here",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "list_type": "must be a list",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "string_pattern_mismatch": "is not an identifier",
    "string_too_short": "cannot be empty",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
}
_REQUIRED = {"connector.spec.auth": "Auth Field is Null", "connector.type": "Connector type cannot be null"}


def problems_of(found: Sequence[Any], *, skip: int = 0, path: str = "") -> tuple[FieldProblem, ...]:
    """What pydantic found, in our words; ``skip`` leaves out so many leading parts of each path, and ``path`` comes
    before it."""
    before = (path,) if path else ()
    return tuple(_problem(".".join(map(str, (*before, *each["loc"][skip:]))), each) for each in found)


def _problem(path: str, found: Any) -> FieldProblem:
    """Only a choice repeats what was given: anywhere else it may be a password in the wrong place."""
    kind, given = found["type"], found.get("input")
    if kind == "missing" or given is None:
        return FieldProblem(path, _REQUIRED.get(path, "is required"))
    if kind in ("enum", "literal_error") and isinstance(given, str):
        return FieldProblem(path, f"Invalid value: {given[:100]}; expected {found['ctx']['expected']}")
    return FieldProblem(path, _TEXTS.get(kind, found["msg"]))
