"""The walk with delegates: a server on PostgreSQL, three sites, a registry that one of them reaches, and a kill -9.

Whatever happens, every process is stopped, every namespace and file removed.
"""

import base64
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from pierhead.cli.render import Screen
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError
from pierhead.testing.postgres import PostgresServer, find_binaries

from .content import VAULT_CONNECTOR, VAULT_PIPELINE
from .delegate_process import DelegateProcess
from .server_process import ServerProcess
from .show import Show
from .sites import Sites, make_sites

_BYTES_PER_S = 8e6
_KILL_AFTER_BYTES = 6 * 1024 * 1024
_WITHIN_S = 60.0


class DemoStuckError(AppError):
    code = "demo-stuck"

    def __init__(self, what: str, log: str) -> None:
        super().__init__(f"{what} did not happen within {_WITHIN_S:.0f} s", hint=f"the log said: {log[-1500:]}")


def walk_with_delegates(screen: Screen, clock: Clock | None = None) -> None:
    """Raises AppError when a step does not do what it should."""
    clock = clock or SystemClock()
    begun_at = clock.monotonic()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pierhead-demo-")))
        sites = make_sites(stack, _BYTES_PER_S)
        database, environment = _database(stack)
        server = stack.enter_context(
            ServerProcess(place / "data", place / "server.log", environment, host=sites.listen)
        )
        _Walk(Show(screen, place, server), sites, database, stack, clock).all()
    screen.line()
    screen.line(f"Done in {clock.monotonic() - begun_at:.1f} s; every process is stopped and every file removed.")
    screen.line("Next: docs/guides/delegates.md says how to run delegates of your own.")


def _database(stack: ExitStack) -> tuple[str, Mapping[str, str]]:
    """What to say of the database, and the environment of a server that uses it."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    environment = {**os.environ, "PIERHEAD_DELEGATE_APPROVAL": "required", "PIERHEAD_PRIVATE_ADDRESSES": "allow"}
    if find_binaries() is None:
        return "PostgreSQL is not installed here, so the server uses SQLite", environment
    postgres = stack.enter_context(PostgresServer())
    url = postgres.url(postgres.new_database())
    return "PostgreSQL", {**environment, "PIERHEAD_DATABASE_URL": url, "PIERHEAD_ENCRYPTION_KEY": key}


class _Walk:
    def __init__(self, show: Show, sites: Sites, database: str, stack: ExitStack, clock: Clock) -> None:
        self._show = show
        self._sites = sites
        self._database = database
        self._stack = stack
        self._clock = clock
        self._delegates: dict[str, DelegateProcess] = {}

    def all(self) -> None:
        self._start()
        self._let_in()
        self._choose()
        self._interrupt()
        self._why()

    def _start(self) -> None:
        self._show.step("Three sites, a registry in a vault, a server on a database")
        self._show.say(self._sites.text)
        self._show.say(f"database: {self._database}")
        self._show.command("pierhead up --port 0")
        self._show.say(f"listens on {self._show.server.wait()}")

    def _let_in(self) -> None:
        self._show.step("A token, three delegates that introduce themselves with it, and somebody who approves them")
        token = self._show.place / "delegate-token"
        self._show.run(f"delegate token create sites --output {token}")
        port = self._show.server.wait().rpartition(":")[2]
        for site in self._sites.sites:
            url = f"http://{site.server}:{port}"
            words = ["--url", url, "--token-file", str(token), "--tag", f"site-{site.name}", "--insecure-http"]
            delegate = DelegateProcess(site.name, self._show.place, [*words, *site.words], site.prefix)
            self._show.command(f"pierhead delegate run --name {site.name} {' '.join(words)}")
            self._delegates[site.name] = self._stack.enter_context(delegate)
        for delegate in self._delegates.values():
            self._until(lambda: "approve" in delegate.said(), f"the enrolment of {delegate.name}", delegate)  # noqa: B023
            self._show.run(f"delegate approve {delegate.name}")
        self._show.run("delegate list")

    def _choose(self) -> None:
        self._show.step("A connector for any available delegate: who cannot reach the registry declines")
        self._show.write("vault.yaml", VAULT_CONNECTOR.format(url=f"http://{self._sites.registry}"))
        self._show.run("connector apply -f vault.yaml")
        self._show.run("connector test vault")
        self._show_why("testConnection")

    def _interrupt(self) -> None:
        self._show.step("A pipeline for delegates with the tag site-vault; the one that has it is killed in the middle")
        self._show.write("pipeline.yaml", VAULT_PIPELINE)
        vault = self._delegates["vault"]
        accident = threading.Thread(target=self._accident, args=(vault,), daemon=True)
        accident.start()
        self._show.run("init pipeline.yaml")
        accident.join(_WITHIN_S)

    def _accident(self, vault: DelegateProcess) -> None:
        self._until(lambda: _size(vault.images) > _KILL_AFTER_BYTES, "the pull", vault)
        fetched = _size(vault.images) / 1e6
        vault.kill()
        self._show.say(f"*** kill -9 of the delegate vault, {fetched:.0f} MB into the pull; it is started again ***")
        vault.start()

    def _why(self) -> None:
        self._show.step("Why that delegate, and why not the others")
        self._show_why("pull")

    def _show_why(self, kind: str) -> None:
        newest = next(task for task in self._show.ask("task list")["content"] if task["kind"] == kind)
        self._show.run(f"task why {newest['id']}")

    def _until(self, is_so: Callable[[], bool], what: str, delegate: DelegateProcess) -> None:
        give_up_at = self._clock.monotonic() + _WITHIN_S
        while not is_so():
            if self._clock.monotonic() > give_up_at:
                raise DemoStuckError(what, delegate.said())
            self._clock.wait(0.02)


def _size(directory: Path) -> int:
    """Bytes of all files below; those that vanish meanwhile do not count."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total
