"""What an error of the API means: one of the categories of ``kit.errors``, and with it the exit code.

Pierhead's own code decides, wherever it comes from; so an error that the API tells with the reference's status (400 for
what exists already, 424 for a registry's refusal) ends a command as it does on the data directory itself. The status is
looked at only for codes that need no row, and for answers that carry none of ours.
"""

from collections.abc import Mapping

from pierhead.kit.errors import (
    AppError,
    ConflictError,
    DeniedError,
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)

Category = type[AppError]

_BY_STATUS: Mapping[int, Category] = {
    401: UnauthenticatedError,
    403: DeniedError,
    404: NotFoundError,
    408: UnavailableError,
    409: ConflictError,
    413: TooLargeError,
    424: UnavailableError,  # a registry refused the server, or did not answer it
    429: RateLimitedError,
    501: UnsupportedError,
    502: IntegrityError,
    503: UnavailableError,
    504: UnavailableError,
}
_ROWS: Mapping[Category, str] = {
    AppError: "cancelled interrupted registry-error",
    InvalidInputError: "slow-body",
    UnauthenticatedError: "registry-unauthenticated",
    DeniedError: """
        address-refused foreign-realm managed-secret-denied redirect-refused registry-denied registry-not-allowed
        upload-elsewhere
    """,
    NotFoundError: "connector-not-found managed-secret-missing place-not-found",
    ConflictError: """
        connector-exists connector-in-use connector-taken delegate-token-already-revoked delegate-token-exists
        delegate-token-still-active filter-exists place-exists place-in-use preflight-refused principal-exists
        role-exists secret-exists secret-in-use still-assigned too-many-roles
    """,
    TooLargeError: "registry-body-too-large",
    UnsupportedError: "registry-does-not-offer registry-v1",
    IntegrityError: "digest-mismatch managed-secret-invalid size-mismatch stored-otherwise",
}
# The reference's words, for an answer without a code of ours, and for all errors that share one of them.
_WIRE_ROWS: Mapping[Category, str] = {
    NotFoundError: "RESOURCE_NOT_FOUND_EXCEPTION CONNECTOR_NOT_FOUND_EXCEPTION ENTITY_NOT_FOUND",
    ConflictError: "DUPLICATE_FIELD ENTITY_REFERENCE_EXCEPTION OPTIMISTIC_LOCKING_EXCEPTION",
    UnsupportedError: "UNSUPPORTED_OPERATION_EXCEPTION",
}
_BY_CODE: Mapping[str, Category] = {code: category for category, row in _ROWS.items() for code in row.split()}
_BY_WIRE_CODE: Mapping[str, Category] = {code: category for category, row in _WIRE_ROWS.items() for code in row.split()}


def category_told(status: int, wire_code: str, own_code: str) -> Category:
    """``wire_code`` is the reference's, ``own_code`` Pierhead's; either may be empty."""
    if by_code := _BY_CODE.get(own_code):
        return by_code
    if status == 400 and (by_wire_code := _BY_WIRE_CODE.get(wire_code)):
        return by_wire_code
    if status == 500 and own_code:  # with a code of ours it is no crash, but something that is not what it has to be
        return IntegrityError
    return _BY_STATUS.get(status, InvalidInputError if 400 <= status < 500 else AppError)
