"""Errors as the command line tells them: the one table of exit codes, and the text on standard error."""

from typing import TextIO

from pierhead.kit.errors import (
    CATEGORIES,
    AppError,
    ConflictError,
    DeniedError,
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
    category_of,
)

from .format import clean

FAILED = 1
INTERRUPTED = 130
EXIT_CODES: dict[type[AppError], int] = {AppError: FAILED} | {
    category: number for number, category in enumerate(CATEGORIES, start=2)
}

_BY_STATUS: dict[int, type[AppError]] = {
    401: UnauthenticatedError,
    403: DeniedError,
    404: NotFoundError,
    408: UnavailableError,
    409: ConflictError,
    413: TooLargeError,
    424: UnavailableError,  # a registry refused the server, or did not answer it
    429: RateLimitedError,
    501: UnsupportedError,
    502: IntegrityError,
    503: UnavailableError,
    504: UnavailableError,
}
# The reference answers 400 for these; what they mean is in its code or in ours.
_BY_CODE: dict[str, type[AppError]] = {
    "RESOURCE_NOT_FOUND_EXCEPTION": NotFoundError,
    "CONNECTOR_NOT_FOUND_EXCEPTION": NotFoundError,
    "ENTITY_NOT_FOUND": NotFoundError,
    "DUPLICATE_FIELD": ConflictError,
    "ENTITY_REFERENCE_EXCEPTION": ConflictError,
    "OPTIMISTIC_LOCKING_EXCEPTION": ConflictError,
    "UNSUPPORTED_OPERATION_EXCEPTION": UnsupportedError,
    "connector-exists": ConflictError,
    "delegate-token-already-revoked": ConflictError,
    "delegate-token-exists": ConflictError,
    "delegate-token-still-active": ConflictError,
    "secret-exists": ConflictError,
}


class ApiError(AppError):
    """The API refused. ``wire_code`` is the reference's, ``own_code`` Pierhead's; ``category`` what it means."""

    code = "api"

    def __init__(self, status: int, wire_code: str, own_code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.remote_code = own_code or wire_code
        by_status = _BY_STATUS.get(status, InvalidInputError if 400 <= status < 500 else AppError)
        by_code = _BY_CODE.get(own_code) or _BY_CODE.get(wire_code)
        self.category = by_code or by_status if status == 400 else by_status


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


def tell(error: AppError, out: TextIO, *, is_verbose: bool = False) -> None:
    """What happened, what to do; the redacted exchange that an error carries only when asked for."""
    out.write(f"error: {_lines(error.message)}\n")
    if error.hint:
        out.write(f"hint: {_lines(error.hint)}\n")
    if is_verbose:
        code = error.remote_code if isinstance(error, ApiError) else error.code
        out.write(f"code: {code}\n")
        for line in exchange_lines(getattr(error, "exchange", None)):
            out.write(line + "\n")


def _lines(text: str) -> str:
    """Line ends stay, for our own longer texts; everything else that could drive a terminal is written out."""
    return "\n".join(clean(line) for line in text.splitlines())


def exchange_lines(exchange: object) -> list[str]:
    """An HTTP exchange (an object or JSON with method, url, status, body) in at most two lines; none for None."""
    if exchange is None:
        return []

    def field(name: str) -> object:
        return exchange.get(name) if isinstance(exchange, dict) else getattr(exchange, name, None)

    status = field("status")
    lines = [f"exchange: {clean(field('method') or '')} {clean(field('url') or '')} -> {clean(status or 'no answer')}"]
    if body := field("body"):
        lines.append(f"answer: {clean(body)[:600]}")
    return lines
