"""The one place where an error becomes an HTTP answer: status, reference code, envelope (harness-api §1.2).

Two envelopes: FAILURE names fields, or a thing that is not there; ERROR is everything else. Both carry, besides what
the reference has, our stable ``pierheadCode`` and a ``hint``. No text of an unexpected exception gets out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from starlette.responses import JSONResponse

from pierhead.control.access import AccessDeniedError, FailedCheck, resource_type_of
from pierhead.control.connectors import FieldError, InvalidConnectorError
from pierhead.control.secrets import SecretMissingError
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
    category_of,
)
from pierhead.registry.errors import RegistryError
from pierhead.server.jobs.errors import TaskFailedError

from .refusals import FieldProblem, InvalidFieldsError


class Shape(StrEnum):
    FAILURE = "FAILURE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code`` is the reference's; clients decide by it, so a new one needs a look at what they know."""

    http_status: int
    code: str
    shape: Shape = Shape.ERROR


_INVALID = "INVALID_REQUEST"
_GONE = Verdict(404, "RESOURCE_NOT_FOUND_EXCEPTION", Shape.FAILURE)  # Terraform and the SDK read this as "gone"
_GONE_ON_DELETE = Verdict(404, "ENTITY_NOT_FOUND", Shape.FAILURE)

BY_CODE: Mapping[str, Verdict] = {
    "access-denied": Verdict(403, "NG_ACCESS_DENIED"),
    "account-not-found": Verdict(404, "RESOURCE_NOT_FOUND"),
    "connector-exists": Verdict(400, _INVALID),
    "connector-in-use": Verdict(400, "ENTITY_REFERENCE_EXCEPTION"),
    "connector-not-found": Verdict(400, "CONNECTOR_NOT_FOUND_EXCEPTION"),  # named inside a body, not by the path
    "connector-taken": Verdict(400, "DUPLICATE_FIELD"),
    "delegate-token-already-revoked": Verdict(400, _INVALID),
    "delegate-token-exists": Verdict(400, _INVALID),
    "delegate-token-still-active": Verdict(400, _INVALID),
    "filter-exists": Verdict(400, _INVALID),
    "invalid-connector": Verdict(400, _INVALID, Shape.FAILURE),
    "invalid-fields": Verdict(400, _INVALID, Shape.FAILURE),
    "invalid-reference": Verdict(400, "INVALID_IDENTIFIER_REF"),
    "login-failed": Verdict(401, "INVALID_CREDENTIAL"),
    "managed-secret-denied": Verdict(424, "SECRET_MANAGEMENT_ERROR"),
    "managed-secret-invalid": Verdict(424, "SECRET_MANAGEMENT_ERROR"),
    "managed-secret-missing": Verdict(424, "SECRET_MANAGEMENT_ERROR"),
    "media-type": Verdict(415, "MEDIA_NOT_SUPPORTED"),
    "place-exists": Verdict(400, _INVALID),
    "place-in-use": Verdict(400, "ENTITY_REFERENCE_EXCEPTION"),
    "place-not-found": Verdict(400, _INVALID),
    "preflight-refused": Verdict(400, _INVALID),
    "principal-exists": Verdict(400, _INVALID),
    "role-exists": Verdict(400, "DUPLICATE_FIELD"),
    "secret-damaged": Verdict(500, "SECRET_MANAGEMENT_ERROR"),
    "secret-exists": Verdict(400, _INVALID),
    "secret-in-use": Verdict(400, "ENTITY_REFERENCE_EXCEPTION"),
    "secret-manager-unavailable": Verdict(424, "SECRET_MANAGEMENT_ERROR"),
    "slow-body": Verdict(408, _INVALID),
    "still-assigned": Verdict(400, "ENTITY_REFERENCE_EXCEPTION"),
    "too-many-roles": Verdict(400, _INVALID),
    "wrong-encryption-key": Verdict(500, "SECRET_MANAGEMENT_ERROR"),
}

BY_CATEGORY: Mapping[type[AppError], Verdict] = {
    InvalidInputError: Verdict(400, _INVALID),
    UnauthenticatedError: Verdict(401, "INVALID_TOKEN"),
    DeniedError: Verdict(403, "NG_ACCESS_DENIED"),
    NotFoundError: _GONE,
    ConflictError: Verdict(409, _INVALID),
    TooLargeError: Verdict(413, _INVALID),
    RateLimitedError: Verdict(429, "TOO_MANY_REQUESTS"),
    UnsupportedError: Verdict(400, "UNSUPPORTED_OPERATION_EXCEPTION"),
    UnavailableError: Verdict(503, "GENERAL_ERROR"),
    IntegrityError: Verdict(500, "GENERAL_ERROR"),
    AppError: Verdict(500, "GENERAL_ERROR"),
}

# A registry that refuses us or does not answer is no fault of this server, and not to be mistaken for its own answer
# about the caller's key; clients repeat every 5xx ten times.
UPSTREAM = Verdict(424, "CONNECTOR_VALIDATION_EXCEPTION")
_UPSTREAM_SPEAKS_FOR_ITSELF = (InvalidInputError, NotFoundError, RateLimitedError)

_MAX_WAIT_S = 86_400.0
_TRY_AGAIN_S = "2"  # a database that restarts is back by then
OOPS = "Oops, something went wrong on our end. Please contact the operator of this server with the correlation id."


def verdict_on(error: AppError) -> Verdict:
    """Status, code and envelope: a leaf's own row first, then upstream trouble, then the category."""
    if isinstance(error, SecretMissingError) and error.doing == "delete":
        return _GONE_ON_DELETE
    if row := BY_CODE.get(error.code):
        return row
    is_upstream = isinstance(error, RegistryError | TaskFailedError)
    category = error.category if isinstance(error, TaskFailedError) else category_of(error)
    return UPSTREAM if is_upstream and category not in _UPSTREAM_SPEAKS_FOR_ITSELF else BY_CATEGORY[category]


def refusal(error: AppError, correlation_id: str) -> JSONResponse:
    verdict = verdict_on(error)
    body = _failure(error, verdict) if verdict.shape is Shape.FAILURE else _error(error, verdict)
    if isinstance(error, AccessDeniedError):
        body["failedPermissionChecks"] = [_failed_check(error.check)]
    body |= {"correlationId": correlation_id, "hint": error.hint or None, "pierheadCode": own_code(error)}
    return JSONResponse(body, verdict.http_status, headers_for(error, verdict))


def own_code(error: AppError) -> str:
    return error.failure.code if isinstance(error, TaskFailedError) else error.code


def crash(correlation_id: str) -> JSONResponse:
    verdict = Verdict(500, "UNKNOWN_ERROR")
    return JSONResponse(_error_body(verdict, OOPS) | {"correlationId": correlation_id}, verdict.http_status)


def nothing_at(path: str) -> str:
    return f"there is nothing at {path[:200]}"


def unrouted(http_status: int, message: str, correlation_id: str, headers: Mapping[str, str] | None) -> JSONResponse:
    """No route of that path (404), or none for that method (405, ``headers`` has Allow)."""
    code = "RESOURCE_NOT_FOUND" if http_status == 404 else "RESOURCE_NOT_FOUND_EXCEPTION"
    body = _error_body(Verdict(http_status, code), message) | {"correlationId": correlation_id}
    return JSONResponse(body, http_status, dict(headers or {}))


def _failure(error: AppError, verdict: Verdict) -> dict[str, object]:
    problems = _problems(error)
    errors = [{"fieldId": problem.field, "error": problem.error} for problem in problems] or None
    return {"status": Shape.FAILURE, "code": verdict.code, "message": error.message, "errors": errors}


def _problems(error: AppError) -> tuple[FieldProblem | FieldError, ...]:
    if isinstance(error, InvalidFieldsError):
        return error.problems
    return error.errors if isinstance(error, InvalidConnectorError) else ()


def _error(error: AppError, verdict: Verdict) -> dict[str, object]:
    message = error.message
    if verdict.code == _INVALID and not message.startswith(("Invalid request", "Account detail")):
        message = f"Invalid request: {message}"
    return _error_body(verdict, message)


def _error_body(verdict: Verdict, message: str) -> dict[str, object]:
    said = {"code": verdict.code, "level": "ERROR", "message": message}
    return {
        "status": Shape.ERROR,
        "code": verdict.code,
        "message": message,
        "detailedMessage": None,
        "responseMessages": [{**said, "exception": None, "failureTypes": []}],
        "metadata": None,
    }


def _failed_check(check: FailedCheck) -> dict[str, object]:
    scope = check.scope
    place = {"accountIdentifier": scope.account, "orgIdentifier": scope.org, "projectIdentifier": scope.project}
    return {
        "resourceScope": place,
        "resourceType": resource_type_of(check.permission),
        "resourceIdentifier": check.identifier or None,
        "resourceAttributes": None,
        "permission": check.permission,
    }


def headers_for(error: AppError, verdict: Verdict) -> dict[str, str]:
    if verdict.http_status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
        return {"Retry-After": str(ceil(min(error.retry_after_s, _MAX_WAIT_S)))}
    if verdict.http_status == 503 and error.retryable:
        return {"Retry-After": _TRY_AGAIN_S}
    return {}
