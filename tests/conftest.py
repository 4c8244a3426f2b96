"""A PostgreSQL for whatever test wants one: one server for each worker of the test runner, a database for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pierhead.testing.postgres import PostgresServer, require_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Shared by tests: nobody stops it. Skips where PostgreSQL is not installed, fails in CI."""
    require_postgres()
    with PostgresServer() as server:
        yield server


@pytest.fixture
def new_database(postgres: PostgresServer) -> Iterator[Callable[[], str]]:
    """Makes a database with the newest schema and no rows; gives its URL. Only for this test."""
    with ExitStack() as lent:
        yield lambda: postgres.url(lent.enter_context(postgres.lent_database()))


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    """The URL of a database of the test's own."""
    return new_database()
