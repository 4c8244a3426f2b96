"""What can go wrong between a key and what it opens."""

from dataclasses import dataclass

from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError, DeniedError, InvalidInputError, NotFoundError, UnauthenticatedError

from .permissions import Permission


class InvalidTokenError(UnauthenticatedError):
    """One answer for every key that does not open the account: unknown, wrong, expired, revoked, of another account."""

    code = "invalid-token"

    def __init__(self, account: str) -> None:
        super().__init__(
            f"Invalid call: Invalid token or token expired. Account id for API called: {account}",
            hint="send a key of this account as X-API-KEY or as Authorization: Bearer",
        )
        self.account = account


class MissingTokenError(UnauthenticatedError):
    code = "missing-token"

    def __init__(self) -> None:
        super().__init__("the request carries no API key", hint="send one as X-API-KEY or as Authorization: Bearer")


class AccountNotFoundError(NotFoundError):
    code = "account-not-found"

    def __init__(self, account: str) -> None:
        super().__init__(f"account [{account}] not found.")
        self.account = account


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A permission that the caller does not have on a thing; ``identifier`` is empty for all things of its kind."""

    permission: Permission
    scope: Scope
    identifier: str


class AccessDeniedError(DeniedError):
    """The caller is known, and is told which permission is missing (harness-api §6.2)."""

    code = "access-denied"

    def __init__(self, type_: PrincipalType, principal: str, check: FailedCheck) -> None:
        noun = check.permission.split("_")[1]
        which = f" with identifier {check.identifier}" if check.identifier else ""
        place = f"the {check.scope.level} {check.scope.project or check.scope.org or check.scope.account}"
        super().__init__(
            f"Principal of type {type_} with identifier {principal} : Missing permission {check.permission} on "
            f"{noun}{which}",
            hint=f"ask for a role with {check.permission} in {place}",
        )
        self.check = check


class PrincipalNotFoundError(NotFoundError):
    """A user, service account, API key or token that is not there."""

    code = "principal-not-found"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"{kind} [{identifier}] not found.")


class PrincipalExistsError(ConflictError):
    code = "principal-exists"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"{kind} [{identifier}] already exists; please enter a unique identifier")


class InvalidPrincipalError(InvalidInputError):
    code = "invalid-principal"


class LastAdminError(ConflictError):
    code = "last-admin"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} is the last enabled admin of the account", hint="make somebody else an account admin first"
        )


class TokenRevokedError(ConflictError):
    """A revoked token stays revoked."""

    code = "token-revoked"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"token [{identifier}] is revoked", hint="create a new token")


class TooManyPrincipalsError(ConflictError):
    """Lists that are read whole have an end."""

    code = "too-many-principals"

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"there are {most} {what} already, and no more can be made", hint="delete those not in use")
