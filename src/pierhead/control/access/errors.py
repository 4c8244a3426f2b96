"""What can go wrong between a key and the account it opens."""

from pierhead.kit.errors import ConflictError, NotFoundError, UnauthenticatedError


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


class KeyNotFoundError(NotFoundError):
    code = "api-key-not-found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"API key [{key_id}] not found.")
        self.key_id = key_id


class KeyAlreadyRevokedError(ConflictError):
    code = "api-key-already-revoked"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"API key [{key_id}] is already revoked.")
        self.key_id = key_id
