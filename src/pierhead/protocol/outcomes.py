"""What every result may say: how something failed, and what is left of a registry's limit; values only."""

from .message import Message


class HttpExchange(Message):
    """Redacted: no credential, no token, at most 512 bytes of body. ``status`` is None when nothing was answered."""

    method: str
    url: str
    status: int | None = None
    body: str = ""


class TaskFailure(Message):
    """``code`` is stable, ``category`` one of those of kit.errors, ``hint`` one thing to do."""

    code: str
    category: str
    message: str
    hint: str = ""
    exchange: HttpExchange | None = None
    retryable: bool = False


class RateLimitLeft(Message):
    limit: int | None = None
    remaining: int | None = None
    window_s: int | None = None
