"""An account in memory with its first admin, and what tests ask of it."""

from pierhead.control.access import (
    AccessService,
    ApiKeyDraft,
    Giver,
    People,
    PrincipalRef,
    ServiceAccountDraft,
    TokenAddress,
)
from pierhead.control.access import TokenDraft as Draft
from pierhead.control.audit import Actor, AuditFilter, PrincipalType, Record
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

BY = Actor(PrincipalType.USER, "tester", "Tester")


class World:
    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        self.access = AccessService(self.store, self.clock, b"p" * 32)
        self.account, self.admin_key = self.access.create_account()
        self.people = People.on(self.store, self.clock, self.access.pepper)
        self.scope = Scope(self.account.id)
        self.admin = self.access.authenticate(self.admin_key.reveal()).ref

    def user(self, email: str = "ada@example.com") -> PrincipalRef:
        return self.people.users.create(self.account.id, email, by=BY).ref

    def machine(self, identifier: str = "ci", scope: Scope | None = None) -> PrincipalRef:
        draft = ServiceAccountDraft(scope or self.scope, identifier, "CI")
        return self.people.service_accounts.create(draft, by=BY).ref

    def key(self, owner: PrincipalRef, identifier: str = "default", default_ms: int | None = None) -> TokenAddress:
        self.people.api_keys.create(ApiKeyDraft(owner, identifier, identifier, default_ms), giver=self.giver())
        return TokenAddress(owner, identifier, "token")

    def token(self, owner: PrincipalRef) -> tuple[TokenAddress, str]:
        address = self.key(owner)
        return address, self.people.api_tokens.create(Draft(address, "token"), giver=self.giver())[1].reveal()

    def giver(self) -> Giver:
        return Giver(BY, self.admin)

    def opens(self, text: str) -> bool:
        try:
            self.access.authenticate(text)
        except Exception:
            return False
        return True

    def last_record(self) -> Record:
        with self.store.snapshot() as tx:
            return tx.audit.page(self.account.id, AuditFilter(), PageRequest(0, 1)).items[0]

    def records(self) -> int:
        with self.store.snapshot() as tx:
            tail = tx.audit.tail(self.account.id)
        return 0 if tail is None else tail.sequence
