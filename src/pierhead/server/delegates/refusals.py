"""What the agent link refuses by itself, and how any refusal looks on it: one shape, whatever the status."""

import random
from functools import lru_cache
from math import ceil

from starlette.responses import Response

from pierhead.kit.errors import (
    AppError,
    ConflictError,
    DeniedError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
    category_of,
)
from pierhead.kit.limits import SlowBodyError
from pierhead.protocol.agent import Refusal

_STATUS: dict[type[AppError], int] = {
    InvalidInputError: 400,
    UnsupportedError: 400,
    UnauthenticatedError: 401,
    DeniedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    RateLimitedError: 503,
    UnavailableError: 503,
}
_SHORTEST_WAIT_S = 1.0
_UNAVAILABLE_WAIT_S = 5.0


class BadSignatureError(UnauthenticatedError):
    code = "bad-signature"

    def __init__(self) -> None:
        super().__init__(
            "the signature is not this key's over this request", hint="look for a proxy that changes path or body"
        )


class ClockSkewError(UnauthenticatedError):
    """``now`` is told, so that the delegate can sign by the server's clock, and ``proof`` that it is the server's."""

    code = "clock-skew"

    def __init__(self, off_s: float, now: float, proof: str) -> None:
        super().__init__(
            f"the request was signed {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the server's clock",
            hint="set the delegate's clock",
        )
        self.now = now
        self.proof = proof


class ReplayedError(UnauthenticatedError):
    code = "nonce-used"

    def __init__(self) -> None:
        super().__init__("this request was seen before", hint="sign it again with a fresh nonce")


class DelegateWaitingError(DeniedError):
    code = "delegate-waiting-for-approval"

    def __init__(self, delegate_id: str) -> None:
        super().__init__(
            f"the delegate {delegate_id} waits for approval and gets no tasks",
            hint="approve it with `pierhead delegate approve`",
        )


class NotYourTaskError(DeniedError):
    """Another delegate's task: that it exists at all is its own account's knowledge, so no more is said."""

    code = "not-your-task"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"task {task_id[:100]} is in the hands of another delegate", hint="drop it")


class LinkBusyError(RateLimitedError):
    """``spread_s``: those refused together are asked to come back at random within so many seconds."""

    code = "busy"

    def __init__(self, what: str, spread_s: float, *, is_stranger: bool = False) -> None:
        super().__init__(f"too many {what} at once", retry_after_s=spread_s, hint="wait as long as Retry-After says")
        self.is_stranger = is_stranger


class NoRouteError(NotFoundError):
    code = "no-such-route"

    def __init__(self, path: str) -> None:
        super().__init__(f"there is nothing at {path[:200]}", hint="use a delegate of this release")


class MethodError(InvalidInputError):
    code = "method-not-allowed"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method[:20]} is not possible here; every exchange is a POST")


def refusal(error: AppError) -> Response:
    """Retry-After is drawn anew for each: those refused together must not come back together.

    Nobody we know has nothing more to say on this connection: it is closed.
    """
    status = 405 if isinstance(error, MethodError) else _STATUS.get(category_of(error), 500)
    headers = {"Connection": "close"} if is_of_stranger(error) else {}
    if status == 503:
        spread_s = getattr(error, "retry_after_s", None) or _UNAVAILABLE_WAIT_S
        headers["Retry-After"] = str(ceil(random.uniform(_SHORTEST_WAIT_S, max(spread_s, 2.0))))  # noqa: S311
    if status == 405:
        headers["Allow"] = "POST"
    return Response(_text(error), status, headers, "application/json")


def _text(error: AppError) -> str:
    if isinstance(error, ClockSkewError):
        body = Refusal(code=error.code, message=error.message, hint=error.hint, now=error.now, proof=error.proof)
        return body.model_dump_json(by_alias=True, exclude_none=True)
    return _plain_text(error.code, error.message, error.hint)


@lru_cache(256)
def _plain_text(code: str, message: str, hint: str) -> str:
    return Refusal(code=code, message=message, hint=hint).model_dump_json(by_alias=True, exclude_none=True)


def is_of_stranger(error: AppError) -> bool:
    """Was it refused before anything was known of who asked?"""
    return isinstance(error, _OF_STRANGERS) or (isinstance(error, LinkBusyError) and error.is_stranger)


_OF_STRANGERS = (UnauthenticatedError, NoRouteError, MethodError, SlowBodyError)
