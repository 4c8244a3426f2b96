"""The stores in memory: what every rows port promises, without a database, for tests and demonstrations.

Held to the promises by the same contract suite as the real store. A transaction works on a copy of the tables that
replaces them when it commits; a snapshot keeps the tables it began with.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from pierhead.adapters.transactions import AfterCommit, WritersTurn
from pierhead.control.access import ApiKey, ResourceGroup, Role, RoleAssignment, ServiceAccount
from pierhead.control.connectors import SavedFilter
from pierhead.control.gates import GateException, GatePolicy
from pierhead.control.mirroring import Mirror, MirrorApproval
from pierhead.control.notices import Subscription
from pierhead.control.organizations import Organization, Project
from pierhead.control.sources import Watch
from pierhead.kit.signals import Signal, Signals

from .memory_access import (
    MemoryEntityRows,
    MemoryLoginFailureRows,
    MemoryPropertyRows,
    MemorySessionRows,
    MemoryTokenRows,
    MemoryUserRows,
)
from .memory_audit import MemoryAuditRows
from .memory_delegates import (
    MemoryDelegateGroupRows,
    MemoryDelegateRows,
    MemoryDelegateTokenRows,
    MemoryExperienceRows,
    MemoryNonceRows,
    MemorySelectionLogRows,
)
from .memory_entities import (
    MemoryAccountRows,
    MemoryConnectorRows,
    MemorySecretRows,
)
from .memory_figures import figures_of
from .memory_mirrors import MemoryHoldingRows, MemoryMirrorRunRows, MemorySightingRows
from .memory_notices import MemoryDeliveryRows, MemoryNoticeRows
from .memory_pins import MemoryPinRows, MemoryPinSetRows
from .memory_places import MemoryPlaceContents
from .memory_tables import Tables
from .memory_watches import MemoryWatchRecords
from .memory_work import MemoryRunRows, MemoryTaskRows

AUDIT_KEY = b"a" * 32
"""What a store in memory seals with until it is given another key."""


class MemoryTransaction:
    """Rows that stand in one transaction."""

    def __init__(
        self, tables: Tables, after_commit: AfterCommit, signals: Signals, audit_key: bytes | None = None
    ) -> None:
        self.accounts = MemoryAccountRows(tables)
        self.users = MemoryUserRows(tables)
        self.tokens = MemoryTokenRows(tables)
        self.sessions = MemorySessionRows(tables)
        self.login_failures = MemoryLoginFailureRows(tables)
        self.properties = MemoryPropertyRows(tables)
        self.audit = MemoryAuditRows(tables, audit_key)
        self.contents = MemoryPlaceContents(tables)
        self.organizations = MemoryEntityRows[Organization](tables, "organization")
        self.projects = MemoryEntityRows[Project](tables, "project")
        self.service_accounts = MemoryEntityRows[ServiceAccount](tables, "service-account")
        self.api_keys = MemoryEntityRows[ApiKey](tables, "api-key")
        self.roles = MemoryEntityRows[Role](tables, "role")
        self.resource_groups = MemoryEntityRows[ResourceGroup](tables, "resource-group")
        self.role_assignments = MemoryEntityRows[RoleAssignment](tables, "role-assignment")
        self.filters = MemoryEntityRows[SavedFilter](tables, "filter")
        self._add_what_comes_from_elsewhere(tables)
        self.gate_policies = MemoryEntityRows[GatePolicy](tables, "gate-policy")
        self.gate_exceptions = MemoryEntityRows[GateException](tables, "gate-exception")
        self.subscriptions = MemoryEntityRows[Subscription](tables, "subscription")
        self.notices = MemoryNoticeRows(tables)
        self.deliveries = MemoryDeliveryRows(tables)
        self.secrets = MemorySecretRows(tables)
        self.connectors = MemoryConnectorRows(tables)
        self.pins = MemoryPinRows(tables)
        self.pin_sets = MemoryPinSetRows(tables)
        self.tasks = MemoryTaskRows(tables)
        self.runs = MemoryRunRows(tables)
        self.delegate_tokens = MemoryDelegateTokenRows(tables)
        self.delegate_groups = MemoryDelegateGroupRows(tables)
        self.delegates = MemoryDelegateRows(tables)
        self.experiences = MemoryExperienceRows(tables)
        self.selection_log = MemorySelectionLogRows(tables)
        self.nonces = MemoryNonceRows(tables)
        self._after_commit = after_commit
        self._signals = signals
        self._announced: set[Signal] = set()

    def _add_what_comes_from_elsewhere(self, tables: Tables) -> None:
        """Rows of mirrors and watches."""
        self.mirrors = MemoryEntityRows[Mirror](tables, "mirror")
        self.approvals = MemoryEntityRows[MirrorApproval](tables, "mirror-approval")
        self.sightings = MemorySightingRows(tables)
        self.holdings = MemoryHoldingRows(tables)
        self.mirror_runs = MemoryMirrorRunRows(tables)
        self.watches = MemoryEntityRows[Watch](tables, "watch")
        self.watch_records = MemoryWatchRecords(tables)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Calls back, in order, once the transaction has committed; never when it is rolled back."""
        self._after_commit.add(callback)

    def announce(self, signal: Signal) -> None:
        """Tells every listener once the transaction has committed; of equal signals, one."""
        if signal not in self._announced:
            self._announced.add(signal)
            self._after_commit.add(lambda: self._signals.tell(signal))


class MemoryStore:
    """Thread-safe: one writer at a time, and any number of readers. Nothing is left after the process."""

    def __init__(self) -> None:
        self.signals = Signals()
        self._audit_key: bytes | None = AUDIT_KEY
        self._committed = Tables()
        self._turn = WritersTurn()

    def use_audit_key(self, key: bytes) -> None:
        """What audit records are sealed with from now on."""
        self._audit_key = key

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        """Commits when the block ends, rolls back when it raises."""
        after_commit = AfterCommit()
        with self._turn:
            tables = self._committed.copy()
            tx = MemoryTransaction(tables, after_commit, self.signals, self._audit_key)
            yield tx
            tx.audit.seal()
            self._committed = tables
        after_commit.run()

    @contextmanager
    def snapshot(self) -> Iterator[MemoryTransaction]:
        """One consistent view; what is written to it is lost."""
        yield MemoryTransaction(self._committed.copy(), AfterCommit(), self.signals)

    def figures(self) -> Mapping[str, Mapping[tuple[str, ...], int]]:
        """As ``SqlStore`` counts them."""
        return figures_of(self._committed)

    def check(self) -> None:
        """Memory answers always."""

    def exclusive(self, _name: str) -> AbstractContextManager[None]:
        """No other process shares this store."""
        return nullcontext()

    def close(self) -> None:
        """Nothing to close."""
