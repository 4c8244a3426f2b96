"""Tokens: reading the token server's answer, and keeping tokens by whom and what they are for.

A token's life is counted on our monotonic clock from when it came, so a wrong wall clock does no harm.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pierhead.kit.limits import MalformedJsonError, parse_json
from pierhead.kit.redact import SecretValue
from pierhead.registry.errors import BadResponseError

MIN_LIFE_S: Final = 60.0
MAX_LIFE_S: Final = 3600.0
AGED_S: Final = 30.0
_MAX_TOKENS = 4096
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{0,20})?\Z")
_FRACTION = re.compile(r"\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Token:
    """``came_at`` and ``ends_at`` are monotonic seconds; ``scopes`` is what was asked for."""

    value: SecretValue
    came_at: float
    ends_at: float
    scopes: tuple[str, ...] = ()


class TokenCache:
    """By endpoint key and wanted scope. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: OrderedDict[tuple[str, str], Token] = OrderedDict()

    def find(self, key: tuple[str, str], now: float) -> Token | None:
        with self._lock:
            token = self._tokens.get(key)
            if token is not None and token.ends_at <= now:
                del self._tokens[key]
                return None
            return token

    def put(self, key: tuple[str, str], token: Token) -> None:
        with self._lock:
            self._tokens[key] = token
            self._tokens.move_to_end(key)
            while len(self._tokens) > _MAX_TOKENS:
                self._tokens.popitem(last=False)

    def drop(self, key: tuple[str, str], token: Token) -> None:
        """Forgets ``token``, unless another has taken its place."""
        with self._lock:
            if self._tokens.get(key) is token:
                del self._tokens[key]


def parse_token(
    raw: bytes, server: str, scopes: tuple[str, ...], *, monotonic: float, server_now: datetime | None = None
) -> Token:
    """The token in a token server's answer. Raises BadResponseError.

    ``server_now`` is the answer's Date: with it a token that was not made for us just now is known to end earlier.
    """
    try:
        answer = parse_json(raw)
    except MalformedJsonError as error:
        raise BadResponseError(server, f"the token server's answer is {error.message}") from None
    if not isinstance(answer, dict):
        raise BadResponseError(server, "the token server's answer is no JSON object")
    text = answer.get("token") or answer.get("access_token")
    if not isinstance(text, str) or not _PRINTABLE.fullmatch(text):
        raise BadResponseError(server, "the token server's answer has no usable token in it")
    life_s = _life_s(answer.get("expires_in"))
    age_s = _age_s(answer.get("issued_at"), server_now, life_s)
    # A tenth off the end, so that it does not run out on its way.
    usable_s = max((life_s - age_s) * 0.9, MIN_LIFE_S * 0.5)
    return Token(SecretValue(text), monotonic, monotonic + usable_s, scopes)


def _life_s(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or not _NUMBER.match(str(value)):
        return MIN_LIFE_S
    return min(max(float(value), MIN_LIFE_S), MAX_LIFE_S)


def _age_s(issued_at: object, server_now: datetime | None, life_s: float) -> float:
    """How old the token already is, 0 when that cannot be told."""
    if server_now is None or not isinstance(issued_at, str):
        return 0.0
    try:
        issued = datetime.fromisoformat(_FRACTION.sub("", issued_at[:40]))
        age_s = (server_now - (issued if issued.tzinfo else issued.replace(tzinfo=UTC))).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return age_s if 0 <= age_s < life_s else 0.0
