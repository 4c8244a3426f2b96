"""People who may do just what a test says: rows as inviting them and assigning roles would have written them."""

from collections.abc import Iterable
from typing import Protocol

from pierhead.control.access import (
    AccessService,
    AccessStore,
    Account,
    IncludedScope,
    KeyText,
    Permission,
    PrincipalRef,
    ResourceGroup,
    ResourceSelector,
    Role,
    RoleAssignment,
    Token,
    User,
)
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Level, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.ids import new_id, random_text
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Signal, Topic


class Granting(Protocol):
    @property
    def store(self) -> AccessStore: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def account(self) -> Account: ...
    @property
    def access(self) -> AccessService: ...


def somebody(application: Granting, name: str = "somebody") -> tuple[PrincipalRef, SecretValue]:
    """A new user who may do nothing yet, and the text of a key of theirs."""
    account, now, secret = application.account.id, application.clock.now(), SecretValue(random_text(43))
    user = User(account, f"{name}{random_text(8)}", f"{name}{random_text(8)}@example.com", name, now, now)
    token = Token(
        id=random_text(22),
        account=account,
        owner=user.ref,
        api_key="key",
        identifier="token",
        name="token",
        secret_hash=application.access.pepper.hash(secret),
        created_at=now,
        valid_from=now,
    )
    with application.store.transaction() as tx:
        tx.users.add(user)
        tx.tokens.add(token)
    return user.ref, KeyText(PrincipalType.USER, account, token.id, secret).render()


def grant(
    application: Granting,
    to: PrincipalRef,
    scope: Scope,
    permissions: Iterable[Permission],
    selectors: tuple[ResourceSelector, ...] | None = None,
    *,
    with_children: bool = False,
) -> None:
    """Lets them do that in the scope: on what ``selectors`` name, or with None on everything."""
    name, now, levels = f"g{new_id()}", application.clock.now(), frozenset(Level)
    included = (IncludedScope(scope, with_children),)
    with application.store.transaction() as tx:
        tx.roles.add(Role(scope, name, name, frozenset(permissions), levels, now, now))
        tx.resource_groups.add(ResourceGroup(scope, name, name, included, selectors, levels, now, now))
        tx.role_assignments.add(RoleAssignment(scope, name, name, name, to, now, now))
        tx.announce(Signal(Topic.ACCESS))
