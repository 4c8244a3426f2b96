"""A PostgreSQL for whatever test wants one: one server for each worker of the test runner, a database for each test.

And a test that fails is named at once.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

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


class NamesFailures:
    """Writes the name of a test that fails when it fails: of a run that is cut off, the summary is never seen."""

    def __init__(self, terminal: Any) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = str(crash.message).splitlines()[0][:200] if crash is not None else ""
            self._terminal.write(f"\nFAILED {report.nodeid} ({report.when}) {reason}\n", flush=True)


@pytest.hookimpl(trylast=True)  # after the terminal is there
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):  # workers have nobody to tell
        config.pluginmanager.register(NamesFailures(terminal), "names-failures")
