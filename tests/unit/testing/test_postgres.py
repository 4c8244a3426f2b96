"""Our own PostgreSQL for tests: which one is taken, and that it leaves nothing behind."""

from pathlib import Path

import pytest

from pierhead.testing import postgres as module
from pierhead.testing.postgres import PostgresServer, find_binaries, require_postgres


def _install(root: Path, *versions: str) -> None:
    for version in versions:
        (root / version / "bin").mkdir(parents=True)
        (root / version / "bin" / "initdb").touch()


def test_the_newest_version_is_taken_by_number(tmp_path: Path) -> None:
    _install(tmp_path, "9", "15", "common")
    (tmp_path / "17" / "bin").mkdir(parents=True)  # the client alone
    assert find_binaries(tmp_path) == tmp_path / "15" / "bin"
    assert find_binaries(tmp_path / "nowhere") is None


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_one_a_test_is_skipped_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setattr(module, "find_binaries", lambda: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install postgresql"):
        require_postgres()


def test_a_server_leaves_neither_a_process_nor_a_file(postgres: PostgresServer) -> None:
    with PostgresServer() as server:
        directory, process = server._directory, server._process
        assert server.execute("SELECT 1") == [(1,)]
        assert server.pid != postgres.pid
    assert process.poll() is not None
    assert not directory.exists()


def test_a_lent_database_comes_back_without_rows(postgres: PostgresServer) -> None:
    with postgres.lent_database() as name:
        postgres.execute("INSERT INTO accounts VALUES ('a', 'A', now())", name)
        left_open = postgres.connect(name)
        left_open.execute("BEGIN; LOCK TABLE accounts")
    with postgres.lent_database() as again:
        assert again == name
        assert postgres.execute("SELECT * FROM accounts", again) == []
    left_open.close()
