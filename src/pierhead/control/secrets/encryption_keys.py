"""Going over to a new encryption key while everything goes on working.

A rotation keeps the new key first, then wraps the data keys of what is sealed anew, some at a time; values themselves
stay as they are. Whatever ends it, nothing is unreadable: the old keys are still held, and the next rotation goes on.
Keys are never taken away here.
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pierhead.control.audit import SYSTEM, Action, Actor, AuditRows, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.errors import ConflictError

from .errors import RootKeyChangedError, WrongKeyError
from .ports import GrowingKeyring, Keyring, PropertyRows
from .service import ROOT_KEY


class RotationUnderWayError(ConflictError):
    code = "key-rotation-under-way"

    def __init__(self) -> None:
        super().__init__("a rotation of the encryption keys is under way", hint="wait until it has ended")


class KeyTransaction(Protocol):
    @property
    def audit(self) -> AuditRows: ...

    @property
    def properties(self) -> PropertyRows: ...


class KeyStore(Protocol):
    def transaction(self) -> AbstractContextManager[KeyTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[KeyTransaction]:
        """One consistent view, for reading only; waits for no writer."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of one batch; ``last`` is where the next one begins, None at the end."""

    count: int = 0
    unreadable: int = 0
    last: object = None


class SealedKind(Protocol):
    """One kind of things that are kept sealed."""

    def count(self) -> Mapping[str, int]:
        """How many there are under which key."""

    def move(self, keyring: Keyring, after: object) -> Moved:
        """Wraps the next few that are under another key than the current one anew, in one transaction; what cannot be
        opened stays as it is."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key: how much is wrapped with it, and whether it can be taken away."""

    id: str
    is_held: bool
    is_current: bool
    is_root: bool
    uses: int

    @property
    def is_removable(self) -> bool:
        """Nothing in the database needs it. A backup may."""
        return self.is_held and not (self.is_current or self.is_root or self.uses)


@dataclass(frozen=True, slots=True)
class Rotation:
    """``added`` is the new key's id, None when there was none to add; ``unreadable`` could not be opened."""

    added: str | None
    current: str
    moved: int
    unreadable: int


class EncryptionKeys:
    """Thread-safe; of rotations in a process, one at a time."""

    def __init__(
        self,
        store: KeyStore,
        keyring: GrowingKeyring,
        clock: Clock,
        kinds: Sequence[SealedKind],
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._kinds = kinds
        self._turn = threading.Lock()

    @property
    def makes_keys(self) -> bool:
        """Whether a rotation adds a key by itself."""
        return self._keyring.makes_keys

    def check(self) -> None:
        """For the start: raises WrongKeyError, RootKeyChangedError; then writes down which key is the first."""
        held, used = self._keyring.key_ids, self._used()
        missing = sorted(used.keys() - set(held))
        if missing:
            raise WrongKeyError(missing[0], held)
        with self._store.snapshot() as tx:
            root = tx.properties.get(ROOT_KEY)
        if root is not None and root != self._keyring.root_key_id:
            raise RootKeyChangedError(root, self._keyring.root_key_id)
        if root is None:
            with self._store.transaction() as tx:
                tx.properties.put(ROOT_KEY, self._keyring.root_key_id)

    def list(self) -> tuple[KeyUse, ...]:
        """Keys that are held, oldest first, then those that something is sealed with and that are not."""
        held, used = self._keyring.key_ids, self._used()
        ids = [*held, *sorted(used.keys() - set(held))]
        root = self._keyring.root_key_id
        return tuple(KeyUse(id, id in held, id == held[-1], id == root, used.get(id, 0)) for id in ids)  # noqa: A001

    def rotate(self, account: str, *, by: Actor = SYSTEM) -> Rotation:
        """Ends an unfinished rotation first, and only when there is none begins a new one.

        Raises RotationUnderWayError, and what the keyring raises when it cannot keep a key.
        """
        if not self._turn.acquire(blocking=False):
            raise RotationUnderWayError
        try:
            before = self._keyring.current_key_id
            if not self._keyring.makes_keys:
                self._keyring.look_again()
            moved = self._move_all()
            if moved.count or not self._keyring.makes_keys:
                if moved.count:
                    self._note(account, by, before, self._keyring.current_key_id, moved)
                return Rotation(None, self._keyring.current_key_id, moved.count, moved.unreadable)
            return self._go_over(account, by, before)
        finally:
            self._turn.release()

    def _go_over(self, account: str, by: Actor, before: str) -> Rotation:
        """The record comes first: a change that cannot be written down is not made."""
        added, key = self._keyring.draw_key()
        self._note(account, by, before, added, None)
        self._keyring.add_key(added, key)
        moved = self._move_all()
        return Rotation(added, added, moved.count, moved.unreadable)

    def _note(self, account: str, by: Actor, before: str, after: str, moved: Moved | None) -> None:
        subject = Subject(Scope(account), ResourceType.SETTING, "encryptionKeys", "Encryption keys")
        document: dict[str, object] = {"currentKeyId": after}
        if moved is not None:
            document["moved"] = moved.count
        with self._store.transaction() as tx:
            note(tx, self._clock.now(), by, Action.UPDATE, subject, {"currentKeyId": before}, document)

    def _move_all(self) -> Moved:
        count = unreadable = 0
        for kind in self._kinds:
            after: object = None
            while True:
                moved = kind.move(self._keyring, after)
                count, unreadable, after = count + moved.count, unreadable + moved.unreadable, moved.last
                if after is None:
                    break
        return Moved(count, unreadable)

    def _used(self) -> Mapping[str, int]:
        used: dict[str, int] = {}
        for kind in self._kinds:
            for key_id, count in kind.count().items():
                used[key_id] = used.get(key_id, 0) + count
        return used
