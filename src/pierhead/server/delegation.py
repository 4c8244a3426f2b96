"""What an application has for its delegates, joined in the one way that works; the same for one in memory."""

from dataclasses import dataclass
from typing import Protocol

from pierhead.control.delegates import AgentService, DelegateService, Dispatcher, TokenService
from pierhead.control.secrets import Keyring
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock
from pierhead.protocol.signatures import SigningKey

from .delegates.hub import Hub
from .delegates.identity import known_now
from .jobs.work import WorkStore


class DerivingKeyring(Keyring, Protocol):
    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for another use of the key; the same at each start, and on each server with this key."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """``server_key`` is what delegates know the server by."""

    delegates: DelegateService
    tokens: TokenService
    agents: AgentService
    dispatcher: Dispatcher
    server_key: SigningKey
    hub: Hub


def delegation_on(
    store: WorkStore, clock: Clock, queue: TaskQueue, keyring: DerivingKeyring, *, approval: bool
) -> Delegation:
    pepper = keyring.derive("delegate tokens")
    server_key = SigningKey.from_bytes(keyring.derive("server key"))
    agents = AgentService(store=store, clock=clock, pepper=pepper, approval=approval)
    return Delegation(
        delegates=DelegateService(store=store, clock=clock),
        tokens=TokenService(store=store, clock=clock, keyring=keyring, pepper=pepper, server_fingerprint=server_key.id),
        agents=agents,
        dispatcher=Dispatcher(store=store, queue=queue, clock=clock),
        server_key=server_key,
        hub=Hub(store, lambda delegate_id: known_now(agents, delegate_id)),
    )
