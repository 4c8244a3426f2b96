"""What can be wrong with delegates, their groups and tokens. Why a task finds no delegate: ``task_errors``."""

from pierhead.kit.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
)

_SHOWN = 200  # characters of a stranger's text that a message repeats


# --- tokens, in the words that clients know (harness-api §4.7)


class TokenExistsError(ConflictError):
    code = "delegate-token-exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Token with given name {name} already exists for given account.",
            hint="take another name; that of a revoked token is free once it is deleted",
        )
        self.name = name


class TokenMissingError(NotFoundError):
    """``doing`` is the use case: each has a text of its own."""

    code = "delegate-token-missing"

    def __init__(self, name: str, doing: str = "get") -> None:
        is_deleted = doing == "delete"
        super().__init__(
            "No such delegate token exists." if is_deleted else "Specified token does not exist.",
            hint=f"no token is called {name[:_SHOWN]!r} in this scope; list them to see which are there",
        )
        self.name = name


class TokenAlreadyRevokedError(ConflictError):
    code = "delegate-token-already-revoked"

    def __init__(self, name: str) -> None:
        super().__init__("Specified token is already revoked.")
        self.name = name


class TokenStillActiveError(ConflictError):
    code = "delegate-token-still-active"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"delegate token {name} is active, and only a revoked one can be deleted", hint="revoke it first"
        )
        self.name = name


class TooManyTokensError(TooLargeError):
    code = "too-many-delegate-tokens"

    def __init__(self, limit: int) -> None:
        super().__init__(f"a scope has at most {limit} delegate tokens", hint="delete revoked ones first")
        self.limit = limit


class TooManyDelegatesError(TooLargeError):
    """An account is full; also a token that many got hold of fills no database."""

    code = "too-many-delegates"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"an account has at most {limit:,} delegates",
            hint="delete those that are not needed, and revoke the token if it is not you who enrols them",
        )
        self.limit = limit


# --- delegates and groups, as people manage them


class InvalidDelegateError(InvalidInputError):
    """``field`` as the user wrote it."""

    code = "invalid-delegate"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class DelegateNotFoundError(NotFoundError):
    code = "delegate-not-found"

    def __init__(self, delegate_id: str) -> None:
        super().__init__(
            f"there is no delegate {delegate_id[:_SHOWN]!r}", hint="list the delegates to see which are there"
        )
        self.delegate_id = delegate_id


class GroupNotFoundError(NotFoundError):
    code = "delegate-group-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no delegate group {name[:_SHOWN]!r} in this scope",
            hint="list the delegates of this scope to see which groups are there",
        )
        self.name = name


class GroupExistsError(ConflictError):
    code = "delegate-group-exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is already a delegate group {name} in this scope")
        self.name = name


class DelegateStateError(ConflictError):
    """``doing`` as in "cannot be approved"."""

    code = "delegate-state"

    def __init__(self, label: str, state: str, doing: str) -> None:
        super().__init__(
            f"delegate {label} is {state} and cannot be {doing}",
            hint={"DISABLED": "enable it", "WAITING_FOR_APPROVAL": "approve it"}.get(
                state, "enrol another delegate with a key of its own"
            ),
        )
        self.label = label
        self.state = state
        self.doing = doing


# --- what a delegate itself is told; it acts on the codes


class InvalidDelegateTokenError(UnauthenticatedError):
    """One answer for every text that is no token of ours, so that nobody learns which tokens exist."""

    code = "delegate-token-invalid"

    def __init__(self) -> None:
        super().__init__("this is no delegate token of this server", hint="copy the value of an active token again")


class DelegateTokenRevokedError(DeniedError):
    code = "delegate-token-revoked"

    def __init__(self, name: str) -> None:
        super().__init__(f"delegate token {name} is revoked", hint="enrol with an active token")
        self.name = name


class DelegateUnknownError(UnauthenticatedError):
    code = "delegate-unknown"

    def __init__(self, delegate_id: str) -> None:
        super().__init__(
            f"no delegate with the key {delegate_id[:_SHOWN]} is enrolled here", hint="enrol it with a token"
        )
        self.delegate_id = delegate_id


class DelegateRevokedError(DeniedError):
    """``reason`` as in "is disabled"."""

    code = "delegate-revoked"

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(f"delegate {label} may not work: it {reason}", hint="ask whoever runs this server")
        self.label = label
        self.reason = reason


class SessionSupersededError(ConflictError):
    code = "session-superseded"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"another process has taken over delegate {label}, with the same key",
            hint="give each process a directory, and so a key, of its own",
        )
        self.label = label


class DelegateIdentityError(ConflictError):
    """A key stays with the name and the owner that it enrolled with."""

    code = "delegate-identity-conflict"

    def __init__(self, label: str, what: str) -> None:
        super().__init__(
            f"this key is enrolled as delegate {label} already, with another {what}",
            hint="start the new delegate with an empty directory, so that it makes a key of its own",
        )
        self.label = label
        self.what = what


class NonceUsedError(UnauthenticatedError):
    code = "nonce-used"

    def __init__(self) -> None:
        super().__init__("this request was seen before", hint="sign it again with a fresh nonce")
