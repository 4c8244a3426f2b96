"""An error ends a command with the same exit code whether the API tells it or the command meets it itself."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import pierhead
from pierhead.cli.errors import ApiError, exit_code
from pierhead.kit.errors import AppError, category_of
from pierhead.server.api.errors import verdict_on
from pierhead.server.jobs.errors import TaskFailedError

# What the command line and the programs beside the server raise is told by no API.
UNASKED = ("pierhead.cli", "pierhead.demo", "pierhead.testing", "pierhead.adapters.sql.migrations")


def below(family: type[AppError]) -> Iterator[type[AppError]]:
    for child in family.__subclasses__():
        yield child
        yield from below(child)


def told_by_the_api() -> Iterator[type[AppError]]:
    for module in pkgutil.walk_packages(pierhead.__path__, "pierhead."):
        if not module.name.startswith(UNASKED) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for found in dict.fromkeys(below(AppError)):
        is_carrier = issubclass(found, TaskFailedError)  # its code and its category are those of what it carries
        if found.__module__.startswith("pierhead.") and not found.__module__.startswith(UNASKED) and not is_carrier:
            yield found


def refused(error: type[AppError]) -> ApiError:
    bare = error.__new__(error)
    bare.doing = ""  # type: ignore[attr-defined] # looked at for secrets
    verdict = verdict_on(bare)
    return ApiError(verdict.http_status, verdict.code, error.code, "m")


def test_every_error_means_to_a_command_what_it_means_where_it_is_raised() -> None:
    """A code for which status and reference code say something else needs a row in ``cli.meanings``."""
    other = {
        error.code: (refused(error).category.code, category_of(error.__new__(error)).code)
        for error in told_by_the_api()
        if refused(error).category is not category_of(error.__new__(error))
    }
    assert other == {}


@pytest.mark.parametrize(
    ("status", "wire", "own", "code"),
    [
        (400, "INVALID_REQUEST", "connector-exists", 6),
        (400, "INVALID_REQUEST", "place-exists", 6),
        (400, "INVALID_REQUEST", "principal-exists", 6),
        (400, "DUPLICATE_FIELD", "role-exists", 6),
        (409, "INVALID_REQUEST", "", 6),
        (400, "DUPLICATE_FIELD", "", 6),
        (400, "INVALID_REQUEST", "invalid-fields", 2),
        (424, "CONNECTOR_VALIDATION_EXCEPTION", "registry-unauthenticated", 3),
        (424, "CONNECTOR_VALIDATION_EXCEPTION", "", 10),
        (500, "GENERAL_ERROR", "digest-mismatch", 11),
        (500, "UNKNOWN_ERROR", "", 1),
    ],
)
def test_the_code_decides_and_not_the_status(status: int, wire: str, own: str, code: int) -> None:
    assert exit_code(ApiError(status, wire, own, "m")) == code
