"""What can be wrong with a secret, in the words its clients know (harness-api §2.3), and with its encryption."""

from collections.abc import Sequence

from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, NotFoundError

_MOST_NAMED = 10


class InvalidSecretError(InvalidInputError):
    code = "invalid-secret"


class EmptySecretError(InvalidSecretError):
    code = "secret-value-empty"

    def __init__(self) -> None:
        super().__init__("value cannot be empty for a secret text.")


class ScopeMismatchError(InvalidSecretError):
    code = "secret-scope-mismatch"

    def __init__(self) -> None:
        super().__init__("Invalid request, scope in payload and params do not match.")


class SecretChangeError(InvalidSecretError):
    code = "secret-change-refused"

    def __init__(self) -> None:
        super().__init__(
            "Cannot change organization, project, identifier, type or secret manager of a secret after creation."
        )


class UnknownManagerError(InvalidSecretError):
    code = "secret-manager-unknown"

    def __init__(self, manager: str, detail: str = "") -> None:
        super().__init__(
            detail or f"there is no secret manager {manager[:200]!r} for this scope",
            hint="use harnessSecretManager with an Inline value, or see `pierhead secret managers`",
        )
        self.manager = manager


class SecretExistsError(ConflictError):
    code = "secret-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Secret with identifier {identifier} already exists in this scope")
        self.identifier = identifier


class SecretMissingError(NotFoundError):
    """``doing`` is the use case: the three of them have each a text of their own."""

    code = "secret-missing"

    def __init__(self, identifier: str, doing: str = "get") -> None:
        super().__init__(
            {
                "delete": f"Secret with identifier [{identifier}] does not exist in the specified scope",
                "update": "No such secret found, please check identifier/scope and try again.",
            }.get(doing, f"Secret with identifier [{identifier}] is not found in the given scope")
        )
        self.identifier = identifier
        self.doing = doing


class SecretInUseError(ConflictError):
    """``users`` are the connectors that refer to the secret, by place and identifier; ``others``: how many more do
    that are not named here."""

    code = "secret-in-use"

    def __init__(self, identifier: str, users: tuple[tuple[Scope, str], ...], others: int = 0) -> None:
        named = [name for _, name in users[:_MOST_NAMED]]
        others += len(users) - len(named)
        more = [f"{others} that you may not see or that find no room here"] if others else []
        super().__init__(
            f"Could not delete the secret {identifier} as it is referenced by other entities",
            hint=f"first change these connectors: {', '.join(named + more)}",
        )
        self.identifier = identifier
        self.users = users


class SecretDamagedError(IntegrityError):
    """The stored bytes are not those that were sealed for this secret: altered, moved or cut."""

    code = "secret-damaged"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} cannot be decrypted: the stored bytes were altered, or belong to another secret",
            hint="store the value again, and find out who wrote to the database",
        )
        self.what = what


class WrongKeyError(IntegrityError):
    """``held`` are the keys there are, oldest first."""

    code = "wrong-encryption-key"

    def __init__(self, wanted: str, held: Sequence[str]) -> None:
        given = f"key given is {held[0]}" if len(held) == 1 else f"keys given are {', '.join(held)}"
        super().__init__(
            f"the data is encrypted with key {wanted}, but the {given}",
            hint="put back the key file that belongs to this database, or give the keys of its other servers",
        )
        self.wanted = wanted
        self.held = tuple(held)


class RootKeyChangedError(IntegrityError):
    """The first key is what API keys, delegate tokens and the audit trail hang on; another would disown them all."""

    code = "root-key-changed"

    def __init__(self, wanted: str, held: str) -> None:
        super().__init__(
            f"this database began with key {wanted}, but the first key given is {held}",
            hint="give the keys oldest first, and keep the first one for ever",
        )
        self.wanted = wanted
        self.held = held
