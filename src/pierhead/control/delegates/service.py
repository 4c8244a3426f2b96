"""Use cases of people who look after delegates: lists, tags, approval, taking out of service, forgetting the lost."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.scopes import Scope
from pierhead.kit.clock import Clock

from .checks import check_tags
from .endings import announce_change, stop_delegates
from .errors import DelegateNotFoundError, DelegateStateError, GroupNotFoundError
from .forgetting import forgotten
from .listing import matching
from .model import (
    ACTIVE_WITHIN,
    GONE_AFTER,
    Delegate,
    DelegateFilter,
    DelegateGroup,
    DelegateState,
    Experience,
    GroupView,
)
from .ports import DelegateStore, DelegateTransaction
from .records import about_delegate, about_group, delegate_document, group_document

_ALL_STATES = tuple(DelegateState)
_FORGET_EVERY_S = 600.0


class DelegateService:
    """Thread-safe: it holds nothing that changes but when it last looked for whom to forget."""

    def __init__(self, *, store: DelegateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._forget_at = 0.0

    def groups(self, scope: Scope, wanted: DelegateFilter | None = None) -> tuple[GroupView, ...]:
        """Groups that this scope owns, by name; ``is_everywhere`` also those of the scopes above and below it.

        A filter on delegates leaves out groups in which it finds none.
        """
        wanted = wanted or DelegateFilter()
        with self._store.snapshot() as tx:
            groups = tx.delegate_groups.list(scope.account)
            delegates = tx.delegates.list(scope.account, wanted.states)
        return matching(groups, delegates, scope, wanted, self._clock.now())

    def get_group(self, scope: Scope, name: str) -> GroupView:
        """Raises GroupNotFoundError."""
        with self._store.snapshot() as tx:
            group = _group(tx, scope, name)
            return GroupView(group, _members(tx, group))

    def find(self, account: str, delegate_id: str) -> Delegate:
        """Raises DelegateNotFoundError."""
        with self._store.snapshot() as tx:
            return _delegate(tx, account, delegate_id)

    def experiences(self, account: str, delegate_id: str) -> tuple[Experience, ...]:
        """What it found when it last tried each registry, by origin, also what counts no more.

        Raises DelegateNotFoundError.
        """
        with self._store.snapshot() as tx:
            return tuple(tx.experiences.list_of(_delegate(tx, account, delegate_id).id))

    def running(self, delegate_ids: Collection[str]) -> Mapping[str, int]:
        """How many tasks each of them holds now; those with none may be left out."""
        with self._store.snapshot() as tx:
            return tx.tasks.leased_by(delegate_ids) if delegate_ids else {}

    def set_tags(self, scope: Scope, group: str, tags: tuple[str, ...], *, by: Actor = SYSTEM) -> DelegateGroup:
        """These in place of those put on the group before. Raises InvalidDelegateError, GroupNotFoundError."""
        return self._retag(scope, group, lambda _: tags, by)

    def add_tags(self, scope: Scope, group: str, tags: tuple[str, ...], *, by: Actor = SYSTEM) -> DelegateGroup:
        """Raises InvalidDelegateError, GroupNotFoundError."""
        return self._retag(scope, group, lambda added: (*added, *tags), by)

    def delete_tags(self, scope: Scope, group: str, tags: tuple[str, ...], *, by: Actor = SYSTEM) -> DelegateGroup:
        """Takes away those that are there, in whichever case they are written. Raises GroupNotFoundError."""
        unwanted = {tag.strip().lower() for tag in tags}
        left = lambda added: tuple(tag for tag in added if tag.lower() not in unwanted)  # noqa: E731
        return self._retag(scope, group, left, by)

    def approve(self, account: str, delegate_id: str, *, by: Actor = SYSTEM) -> Delegate:
        """From now on it is offered tasks, also for what it claims since it was approved before.

        Raises DelegateNotFoundError, DelegateStateError.
        """
        with self._changing(account, delegate_id) as (tx, delegate):
            return self._told(tx, by, delegate, _approve(tx, delegate))

    def enable(self, account: str, delegate_id: str, *, by: Actor = SYSTEM) -> Delegate:
        """Takes a disabled one back into service, with all that it claims.

        Raises DelegateNotFoundError, DelegateStateError.
        """
        with self._changing(account, delegate_id) as (tx, delegate):
            if delegate.state in (DelegateState.DELETED, DelegateState.WAITING_FOR_APPROVAL):
                raise DelegateStateError(delegate.label, delegate.state, "enabled")
            return self._told(tx, by, delegate, _let_work(tx, delegate))

    def disable(self, account: str, delegate_id: str, *, by: Actor = SYSTEM) -> Delegate:
        """It is sent away, and its tasks go on elsewhere. Raises DelegateNotFoundError, DelegateStateError."""
        with self._changing(account, delegate_id) as (tx, delegate):
            if delegate.state is DelegateState.DELETED:
                raise DelegateStateError(delegate.label, delegate.state, "disabled")
            return self._told(tx, by, delegate, self._stop(tx, delegate, DelegateState.DISABLED))

    def delete(self, account: str, delegate_id: str, *, by: Actor = SYSTEM) -> None:
        """For good: its key is let in no more as long as its token is known. Raises DelegateNotFoundError."""
        with self._changing(account, delegate_id) as (tx, delegate):
            self._stop(tx, delegate, DelegateState.DELETED)
            note(tx, self._clock.now(), by, Action.DELETE, about_delegate(delegate), delegate_document(delegate))

    def approve_group(self, scope: Scope, name: str, *, by: Actor = SYSTEM) -> GroupView:
        """Approves every replica that waits for it. Raises GroupNotFoundError."""
        with self._store.transaction() as tx:
            group = _group(tx, scope, name)
            before = _members(tx, group)
            for delegate in before:
                if delegate.state is DelegateState.WAITING_FOR_APPROVAL:
                    _approve(tx, delegate)
            after = _members(tx, group)
            documents = group_document(group, before), group_document(group, after)
            note(tx, self._clock.now(), by, Action.UPDATE, about_group(group), *documents)
            return GroupView(group, after)

    def delete_group(self, scope: Scope, name: str, *, by: Actor = SYSTEM) -> None:
        """Deletes the group with all its delegates. Raises GroupNotFoundError."""
        with self._store.transaction() as tx:
            group = _group(tx, scope, name)
            members = _members(tx, group)
            for delegate in members:
                self._stop(tx, delegate, DelegateState.DELETED)
            tx.delegate_groups.delete(group.id)
            note(tx, self._clock.now(), by, Action.DELETE, about_group(group), group_document(group, members))

    def sweep(self) -> None:
        """Marks those not heard of as not connected; every ten minutes, ``forget``."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            lost = [delegate.id for delegate in tx.delegates.lost_before(now - ACTIVE_WITHIN)]
            if lost:
                tx.delegates.gone(lost)
        if self._clock.monotonic() >= self._forget_at:
            self._forget_at = self._clock.monotonic() + _FORGET_EVERY_S
            self.forget()

    def forget(self) -> None:
        """Forgets those that stay away (``forgetting``)."""
        with self._store.transaction() as tx:
            away = tx.delegates.forgettable(self._clock.now() - GONE_AFTER)
            for account in sorted({delegate.scope.account for delegate in away}):
                self._forget(tx, account, {delegate.id for delegate in away})

    def _forget(self, tx: DelegateTransaction, account: str, away: set[str]) -> None:
        everyone = tx.delegates.list(account, _ALL_STATES)
        tokens = {
            token_id for token_id in {one.token_id for one in everyone} if tx.delegate_tokens.find_by_id(token_id)
        }
        delegates, groups = forgotten(tx.delegate_groups.list(account), everyone, away, tokens, self._clock.now())
        now = self._clock.now()
        for delegate in delegates:
            tx.delegates.delete(delegate.id)
            note(tx, now, SYSTEM, Action.DELETE, about_delegate(delegate), delegate_document(delegate))
        for group in groups:
            tx.delegate_groups.delete(group.id)
            note(tx, now, SYSTEM, Action.DELETE, about_group(group), group_document(group))
        announce_change(tx, [delegate.id for delegate in delegates])

    def _told(self, tx: DelegateTransaction, by: Actor, before: Delegate, after: Delegate) -> Delegate:
        documents = delegate_document(before), delegate_document(after)
        note(tx, self._clock.now(), by, Action.UPDATE, about_delegate(after), *documents)
        return after

    def _retag(
        self, scope: Scope, name: str, change: Callable[[tuple[str, ...]], tuple[str, ...]], by: Actor
    ) -> DelegateGroup:
        with self._store.transaction() as tx:
            group = _group(tx, scope, name)
            changed = replace(group, added_tags=check_tags(change(group.added_tags)))
            tx.delegate_groups.put(changed)
            documents = group_document(group), group_document(changed)
            note(tx, self._clock.now(), by, Action.UPDATE, about_group(group), *documents)
            announce_change(tx, [delegate.id for delegate in _members(tx, group)])
        return changed

    def _stop(self, tx: DelegateTransaction, delegate: Delegate, state: DelegateState) -> Delegate:
        stopped = replace(delegate, state=state, is_connected=False)
        tx.delegates.put(stopped)
        stop_delegates(tx, [delegate], self._clock.now())
        return stopped

    @contextmanager
    def _changing(self, account: str, delegate_id: str) -> Iterator[tuple[DelegateTransaction, Delegate]]:
        with self._store.transaction() as tx:
            yield tx, _delegate(tx, account, delegate_id)


def _approve(tx: DelegateTransaction, delegate: Delegate) -> Delegate:
    if delegate.state in (DelegateState.DISABLED, DelegateState.DELETED):
        raise DelegateStateError(delegate.label, delegate.state, "approved")
    return _let_work(tx, delegate)


def _let_work(tx: DelegateTransaction, delegate: Delegate) -> Delegate:
    changed = delegate.approved()
    tx.delegates.put(changed)
    announce_change(tx, [delegate.id])
    return changed


def _delegate(tx: DelegateTransaction, account: str, delegate_id: str) -> Delegate:
    delegate = tx.delegates.find(delegate_id)
    if delegate is None or delegate.scope.account != account:
        raise DelegateNotFoundError(delegate_id)
    return delegate


def _group(tx: DelegateTransaction, scope: Scope, name: str) -> DelegateGroup:
    group = tx.delegate_groups.find(scope, name)
    if group is None:
        raise GroupNotFoundError(name)
    return group


def _members(tx: DelegateTransaction, group: DelegateGroup) -> tuple[Delegate, ...]:
    return _of(group, tx.delegates.list(group.scope.account))


def _of(group: DelegateGroup, delegates: Iterable[Delegate]) -> tuple[Delegate, ...]:
    return tuple(delegate for delegate in delegates if delegate.group_id == group.id)
