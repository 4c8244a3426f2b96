"""The one table from errors to answers."""

from collections.abc import Iterator

import pytest

from pierhead.kit.errors import CATEGORIES, AppError, RateLimitedError, UnavailableError
from pierhead.registry.errors import ConnectRefusedError, RegistryError
from pierhead.server.api import bodies, errors, refusals  # noqa: F401 - for the errors they define
from pierhead.server.api.errors import BY_CATEGORY, BY_CODE, refusal, verdict_on


def leaves(parent: type[AppError] = AppError) -> Iterator[type[AppError]]:
    for child in parent.__subclasses__():
        yield child
        yield from leaves(child)


def test_every_row_of_the_table_is_about_an_error_that_exists() -> None:
    assert set(BY_CODE) <= {leaf.code for leaf in leaves()}
    assert set(BY_CATEGORY) == {*CATEGORIES, AppError}


def test_only_trouble_of_our_own_is_a_5xx() -> None:
    assert verdict_on(UnavailableError("the database is locked")).http_status == 503
    assert verdict_on(ConnectRefusedError("registry.example:443", "refused")).http_status == 424
    for category in CATEGORIES:
        if category is not RateLimitedError:
            joined = type("Joined", (RegistryError, category), {"code": "joined"})
            assert verdict_on(joined("m")).http_status in (400, 404, 424)


@pytest.mark.parametrize(("seconds", "header"), [(0.0, "0"), (1.2, "2"), (float("inf"), "86400"), (None, None)])
def test_how_long_to_wait_is_said_in_whole_seconds(seconds: float | None, header: str | None) -> None:
    answer = refusal(RateLimitedError("m", retry_after_s=seconds), "id")
    assert answer.headers.get("retry-after") == header
