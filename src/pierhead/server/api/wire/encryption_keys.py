"""Encryption keys on the wire: fingerprints and counts, never a key."""

from typing import Self

from pierhead.control.secrets import KeyUse, Rotation

from .common import Wire

_ADD = (
    "keys come from outside: append one to PIERHEAD_ENCRYPTION_KEY_FILE or PIERHEAD_ENCRYPTION_KEY on every server, "
    "then rotate again"
)
_SPREAD = "other servers on this database need the new key before they can read what was encrypted anew"
_RESUMED = "this went on with an earlier rotation; rotate again for a new key"
_KEEP = "keep a copy of the key file: without its new key the secrets are lost"


class EncryptionKeyItem(Wire):
    """``removable``: nothing in the database needs it any more; a backup may."""

    id: str
    held: bool
    current: bool
    root: bool
    uses: int
    removable: bool

    @classmethod
    def of(cls, key: KeyUse) -> Self:
        return cls(
            id=key.id,
            held=key.is_held,
            current=key.is_current,
            root=key.is_root,
            uses=key.uses,
            removable=key.is_removable,
        )


class RotationAnswer(Wire):
    """``added`` is null when there was no key to add; ``unreadable`` values stay under the key they had."""

    added: str | None
    current: str
    moved: int
    unreadable: int
    hint: str

    @classmethod
    def of(cls, rotation: Rotation, makes_keys: bool, shares: bool) -> Self:
        return cls(
            added=rotation.added,
            current=rotation.current,
            moved=rotation.moved,
            unreadable=rotation.unreadable,
            hint=_hint(rotation, makes_keys, shares),
        )


def _hint(rotation: Rotation, makes_keys: bool, shares: bool) -> str:
    if not makes_keys:
        return "" if rotation.moved else _ADD
    if rotation.added is None:
        return _RESUMED
    return f"{_KEEP}; {_SPREAD}" if shares else _KEEP
