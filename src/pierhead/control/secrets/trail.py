"""What the audit trail says of secrets: what clients would see, and a keyed digest in place of the value."""

from collections.abc import Mapping
from datetime import datetime

from pierhead.control.audit import Action, Actor, Auditing, Subject, note, secret_digest
from pierhead.control.scopes import ResourceType

from .document import render_secret
from .errors import SecretDamagedError, WrongKeyError
from .model import Secret
from .ports import Keyring
from .sealing import unseal

_UNREADABLE = "unreadable"


class SecretTrail:
    """``keyring`` gives the key of the digests, and opens what was before a change."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._key = keyring.derive("audited secrets")

    def note(
        self, tx: Auditing, at: datetime, by: Actor, action: Action, before: Secret | None, after: Secret | None
    ) -> None:
        """The one record of this change."""
        known = after or before
        assert known is not None
        subject = Subject(known.scope, ResourceType.SECRET, known.identifier, known.name)
        note(tx, at, by, action, subject, self._shown(before), self._shown(after))

    def _shown(self, secret: Secret | None) -> Mapping[str, object] | None:
        if secret is None:
            return None
        document = render_secret(secret)
        if secret.sealed is None:
            return document
        spec = document["spec"]
        assert isinstance(spec, dict)
        return {**document, "spec": {**spec, "value": self._digest(secret)}}

    def _digest(self, secret: Secret) -> str:
        """A value that cannot be opened any more must not keep anyone from changing or deleting it."""
        try:
            return secret_digest(unseal(secret, self._keyring), self._key)
        except (SecretDamagedError, WrongKeyError):
            return _UNREADABLE
