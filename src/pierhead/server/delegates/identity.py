"""Who is speaking: the owner of the key that signed, and nobody else, whatever a body may say."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.control.delegates import AgentService, KnownDelegate
from pierhead.kit.clock import Clock
from pierhead.protocol.signatures import RequestSignature, SigningKey, signature_to_text, time_bytes

from .nonces import WINDOW_S, NonceMemory
from .refusals import BadSignatureError, ClockSkewError, LinkBusyError, ReplayedError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature is good, and whose body is the one that was signed."""

    body: bytes
    signature: RequestSignature

    @property
    def key_id(self) -> str:
        return self.signature.key_id

    @property
    def nonce(self) -> str:
        return self.signature.nonce


class Gatekeeper:
    """Thread-safe. One for each process: it remembers the requests that it has let pass.

    A signature covers the digest of a body, so it is judged before a byte of that body is read.
    """

    def __init__(self, agents: AgentService, clock: Clock, server_key: SigningKey) -> None:
        self._agents = agents
        self._clock = clock
        self._server_key = server_key
        self._nonces = NonceMemory()

    def claimed(self, headers: Mapping[str, str]) -> RequestSignature:
        """Not yet believed. Raises InvalidSignatureError, ClockSkewError."""
        found = RequestSignature.parse(headers)
        now = self._clock.now().timestamp()
        if abs(found.created - now) > WINDOW_S:
            proof = self._server_key.sign(time_bytes(found.nonce, now))
            raise ClockSkewError(found.created - now, now, signature_to_text(proof))
        return found

    def check(self, claim: RequestSignature, target: str, public_key: bytes) -> None:
        """For a key that is known. Raises BadSignatureError, ReplayedError, LinkBusyError."""
        self.check_stranger(claim, target, public_key)
        now = self._clock.now().timestamp()
        is_new = self._nonces.use(claim.key_id, claim.nonce, claim.created, now)
        if is_new is None:
            raise LinkBusyError("requests of this delegate", WINDOW_S)
        if not is_new:
            log.warning("a request of delegate %s was sent a second time", claim.key_id)
            raise ReplayedError

    def check_stranger(self, claim: RequestSignature, target: str, public_key: bytes) -> None:
        """For a key that comes with the request; the store remembers its nonce if it is let in.

        Raises BadSignatureError.
        """
        if not claim.is_by(public_key, "POST", target):
            raise BadSignatureError

    def signed(self, claim: RequestSignature, body: bytes) -> Signed:
        """Raises BadSignatureError."""
        if not claim.is_of(body):
            raise BadSignatureError
        return Signed(body, claim)

    def known(self, key_id: str) -> KnownDelegate:
        """Whose key that is, by the store. Raises DelegateUnknownError, DelegateRevokedError."""
        return known_now(self._agents, key_id)


def known_now(agents: AgentService, key_id: str) -> KnownDelegate:
    """Raises DelegateUnknownError, DelegateRevokedError."""
    known = agents.key_of(key_id)
    known.check()
    return known
