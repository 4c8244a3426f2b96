"""Delegates that are there without a process: rows as an enrolment and a heartbeat would have written them."""

import hashlib
from datetime import datetime
from typing import Protocol

from pierhead.control.delegates import (
    Delegate,
    DelegateGroup,
    DelegateState,
    DelegateStore,
    DelegateTransaction,
    TokenService,
)
from pierhead.control.scopes import Scope
from pierhead.kit.clock import Clock
from pierhead.kit.ids import new_id

from .places import make_place

KINDS = ("copy", "listRepositories", "listTags", "pull", "readTags", "resolve", "testConnection")


class Enrolling(Protocol):
    @property
    def store(self) -> DelegateStore: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def delegate_tokens(self) -> TokenService: ...


def enrol(
    application: Enrolling,
    scope: Scope,
    name: str,
    *,
    token: str = "fake",  # noqa: S107 - a name
    host: str = "",
    tags: tuple[str, ...] = (),
    state: DelegateState = DelegateState.ENABLED,
    is_connected: bool = True,
    capacity: int = 4,
) -> Delegate:
    """One more replica of the group ``name``; token and group are made when they are not there."""
    make_place(application.store, scope)
    if not application.delegate_tokens.list(scope, token):
        application.delegate_tokens.create(scope, token, "admin")
    token_id, now = application.delegate_tokens.get(scope, token).id, application.clock.now()
    key = hashlib.sha256(f"{scope} {name} {host}".encode()).digest()
    with application.store.transaction() as tx:
        group = _group(tx, scope, name, now)
        delegate = Delegate(
            id=hashlib.sha256(key).hexdigest()[:32],
            group_id=group.id,
            scope=scope,
            name=name,
            host_name=host or f"box-{name}",
            signing_key=key,
            sealing_key=key,
            token_id=token_id,
            state=state,
            version="0.1.0",
            kinds=KINDS,
            capacity=capacity,
            enrolled_at=now,
            tags=tags,
            is_connected=is_connected,
            last_heartbeat_at=now if is_connected else None,
        )
        tx.delegates.put(delegate)
    return delegate


def _group(tx: DelegateTransaction, scope: Scope, name: str, now: datetime) -> DelegateGroup:
    group = tx.delegate_groups.find(scope, name)
    if group is None:
        group = DelegateGroup(new_id(), scope, name, now)
        tx.delegate_groups.add(group)
    return group
