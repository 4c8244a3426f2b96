"""The one family of errors that Pierhead raises on purpose.

    AppError
    ├── InvalidInputError     what was given cannot be right          400  exit 2
    ├── UnauthenticatedError  nobody we know                          401  exit 3
    ├── DeniedError           known, but may not                      403  exit 4
    ├── NotFoundError         the named thing is not there            404  exit 5
    ├── ConflictError         it contradicts what is there            409  exit 6
    ├── TooLargeError         more than a cap allows                  413  exit 7
    ├── RateLimitedError      somebody asked us to wait               429  exit 8
    ├── UnsupportedError      right, but not to be had here           501  exit 9
    ├── UnavailableError      somebody we need does not answer        503  exit 10
    └── IntegrityError        bytes are not what they claim to be     502  exit 11

Leaves live with their feature. They take typed values and compose the message themselves: what happened and the
object as the user wrote it; the hint is one thing to do about it. Boundaries translate categories, never texts.
"""

from typing import ClassVar


class AppError(Exception):
    """An expected failure with a stable ``code``, a ``message`` for people and a ``hint`` that says what to do."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInputError(AppError):
    code = "invalid-input"


class UnauthenticatedError(AppError):
    code = "unauthenticated"


class DeniedError(AppError):
    code = "denied"


class NotFoundError(AppError):
    code = "not-found"


class ConflictError(AppError):
    code = "conflict"


class TooLargeError(AppError):
    code = "too-large"


class RateLimitedError(AppError):
    """``retry_after_s`` is how long the other side asked us to wait, None when it did not say."""

    code = "rate-limited"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class UnsupportedError(AppError):
    code = "unsupported"


class UnavailableError(AppError):
    code = "unavailable"
    retryable = True


class IntegrityError(AppError):
    code = "integrity"


CATEGORIES: tuple[type[AppError], ...] = (
    InvalidInputError,
    UnauthenticatedError,
    DeniedError,
    NotFoundError,
    ConflictError,
    TooLargeError,
    RateLimitedError,
    UnsupportedError,
    UnavailableError,
    IntegrityError,
)


def category_of(error: AppError) -> type[AppError]:
    """The category a leaf belongs to; AppError itself when it belongs to none."""
    return next((category for category in CATEGORIES if isinstance(error, category)), AppError)
