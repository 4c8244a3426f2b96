"""The agent link over ASGI: a body under a cap and within a time, a refusal in one shape; no route, no use case."""

import asyncio
import logging
from typing import TypeVar

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from pierhead.kit.errors import InvalidInputError
from pierhead.kit.limits import BodyTooLargeError
from pierhead.protocol.message import Message
from pierhead.server.api.bodies import strict_json

from .refusals import SlowRequestError

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Message)
READ_DEADLINE_S = 60.0
_MAX_PROBLEMS = 5


class InvalidMessageError(InvalidInputError):
    """Not a message of this exchange. No value is repeated: it may be a secret."""

    code = "invalid-message"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(
            f"not a message of this exchange: {'; '.join(problems)}", hint="use a delegate of this release"
        )


class HungUpError(InvalidInputError):
    """Nobody is left to read any answer."""

    code = "hung-up"

    def __init__(self) -> None:
        super().__init__("the connection ended before the request did")


async def body_of(scope: Scope, receive: Receive, cap_bytes: int) -> bytes:
    """Raises BodyTooLargeError, SlowRequestError, HungUpError."""
    announced = Headers(scope=scope).get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > cap_bytes:
        raise BodyTooLargeError("the request body", cap_bytes)
    try:
        async with asyncio.timeout(READ_DEADLINE_S):
            return await _read(receive, cap_bytes)
    except TimeoutError:
        raise SlowRequestError(READ_DEADLINE_S) from None


async def _read(receive: Receive, cap_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise HungUpError
        part = message.get("body", b"")
        size += len(part)
        if size > cap_bytes:
            raise BodyTooLargeError("the request body", cap_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def message_in(raw: bytes, kind: type[M]) -> M:
    """Raises MalformedJsonError, UnsafeTextError, InvalidMessageError."""
    value = strict_json(raw)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:_MAX_PROBLEMS]
        problems = tuple(f"{'.'.join(map(str, each['loc']))[:100]}: {each['msg'][:100]}" for each in found)
        raise InvalidMessageError(problems) from None


def target_of(scope: Scope) -> str:
    """Path and query as they were sent, which is what was signed."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (raw_path + (b"?" + query if query else b"")).decode("latin-1")
