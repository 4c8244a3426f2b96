"""The application in memory, for tests of its edges: real services, a store in memory, and a delegate that obeys.

Nothing is pulled and no registry is asked: what the delegate answers is what the test put into it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account
from pierhead.control.catalogue import Catalogue, CatalogueService
from pierhead.control.connectors import ConnectorService
from pierhead.control.pipelines import RunService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue
from pierhead.protocol.tasks import StepOutcome, TagsResult, TestReport, TestStep
from pierhead.server.jobs.test_job import status_of
from pierhead.server.settings import Settings

from .clock import FakeClock
from .memory import MemoryStore

Store = MemoryStore | SqlStore
GOOD_REPORT = TestReport(
    outcome="success", steps=(TestStep(name="connect", outcome=StepOutcome.OK, evidence="answered"),)
)


@dataclass
class ObedientDelegate:
    """Answers with ``report`` and ``tags`` (or ``tags_error``); ``started`` are the tests that nobody waits for."""

    connectors: ConnectorService
    clock: Clock
    report: TestReport = GOOD_REPORT
    tags: tuple[str, ...] = ()
    tags_error: AppError | None = None
    started: list[tuple[Scope, str]] = field(default_factory=list)

    def test_connection(self, scope: Scope, identifier: str) -> TestReport:
        self.connectors.get(scope, identifier)
        self.connectors.set_status(scope, identifier, status_of(self.report, self.clock.now()))
        return self.report

    def start_test(self, scope: Scope, identifier: str) -> str:
        self.started.append((scope, identifier))
        return "task"

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        self.connectors.get(scope, identifier)
        if self.tags_error is not None:
            raise self.tags_error
        return TagsResult(name=repository, tags=self.tags[:limit], truncated=len(self.tags) > limit)


@dataclass(frozen=True, slots=True)
class MemoryApplication:
    """Has all that ``server.api.ports.Application`` asks for, and ``key``, its admin key."""

    settings: Settings
    clock: FakeClock
    store: Store
    account: Account
    key: SecretValue
    access: AccessService
    secrets: SecretService
    connectors: ConnectorService
    catalogue: CatalogueService
    queue: TaskQueue
    runs: RunService
    delegate: ObedientDelegate


def memory_application(directory: Path, store: Store | None = None) -> MemoryApplication:
    """``directory`` takes the key file, which is all that is written when the store is the one in memory."""
    clock, store, catalogue = FakeClock(), store or MemoryStore(), Catalogue.load()
    access = AccessService(store, clock, pepper=b"p" * 32)
    account, key = access.create_account_with_admin_key()
    connectors = ConnectorService(store, clock, new_id, sample_images=catalogue.samples())
    connectors.ensure_default(account.id)
    tasks = TaskQueue(store, clock, new_id)
    return MemoryApplication(
        settings=Settings(data=directory),
        clock=clock,
        store=store,
        account=account,
        key=key,
        access=access,
        secrets=SecretService(store, FileKeyring(directory / "keyring"), clock),
        connectors=connectors,
        catalogue=CatalogueService(store, clock, catalogue),
        queue=tasks,
        runs=RunService(store, tasks, catalogue, clock, new_id),
        delegate=ObedientDelegate(connectors, clock),
    )
