"""The agent link over ASGI: what a body says, and what a request was signed for; no route, no use case."""

from typing import TypeVar

from pydantic import ValidationError
from starlette.types import Scope

from pierhead.kit.errors import InvalidInputError
from pierhead.protocol.message import Message
from pierhead.server.api.bodies import strict_json

M = TypeVar("M", bound=Message)
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
