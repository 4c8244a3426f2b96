"""Debian's PostgreSQL as a process of ours: in a directory of its own, on a unix socket and a free port of loopback.

Tests borrow databases that are migrated already. Stopped by its own process id; whatever else runs on the machine is
left alone. PostgreSQL refuses to run as root, so root runs it as the user ``postgres``.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pierhead.kit.clock import Clock, SystemClock

from .peers import leave_out

if TYPE_CHECKING:
    import psycopg

_START_TRIES = 3
_ANSWERS_WITHIN_S = 30.0
# What is confirmed outlives a crash of the program, though not one of the machine, which no test brings about.
_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
_USER = "pierhead"
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


class PostgresStartError(Exception):
    """The program ended or did not answer; the message holds what it said."""


def find_binaries(root: Path = Path("/usr/lib/postgresql")) -> Path | None:
    """The ``bin`` directory of the newest version that Debian has installed, None without one."""
    versions = [path for path in root.glob("*/bin") if (path / "initdb").is_file() and path.parent.name.isdecimal()]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


def require_postgres() -> Path:
    """``find_binaries``; skips the running test when there are none, or fails it where CI=true."""
    found = find_binaries()
    if found is None:
        leave_out("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found


class PostgresServer:
    """Runs from construction to ``stop``; a context manager. ``settings``: as in postgresql.conf."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        found = find_binaries()
        if found is None:
            raise PostgresStartError("PostgreSQL is not installed")
        self._binaries = found
        self._settings = {**_QUICK, **(settings or {})}
        self._directory = Path(tempfile.mkdtemp(prefix="pier-pg-"))  # short: it holds a socket, whose path is limited
        self._log = self._directory / "log"
        self.password = secrets.token_hex(16)
        self._made = 0
        self._spare: list[str] = []
        try:
            self._init()
            self._start_somewhere()
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def url(self, database: str = "postgres", *, over_tcp: bool = False) -> str:
        """A database URL; over the socket nobody is asked for a password."""
        if over_tcp:
            return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{_USER}@/{database}?host={self._directory}&port={self.port}"

    def new_database(self) -> str:
        """An empty database; gives its name."""
        self._made += 1
        name = f"test_{self._made}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def lent_database(self) -> Iterator[str]:
        """The name of a database with the newest schema and no rows, which is emptied afterwards and lent again: that
        takes a tenth of the time that making one takes. Do not change its schema."""
        name = self._spare.pop() if self._spare else self._new_migrated_database()
        yield name
        self._empty(name)
        self._spare.append(name)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection outside transactions, as an administrator."""
        import psycopg

        return psycopg.connect(self.url(database), autocommit=True)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Runs one statement outside a transaction; gives its rows."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def restart(self, *, immediate: bool = False) -> None:
        """``immediate`` is a crash: nothing is flushed, and the next start recovers from the log."""
        self.halt(immediate=immediate)
        self.resume()

    def halt(self, *, immediate: bool = False) -> None:
        """Ends the program and keeps its data."""
        self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def resume(self) -> None:
        """Starts it again, on the same port."""
        self._process = self._start()
        if not self._answers():
            raise PostgresStartError(f"PostgreSQL did not come back: {self._said()}")

    def stop(self) -> None:
        self.halt(immediate=True)
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _new_migrated_database(self) -> str:
        from pierhead.adapters.sql import SqlStore  # late: this module must load without a database

        name = self.new_database()
        SqlStore(self.url(name)).close()
        return name

    def _empty(self, name: str) -> None:
        """Ends what a test has left open, too: it might hold locks."""
        with self.connect(name) as connection:
            connection.execute(_END_OTHERS)
            tables = [str(table) for (table,) in connection.execute(_TABLES).fetchall()]
            deletions = "; ".join(f'DELETE FROM "{table}"' for table in tables)  # noqa: S608 - names of our own
            connection.execute(f"SET session_replication_role = replica; {deletions}".encode())

    def _init(self) -> None:
        password_file = self._directory / "password"
        password_file.write_text(self.password)
        if os.geteuid() == 0:
            for path in (self._directory, password_file):
                shutil.chown(path, "postgres", "postgres")
        program = [self._binaries / "initdb", "-D", self._data, "-U", _USER, "--no-sync", "--encoding=UTF8"]
        # Sorted as people's databases are, not by code point: what depends on that shall be seen.
        locale = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US"]
        access = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password_file}"]
        done = subprocess.run(  # noqa: S603 - a fixed program with our own arguments
            [*map(str, program), *locale, *access],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._directory,
            **_as_user(),
        )
        if done.returncode != 0:
            raise PostgresStartError(f"initdb failed: {done.stderr[-2000:]}")

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    def _start_somewhere(self) -> None:
        for _ in range(_START_TRIES):
            self.port = _free_port()
            self._process = self._start()
            if self._answers():
                return
            self.halt(immediate=True)
        raise PostgresStartError(f"PostgreSQL did not answer on port {self.port}: {self._said()}")

    def _start(self) -> "subprocess.Popen[bytes]":
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._directory),
            **self._settings,
        }
        program: Sequence[str] = [str(self._binaries / "postgres"), "-D", str(self._data)]
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*program, *options]
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - a fixed program with our own arguments
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._directory, **_as_user()
            )

    def _answers(self, clock: Clock | None = None) -> bool:
        clock = clock or SystemClock()
        give_up_at = clock.monotonic() + _ANSWERS_WITHIN_S
        while clock.monotonic() < give_up_at and self._process.poll() is None:
            if self._is_up():
                return True
            clock.wait(0.02)
        return False

    def _is_up(self) -> bool:
        import psycopg

        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def _as_user() -> dict[str, Any]:
    """How a process is started that root must not be."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
