"""Who is speaking: the owner of the key that signed, and nobody else, whatever a body may say."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.control.delegates import AgentService, KnownDelegate
from pierhead.kit.clock import Clock
from pierhead.protocol.signatures import RequestSignature

from .nonces import WINDOW_S, NonceMemory
from .refusals import BadSignatureError, ClockSkewError, LinkBusyError, ReplayedError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it came in, with what its headers claim."""

    target: str
    body: bytes
    signature: RequestSignature

    @property
    def key_id(self) -> str:
        return self.signature.key_id

    @property
    def nonce(self) -> str:
        return self.signature.nonce


class Gatekeeper:
    """Thread-safe. One for each process: it remembers the requests that it has let pass."""

    def __init__(self, agents: AgentService, clock: Clock) -> None:
        self._agents = agents
        self._clock = clock
        self._nonces = NonceMemory()

    def signed(self, headers: Mapping[str, str], target: str, body: bytes) -> Signed:
        """Not yet believed. Raises InvalidSignatureError, ClockSkewError."""
        found = RequestSignature.parse(headers)
        now = self._clock.now().timestamp()
        if abs(found.created - now) > WINDOW_S:
            raise ClockSkewError(found.created - now, now)
        return Signed(target, body, found)

    def check(self, request: Signed, public_key: bytes) -> None:
        """Raises BadSignatureError, ReplayedError, LinkBusyError."""
        if not request.signature.verify(public_key, "POST", request.target, request.body):
            raise BadSignatureError
        now = self._clock.now().timestamp()
        is_new = self._nonces.use(request.key_id, request.nonce, request.signature.created, now)
        if is_new is None:
            raise LinkBusyError("requests of this delegate", WINDOW_S)
        if not is_new:
            log.warning("a request of delegate %s was sent a second time", request.key_id)
            raise ReplayedError

    def known(self, key_id: str) -> KnownDelegate:
        """Whose key that is, by the store. Raises DelegateUnknownError, DelegateRevokedError."""
        return known_now(self._agents, key_id)


def known_now(agents: AgentService, key_id: str) -> KnownDelegate:
    """Raises DelegateUnknownError, DelegateRevokedError."""
    known = agents.key_of(key_id)
    known.check()
    return known
