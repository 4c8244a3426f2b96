"""What can go wrong with a value that lies in somebody else's store. No message repeats a value."""

from pierhead.kit.errors import DeniedError, IntegrityError, NotFoundError, UnavailableError

from .errors import InvalidSecretError

_SHOWN = 200


class ReferencePathError(InvalidSecretError):
    code = "secret-path-invalid"

    def __init__(self, manager: str, path: str, problem: str, hint: str = "") -> None:
        super().__init__(f"{path[:_SHOWN]!r} is no path in secret manager {manager}: {problem}", hint=hint)
        self.manager = manager
        self.path = path


class InlineElsewhereError(InvalidSecretError):
    code = "secret-manager-read-only"

    def __init__(self, manager: str) -> None:
        super().__init__(
            f"secret manager {manager[:_SHOWN]} is only read: an Inline value cannot be put there",
            hint="put the value there by other means, and send valueType Reference with its path",
        )
        self.manager = manager


class ManagedValueMissingError(NotFoundError):
    code = "managed-secret-missing"

    def __init__(self, manager: str, path: str, detail: str = "") -> None:
        super().__init__(
            f"secret manager {manager} has nothing at {path[:_SHOWN]!r}{f': {detail}' if detail else ''}",
            hint="check the path of the secret, or put the value there",
        )
        self.manager = manager
        self.path = path


class ManagedValueDeniedError(DeniedError):
    code = "managed-secret-denied"

    def __init__(self, manager: str, path: str, detail: str = "") -> None:
        super().__init__(
            f"secret manager {manager} refused to give {path[:_SHOWN]!r}{f': {detail}' if detail else ''}",
            hint="check the credentials and rights that the server has there",
        )
        self.manager = manager
        self.path = path


class ManagerUnavailableError(UnavailableError):
    code = "secret-manager-unavailable"

    def __init__(self, manager: str, detail: str) -> None:
        super().__init__(
            f"secret manager {manager} cannot be asked: {detail}", hint="see whether the server can reach it"
        )
        self.manager = manager


class ManagedValueInvalidError(IntegrityError):
    code = "managed-secret-invalid"

    def __init__(self, manager: str, path: str, problem: str) -> None:
        super().__init__(
            f"the value at {path[:_SHOWN]!r} in secret manager {manager} {problem}", hint="put a text there"
        )
        self.manager = manager
        self.path = path
