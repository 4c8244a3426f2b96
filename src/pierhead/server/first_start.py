"""The first start of a data directory: its account and admin key, made once, whatever interrupts it."""

import os
from pathlib import Path

from pierhead.control.access import AccessService, Account
from pierhead.kit.redact import SecretValue


class FirstStart:
    """A draft of the key file stands until ``done``: a start that was cut short before makes a new key, since nobody
    has seen the first one."""

    def __init__(self, access: AccessService, key_file: Path) -> None:
        self._access = access
        self._key_file = key_file
        self._draft = key_file.with_suffix(".draft")

    def account(self) -> tuple[Account, SecretValue | None]:
        """The account, and its admin key when it is made now."""
        accounts = self._access.accounts()
        if accounts and not self._draft.exists():
            return accounts[0], None
        write_private(self._draft, "")
        account, text = self._renewed(accounts[0]) if accounts else self._access.create_account()
        write_private(self._draft, text.reveal() + "\n")
        return account, text

    def done(self) -> None:
        """Everything else that a first start makes is there."""
        self._draft.replace(self._key_file)

    def _renewed(self, account: Account) -> tuple[Account, SecretValue]:
        return account, self._access.renew_admin_key(account.id)


def write_private(path: Path, text: str) -> None:
    """A file that only its owner can read, on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
