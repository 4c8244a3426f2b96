"""Use cases of the delegates themselves: enrol, start a process, be heard of, leave.

Requests come here with their signatures checked; a nonce is used in the transaction of what it asked for.
"""

import threading
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from pierhead.control.audit import Action, note
from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource, new_id

from .admission import held_up, joined_group, newcomer, returned, shown_token
from .drafts import EnrolmentDraft, KnownDelegate, SessionDraft, check_admitted
from .endings import announce_change, stop_delegates
from .errors import DelegateUnknownError, GroupExistsError, NonceUsedError, TooManyDelegatesError
from .known import KnownDelegates
from .model import NONCE_KEPT, Delegate, DelegateState, fingerprint_of
from .ports import DelegateStore, DelegateTransaction
from .records import about_delegate, acting, delegate_document

MAX_DELEGATES = 10_000
"""In one account."""
_MIN_PEPPER_BYTES = 32


class AgentService:
    """Thread-safe. ``approval``: whether a delegate that is new, or claims new selectors, waits until a person has
    approved it.

    ``pepper`` is that of the tokens.
    """

    def __init__(
        self,
        *,
        store: DelegateStore,
        clock: Clock,
        pepper: bytes,
        approval: bool,
        ids: IdSource = new_id,
    ) -> None:
        if len(pepper) < _MIN_PEPPER_BYTES:
            raise ValueError(f"the pepper has fewer than {_MIN_PEPPER_BYTES} bytes")
        self._store = store
        self._clock = clock
        self._ids = ids
        self._pepper = pepper
        self._is_approval_required = approval
        self._first_state = DelegateState.WAITING_FOR_APPROVAL if approval else DelegateState.ENABLED
        self._known = KnownDelegates(clock, store.signals, self._look_up)
        self._lock = threading.Lock()
        self._here: dict[str, datetime] = {}

    def enrol(self, draft: EnrolmentDraft) -> Delegate:
        """The delegate of the draft's signing key, new or as it was but for what it says of itself.

        Raises InvalidDelegateTokenError, DelegateTokenRevokedError, DelegateRevokedError, DelegateIdentityError,
        TooManyDelegatesError, NonceUsedError.
        """
        with self._store.snapshot() as tx:  # a wrong token must not cost a place among those that write
            shown_token(tx, draft.token, self._pepper, self._clock.now())
        try:
            return self._enrol(draft)
        except GroupExistsError:  # a replica made the group in the same moment: now it is there
            return self._enrol(draft)

    def open_session(self, delegate_id: str, draft: SessionDraft, nonce: str) -> Delegate:
        """The delegate's process has started: what an earlier one held goes to others, and waiting tasks are looked at.

        Opening the same session again, as after a lost answer, takes nothing away. Where approval is required, one
        that claims more than was approved waits for it again, and everything it held goes to others.
        Raises DelegateUnknownError, DelegateRevokedError, NonceUsedError.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            delegate = _admitted(tx, delegate_id, self._clock)
            _use_nonce(tx, delegate_id, nonce, self._clock)
            opened = replace(
                delegate,
                host_name=draft.host_name,
                tags=draft.tags,
                version=draft.version,
                kinds=draft.kinds,
                capacity=draft.capacity,
                session=draft.session,
                is_connected=True,
                last_heartbeat_at=now,
            )
            if self._is_approval_required:
                opened = held_up(delegate, opened)
            tx.delegates.put(opened)
            if opened.state is not delegate.state:
                _tell(tx, delegate, opened, now)
            if draft.session == delegate.session and opened.state is delegate.state:
                announce_change(tx, [delegate_id])
            else:
                stop_delegates(tx, [delegate], now)
        self._note_here([delegate_id], now)
        return opened

    def key_of(self, delegate_id: str) -> KnownDelegate:
        """Whose key that is; up to three seconds old, and fresh after any signal. Raises DelegateUnknownError."""
        return self._known.get(delegate_id)

    def seen(self, delegate_ids: Collection[str]) -> None:
        """They have been heard of just now; one statement for all. Those who were not here before count as back."""
        if not delegate_ids:
            return
        with self._lock:
            back = [delegate_id for delegate_id in delegate_ids if delegate_id not in self._here]
        now = self._clock.now()
        with self._store.transaction() as tx:
            tx.delegates.seen(delegate_ids, now)
            announce_change(tx, back)
        self._note_here(delegate_ids, now)

    def gone(self, delegate_ids: Collection[str]) -> None:
        """They are not connected here any more; what they hold stays theirs until its lease ends.

        Whoever another server has heard of since we last did has only moved there.
        """
        by_moment: dict[datetime | None, list[str]] = defaultdict(list)
        with self._lock:
            for delegate_id in delegate_ids:
                by_moment[self._here.get(delegate_id)].append(delegate_id)
        for heard_at, some in by_moment.items():  # in transactions of their own: each locks in one order
            with self._store.transaction() as tx:
                tx.delegates.gone(some, heard_at)
            self._note_gone(some)

    def close_session(self, delegate_id: str) -> None:
        """Its process ends in an orderly way; what it may still hold goes to others."""
        with self._store.transaction() as tx:
            delegate = tx.delegates.find(delegate_id)
            if delegate is not None:
                tx.delegates.gone([delegate_id])
                stop_delegates(tx, [delegate], self._clock.now())
        self._note_gone([delegate_id])

    def sweep(self) -> None:
        """Forgets nonces whose requests are too old to be taken anyway."""
        with self._store.transaction() as tx:
            tx.nonces.purge(self._clock.now())

    def _enrol(self, draft: EnrolmentDraft) -> Delegate:
        now = self._clock.now()
        with self._store.transaction() as tx:
            token = shown_token(tx, draft.token, self._pepper, now)
            delegate_id = fingerprint_of(draft.signing_key)
            _use_nonce(tx, delegate_id, draft.nonce, self._clock)
            known = tx.delegates.find(delegate_id)
            group = joined_group(tx, token, draft, self._ids, now)
            if known is None:
                _check_room(tx, group.scope.account)
                delegate = newcomer(draft, group, token, self._first_state, now)
            else:
                delegate = returned(known, draft, group, token)
                if self._is_approval_required:
                    delegate = held_up(known, delegate)
            tx.delegates.put(delegate)
            _tell(tx, known, delegate, now)
            if known is not None and delegate.state is not known.state:
                stop_delegates(tx, [delegate], now)
            else:
                announce_change(tx, [delegate.id])
        return delegate

    def _note_here(self, delegate_ids: Collection[str], now: datetime) -> None:
        with self._lock:
            self._here.update(dict.fromkeys(delegate_ids, now))

    def _note_gone(self, delegate_ids: Collection[str]) -> None:
        with self._lock:
            for delegate_id in delegate_ids:
                self._here.pop(delegate_id, None)

    def _look_up(self, delegate_id: str) -> KnownDelegate:
        with self._store.snapshot() as tx:
            delegate = tx.delegates.find(delegate_id)
            token = tx.delegate_tokens.find_by_id(delegate.token_id) if delegate else None
        if delegate is None:
            raise DelegateUnknownError(delegate_id)
        return KnownDelegate(
            id=delegate.id,
            account=delegate.scope.account,
            label=delegate.label,
            signing_key=delegate.signing_key,
            sealing_key=delegate.sealing_key,
            state=delegate.state,
            token_is_live=token is not None and token.is_live(self._clock.now()),
            session=delegate.session,
        )


def _tell(tx: DelegateTransaction, before: Delegate | None, after: Delegate, now: datetime) -> None:
    action = Action.CREATE if before is None else Action.UPDATE
    documents = None if before is None else delegate_document(before), delegate_document(after)
    note(tx, now, acting(after), action, about_delegate(after), *documents)


def _admitted(tx: DelegateTransaction, delegate_id: str, clock: Clock) -> Delegate:
    delegate = tx.delegates.find(delegate_id)
    if delegate is None:
        raise DelegateUnknownError(delegate_id)
    token = tx.delegate_tokens.find_by_id(delegate.token_id)
    check_admitted(delegate.label, delegate.state, token is not None and token.is_live(clock.now()))
    return delegate


def _check_room(tx: DelegateTransaction, account: str) -> None:
    if tx.delegates.count(account) >= MAX_DELEGATES:
        raise TooManyDelegatesError(MAX_DELEGATES)


def _use_nonce(tx: DelegateTransaction, delegate_id: str, nonce: str, clock: Clock) -> None:
    if not tx.nonces.use(delegate_id, nonce, clock.now() + NONCE_KEPT):
        raise NonceUsedError
