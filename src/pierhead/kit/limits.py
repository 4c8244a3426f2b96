"""Caps on what others may make us read, and JSON read strictly under such caps."""

import json
import re
from math import isinf
from typing import NoReturn

from .errors import InvalidInputError, TooLargeError

KIB = 1024
MIB = 1024 * KIB

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # always matches after a quote: linear on any input
_BRACKET = re.compile(r"[\[\]{}]")


class MalformedJsonError(InvalidInputError):
    """Not the JSON we accept: broken syntax, duplicate keys, NaN or Infinity, too deep. Lines and columns from 1."""

    code = "malformed-json"

    def __init__(self, reason: str, *, line: int | None = None, column: int | None = None) -> None:
        place = f" at line {line}, column {column}" if line is not None else ""
        super().__init__(f"not valid JSON{place}: {reason}", hint="mend the JSON text and send it again")
        self.reason = reason
        self.line = line
        self.column = column


class BodyTooLargeError(TooLargeError):
    code = "body-too-large"

    def __init__(self, what: str, cap_bytes: int) -> None:
        super().__init__(f"{what} is larger than the {cap_bytes:,} bytes accepted")
        self.cap_bytes = cap_bytes


class SlowBodyError(InvalidInputError):
    code = "slow-body"

    def __init__(self, deadline_s: float) -> None:
        super().__init__(f"the request body did not arrive within {deadline_s:.0f} seconds")


def parse_json(raw: bytes, *, max_depth: int = 64, max_values: int = 200_000) -> object:
    """The value in ``raw`` (UTF-8). Raises MalformedJsonError; never RecursionError or UnicodeError.

    ``max_values`` bounds memory: a small text of very many small values takes twenty times its size. It counts
    commas and brackets, those in strings too, so leave some room.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"byte {error.start} is not UTF-8") from None
    _check_depth(text, max_depth)
    if text.count(",") + text.count("[") + text.count("{") > max_values:
        raise MalformedJsonError(f"more than {max_values:,} values in it")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise MalformedJsonError(_reason(error.msg), line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError) as error:  # ValueError: a number with too many digits
        raise MalformedJsonError(str(error) or "too deep") from None


def _reason(said: str) -> str:
    """The parser's words; what it says of a text that was never closed helps nobody."""
    if said == "Invalid control character at":
        return "the text does not end on its line; a closing quote is missing"
    return said.removesuffix(" at")


def _check_depth(text: str, max_depth: int) -> None:
    """Counts brackets outside strings, so that a bomb is refused before the parser recurses into it."""
    if text.count("[") + text.count("{") <= max_depth:  # the common case needs no walk
        return
    depth = 0
    for match in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if match[0] in "[{" else -1
        if depth > max_depth:
            raise MalformedJsonError(f"nested deeper than {max_depth} levels")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise MalformedJsonError(f"the key {key[:100]!r} occurs twice")
            seen.add(key)
    return result


def _finite(text: str) -> float:
    """1e999 is good JSON, and would be written as Infinity, which is not."""
    number = float(text)
    if isinf(number):
        raise MalformedJsonError(f"the number {text[:40]} is too large")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"{name} is not a JSON number")
