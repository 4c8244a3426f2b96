"""What can go wrong between a key and what it opens."""

from dataclasses import dataclass

from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError, DeniedError, InvalidInputError, NotFoundError, UnauthenticatedError

from .permissions import Permission

_PLACE_WORDS = "orgIdentifier and projectIdentifier (--org, --project)"


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
    """The caller is known, and is told which permission is missing (harness-api §6.2); ``reason``: what in the request
    asks for it, where that does not go without saying. The hint begins with it."""

    code = "access-denied"

    def __init__(self, type_: PrincipalType, principal: str, check: FailedCheck, reason: str = "") -> None:
        noun = check.permission.split("_")[1]
        which = f" with identifier {check.identifier}" if check.identifier else ""
        before = f"{reason} " if reason else ""
        super().__init__(
            f"Principal of type {type_} with identifier {principal} : Missing permission {check.permission} on "
            f"{noun}{which}",
            hint=f"{before}ask for a role with {check.permission} in {_named(check.scope)}",
        )
        self.check = check


class NotOperatorError(DeniedError):
    """What is the whole server's, and not one account's."""

    code = "not-operator"

    def __init__(self) -> None:
        super().__init__(
            "this is about the whole server, which is not for every account of it",
            hint="the first account of the server is its operator's: use a key of that one",
        )


def _named(place: Scope) -> str:
    if place.org is None:
        return f"the account {place.account}"
    return f"the organization {place.org}" if place.project is None else f"the project {place.project} of {place.org}"


class PrincipalNotFoundError(NotFoundError):
    """A user, service account, API key or token that is not there."""

    code = "principal-not-found"

    def __init__(self, kind: str, identifier: str, place: Scope | None = None) -> None:
        """``place``: where it was looked for, when it can be in others."""
        hint = f"it was looked for in {_named(place)}; others are named by {_PLACE_WORDS}" if place else ""
        super().__init__(f"{kind} [{identifier}] not found.", hint=hint)


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
            f"{email} is the last enabled admin of the account",
            hint="first make somebody else an account admin who has a key, a password or single sign-on",
        )


class LastWayInError(ConflictError):
    """An account admin who can show nothing any more is none."""

    code = "last-way-in"

    def __init__(self) -> None:
        super().__init__(
            "it is the last way in of the last account admin",
            hint="first make another token, set a password, or make somebody else an account admin",
        )


class TokenExpiredError(ConflictError):
    """An expired token stays expired."""

    code = "token-expired"

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"token [{identifier}] has expired, and its times cannot be changed", hint="rotate it, or make a new one"
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
