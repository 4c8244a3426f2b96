"""Errors as the command line tells them: the one table of exit codes, and the text or JSON on standard error."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from pierhead.kit.errors import (
    CATEGORIES,
    AppError,
    InvalidInputError,
    UnauthenticatedError,
    UnavailableError,
    category_of,
)

from .format import clean
from .meanings import category_told

FAILED = 1
INTERRUPTED = 130
EXIT_CODES: dict[type[AppError], int] = {AppError: FAILED} | {
    category: number for number, category in enumerate(CATEGORIES, start=2)
}


class ApiError(AppError):
    """The API refused. ``wire_code`` is the reference's, ``own_code`` Pierhead's; ``category`` what it means.

    ``details``: what of the answer says more than its message, as the API words it.
    """

    code = "api"

    def __init__(
        self,
        status: int,
        wire_code: str,
        own_code: str,
        message: str,
        hint: str = "",
        *,
        correlation_id: str = "",
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.remote_code = own_code or wire_code
        self.category = category_told(status, wire_code, own_code)
        self.correlation_id = correlation_id
        self.details = details or {}


class ServerUnreachableError(UnavailableError):
    code = "server-unreachable"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"no answer from {place}: {reason}",
            hint="check the URL and that `pierhead up` runs there, or leave --url out to work on the data directory",
        )


class NotPierheadError(UnavailableError):
    code = "not-pierhead"

    def __init__(self, place: str, what: str) -> None:
        super().__init__(
            f"{place} does not answer as Pierhead does: {what}", hint="check the URL, and any proxy before it"
        )


class NoKeyError(UnauthenticatedError):
    code = "no-api-key"

    def __init__(self, place: str) -> None:
        super().__init__(f"no API key for {place}", hint="set PIERHEAD_API_KEY, or name a file with --api-key-file")


class UsageError(InvalidInputError):
    """Options that cannot go together, or a file that cannot be read."""

    code = "usage"


def meaning(error: AppError) -> type[AppError]:
    return error.category if isinstance(error, ApiError) else category_of(error)


def exit_code(error: AppError) -> int:
    return EXIT_CODES[meaning(error)]


def code_of(error: AppError) -> str:
    return error.remote_code if isinstance(error, ApiError) else error.code


def wants_json(argv: Sequence[str]) -> bool:
    """Known from the words alone, so that wrong words are told in JSON too."""
    words = list(argv)
    return "--json" in words[: words.index("--") if "--" in words else len(words)]


def tell(error: AppError, out: TextIO, *, is_verbose: bool = False, is_json: bool = False) -> None:
    """What happened, what to do; the redacted exchange that an error carries only when asked for."""
    if is_json:
        return tell_json(document_of(error, is_verbose=is_verbose), out)
    out.write(f"error: {_lines(error.message)}\n")
    if error.hint:
        out.write(f"hint: {_lines(error.hint)}\n")
    if is_verbose:
        out.write(f"code: {code_of(error)}\n")
        for line in exchange_lines(getattr(error, "exchange", None)):
            out.write(line + "\n")
    correlation = getattr(error, "correlation_id", "")
    if correlation and (is_verbose or meaning(error) is AppError):  # the operator finds it in the server's log by this
        out.write(f"correlation: {clean(correlation)}\n")
    return None


def document_of(error: AppError, *, is_verbose: bool = False) -> dict[str, Any]:
    """An error for programs; ``correlationId`` and ``details`` only where there are any."""
    details = dict(getattr(error, "details", None) or {})
    if is_verbose and (exchange := exchange_of(getattr(error, "exchange", None))):
        details["exchange"] = exchange
    document: dict[str, Any] = {
        "code": code_of(error),
        "category": meaning(error).code,
        "message": error.message,
        "hint": error.hint,
    }
    if correlation := getattr(error, "correlation_id", ""):
        document["correlationId"] = correlation
    return document | ({"details": details} if details else {})


def tell_json(error: Mapping[str, object], out: TextIO) -> None:
    """One line: whatever was warned of before stands on lines of its own."""
    out.write(json.dumps({"error": error}) + "\n")


def tell_interrupted(out: TextIO, *, is_json: bool) -> None:
    if is_json:
        tell_json({"code": "interrupted", "category": "interrupted", "message": "interrupted", "hint": ""}, out)
    else:
        out.write("interrupted\n")


def _lines(text: str) -> str:
    """Line ends stay, for our own longer texts; everything else that could drive a terminal is written out."""
    return "\n".join(clean(line) for line in text.splitlines())


def exchange_of(exchange: object) -> dict[str, object]:
    """Method, URL, status and body of an HTTP exchange (an object or JSON that has these); empty for None."""
    if exchange is None:
        return {}
    names = ("method", "url", "status", "body")
    if isinstance(exchange, dict):
        return {name: exchange.get(name) for name in names}
    return {name: getattr(exchange, name, None) for name in names}


def exchange_lines(exchange: object) -> list[str]:
    """At most two lines; none for None."""
    if not (told := exchange_of(exchange)):
        return []
    where = f"{clean(told['method'] or '')} {clean(told['url'] or '')}"
    lines = [f"exchange: {where} -> {clean(told['status'] or 'no answer')}"]
    if told["body"]:
        lines.append(f"answer: {clean(told['body'])[:600]}")
    return lines
