"""The link to the server: messages out, signed; answers in, typed; refusals turned into errors. One origin only.

Sends an exchange a second time in two cases: the kept connection was dead, or the server told us its time.
"""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import ValidationError

from pierhead import __version__
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.ids import random_text
from pierhead.kit.limits import KIB, MIB, parse_json
from pierhead.protocol.agent import AGENT_PATH, Refusal
from pierhead.protocol.message import Message
from pierhead.protocol.signatures import SigningKey, sign_request, signature_from_text, time_bytes, verify
from pierhead.registry.errors import (
    BodyTooLargeError,
    CallCancelledError,
    ConnectionLostError,
    RegistryError,
    TlsError,
)
from pierhead.registry.exchange import show_text
from pierhead.registry.retry_after import parse_retry_after
from pierhead.registry.wire.proxy import proxy_authorization

from .alarm import Alarm
from .connection import Caller, Connection, Patrol, Patrolled, Reply
from .errors import (
    DelegateRevokedError,
    DelegateUnknownError,
    LeaseLostError,
    RefusedError,
    ServerBusyError,
    ServerUnreachableError,
    SessionSupersededError,
)

A = TypeVar("A", bound=Message)
USER_AGENT: Final = f"pierhead-delegate/{__version__}"
ANSWER_CAP: Final = 256 * KIB
ORDER_CAP: Final = 8 * MIB
SAID_CHARS: Final = 500
"""Of what a server says, at most this is shown, and on one line."""
LIMIT_S: Final = 30.0
_KEEP_IDLE_S = 55.0
_MAX_IDLE = 4
_MAX_SKEW_S = 10 * 365 * 86400.0
_MAX_UNPROVEN_SKEW_S = 2 * 86400.0


class Link:
    """Thread-safe. ``stop`` ends every exchange within half a second."""

    def __init__(self, caller: Caller, key: SigningKey, clock: Clock, stop: threading.Event) -> None:
        self._caller = caller
        self._key = key
        self._clock = clock
        self._stop = stop
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._offset_s = 0.0
        self._server_key: bytes | None = None
        self.answered_at: float | None = None
        """When the server last gave a good answer, on the monotonic clock."""

    @property
    def place(self) -> str:
        return str(self._caller.origin)

    def trust(self, server_key: bytes) -> None:
        """From here on only the owner of that key is believed what time it is."""
        self._server_key = server_key

    def post(
        self,
        path: str,
        message: Message,
        answer: type[A],
        *,
        limit_s: float = LIMIT_S,
        cap: int = ANSWER_CAP,
        alarm: Alarm | None = None,
        total_s: float | None = None,
    ) -> A:
        """``path`` below AGENT_PATH. ``limit_s`` until the answer begins, ``total_s`` until its end.

        Raises AppError: those of ``errors``, CallCancelledError when stopped, InterruptedPollError by the alarm.
        """
        body = message.model_dump_json(by_alias=True, exclude_none=True).encode()
        deadline = self._clock.monotonic() + (limit_s + LIMIT_S if total_s is None else total_s)
        patrol = Patrol(Patrolled(self._stop, deadline, alarm), limit_s)
        reply, nonce = self._exchange(path, body, cap, patrol)
        refusal = _refusal_of(reply)
        if refusal is not None and refusal.code == "clock-skew" and self._learn_time(refusal, nonce):
            reply, _ = self._exchange(path, body, cap, patrol)
            refusal = _refusal_of(reply)
        if reply.status != 200:
            raise self._error(path, reply, refusal)
        return self._parsed(reply, answer)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    # --- one exchange

    def _exchange(self, path: str, body: bytes, cap: int, patrol: Patrol) -> tuple[Reply, str]:
        """The answer, and the nonce of what it answers."""
        try:
            while (kept := self._take()) is not None:
                try:
                    return self._send(kept, path, body, cap, patrol)
                except ConnectionLostError:
                    continue  # closed by the server just as we wrote: says nothing about a new one
            return self._send(self._caller.open(patrol.call), path, body, cap, patrol)
        except CallCancelledError:
            raise
        except RegistryError as error:
            raise self._unreachable(error) from None

    def _send(self, connection: Connection, path: str, body: bytes, cap: int, patrol: Patrol) -> tuple[Reply, str]:
        nonce = random_text(24)
        try:
            reply = connection.post(*self._request(path, body, nonce), body, cap, patrol)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return reply, nonce

    def _request(self, path: str, body: bytes, nonce: str) -> tuple[str, list[tuple[str, str]]]:
        """The target of the request line and all fields; signed anew each time, for a nonce counts once."""
        target = f"{AGENT_PATH}/{path}"
        created = int(self._clock.now().timestamp() + self._offset_s)
        signed = sign_request(self._key, "POST", target, body, created=created, nonce=nonce)
        origin, proxy = self._caller.origin, self._caller.proxy
        fields = [("Host", origin.authority), ("User-Agent", USER_AGENT), ("Accept-Encoding", "identity")]
        fields += [("Content-Type", "application/json"), *signed.items()]
        if proxy is not None and not origin.is_secure:
            return f"{origin}{target}", [*fields, *proxy_authorization(proxy)]
        return target, fields

    def _take(self) -> Connection | None:
        now = self._clock.monotonic()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if now - connection.idle_since < _KEEP_IDLE_S and not connection.is_stale():
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        connection.idle_since = self._clock.monotonic()
        with self._lock:
            if connection.is_reusable and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    # --- what an answer means

    def _parsed(self, reply: Reply, answer: type[A]) -> A:
        try:
            parse_json(reply.body)
            found = answer.model_validate_json(reply.body, strict=True)
        except (ValidationError, AppError):
            raise ServerUnreachableError(
                self.place, "what answers there is no Pierhead server of this release", "check the URL and any proxy"
            ) from None
        self.answered_at = self._clock.monotonic()
        return found

    def _error(self, path: str, reply: Reply, refusal: Refusal | None) -> AppError:
        if refusal is None:
            return self._foreign(reply)
        task_id = path.split("/")[1] if path.startswith("tasks/") else ""
        message, hint = show_text(refusal.message, SAID_CHARS), show_text(refusal.hint, SAID_CHARS)
        known: dict[str, Callable[[], AppError]] = {
            "delegate-unknown": lambda: DelegateUnknownError(message),
            "delegate-revoked": lambda: DelegateRevokedError(message),
            "session-superseded": SessionSupersededError,
            "stale-lease": lambda: LeaseLostError(task_id),
            "busy": lambda: self._busy(reply),
        }
        if refusal.code in known:
            return known[refusal.code]()
        if reply.status in (429, 503) or reply.status >= 500:
            return self._busy(reply)
        return RefusedError(reply.status, show_text(refusal.code, 64), message, hint)

    def _foreign(self, reply: Reply) -> AppError:
        """An answer that is not the server's own: a gateway before it, or something else altogether."""
        if reply.status == 429 or reply.status >= 500:
            return self._busy(reply)
        if 300 <= reply.status < 400:
            return ServerUnreachableError(self.place, "it sends us elsewhere", "give the URL of the server itself")
        return ServerUnreachableError(
            self.place, f"HTTP {reply.status}, not from a Pierhead server", "check the URL and any proxy"
        )

    def _busy(self, reply: Reply) -> ServerBusyError:
        wish_s = parse_retry_after(reply.headers.all("retry-after"), self._clock.now())
        return ServerBusyError(self.place, reply.status, wish_s)

    def _unreachable(self, error: RegistryError) -> AppError:
        if isinstance(error, TlsError):
            hint = "check the name in the URL; for a private authority give its certificate with --ca-file"
            return ServerUnreachableError(self.place, error.message, hint)
        if isinstance(error, BodyTooLargeError):
            return ServerUnreachableError(self.place, error.message, "check the URL and any proxy")
        return ServerUnreachableError(self.place, error.message)

    def _learn_time(self, refusal: Refusal, nonce: str) -> bool:
        """Signs with the server's time from here on; False when that changes nothing, or may be somebody else's.

        Before it is enrolled a delegate knows no key, and signs nothing that would be worth keeping for another day.
        """
        if refusal.now is None or not self._is_proven(refusal.now, refusal.proof, nonce):
            return False
        offset_s = refusal.now - self._clock.now().timestamp()
        limit_s = _MAX_UNPROVEN_SKEW_S if self._server_key is None else _MAX_SKEW_S
        if abs(offset_s) > limit_s or abs(offset_s - self._offset_s) < 1.0:
            return False
        self._offset_s = offset_s
        return True

    def _is_proven(self, now: float, proof: str | None, nonce: str) -> bool:
        if self._server_key is None:
            return True
        return verify(self._server_key, time_bytes(nonce, now), signature_from_text(proof or ""))


def _refusal_of(reply: Reply) -> Refusal | None:
    """None for what cannot be the server's own word."""
    if reply.status < 400:
        return None
    try:
        parse_json(reply.body)
        return Refusal.model_validate_json(reply.body, strict=True)
    except (ValidationError, AppError):
        return None
