"""Questions to registries, answered with what a test put in; nobody is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pierhead.adapters.sql import SqlStore
from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.scopes import ResourceType, Scope
from pierhead.control.tasks import TaskRow
from pierhead.kit.errors import AppError
from pierhead.oci.media_types import OCI_MANIFEST
from pierhead.protocol.tasks import (
    CopyEvent,
    InspectResult,
    RepositoriesResult,
    ResolvedPlatform,
    ResolveResult,
    StepOutcome,
    TagFacts,
    TagFactsResult,
    TagsResult,
    TestReport,
    TestStep,
)
from pierhead.server.jobs.connector_tasks import ConnectorTasks, Tested
from pierhead.server.jobs.copy_wishes import CopyAsked
from pierhead.server.jobs.inspecting import InspectWish
from pierhead.server.jobs.question_work import named
from pierhead.server.jobs.test_work import status_of

from .clock import FakeClock
from .memory import MemoryStore

Store = MemoryStore | SqlStore
GOOD_REPORT = TestReport(
    outcome="success", steps=(TestStep(name="connect", outcome=StepOutcome.OK, evidence="answered"),)
)
A_DIGEST = "sha256:" + "0" * 64


@dataclass
class ObedientTasks:
    """Answers with ``report``, ``tags`` (or ``tags_error``), ``repositories``, ``resolved`` with ``platforms`` (or
    ``resolve_error``) and ``facts``.

    ``started`` are the tests that nobody waits for, ``unsaved`` the connectors that were tried without being saved.
    What is not a question is done by ``real``: copies are queued.
    """

    connectors: ConnectorService
    clock: FakeClock
    real: ConnectorTasks
    store: Store
    report: TestReport = GOOD_REPORT
    tags: tuple[str, ...] = ()
    tags_error: AppError | None = None
    repositories: tuple[str, ...] = ()
    resolved: str = A_DIGEST
    resolve_error: AppError | None = None
    platforms: tuple[ResolvedPlatform, ...] = ()
    facts: dict[str, TagFacts] = field(default_factory=dict)
    inspected: InspectResult | None = None
    started: list[tuple[Scope, str]] = field(default_factory=list)
    unsaved: list[Connector] = field(default_factory=list)

    def tested(self, scope: Scope, identifier: str, *, by: Actor | None = None) -> Tested:
        connector = self.connectors.get(scope, identifier)
        self._tell(connector, by)
        self.connectors.set_status(scope, identifier, status_of(self.report, self.clock.now()))
        return Tested(self.report, "task", "the test asked for it")

    def tested_unsaved(self, connector: Connector, *, by: Actor | None = None) -> Tested:
        self.unsaved.append(connector)
        self._tell(connector, by)
        return Tested(self.report, "task", "the test asked for it")

    def start_test(self, scope: Scope, identifier: str) -> str:
        self.started.append((scope, identifier))
        return "task"

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        self._asked(scope, identifier)
        return TagsResult(name=repository, tags=self.tags[:limit], truncated=len(self.tags) > limit)

    def tag_pages(self, scope: Scope, identifier: str, repository: str, limit: int) -> Iterator[TagsResult]:
        yield self.list_tags(scope, identifier, repository, limit)

    def inspect(self, connector: Connector, wish: InspectWish) -> InspectResult:
        name, digest = str(named(connector, wish.image)), wish.digest or self.resolved
        return self.inspected or InspectResult(reference=name, digest=digest, media_type=OCI_MANIFEST, size_bytes=1)

    def list_repositories(self, scope: Scope, identifier: str, limit: int) -> RepositoriesResult:
        self._asked(scope, identifier)
        found = self.repositories
        return RepositoriesResult(repositories=found[:limit], truncated=len(found) > limit)

    def resolve(self, scope: Scope, identifier: str, image: str) -> ResolveResult:
        return self.resolve_at(self.connectors.get(scope, identifier), image)

    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:  # noqa: ARG002 - the port has it
        if (error := self.resolve_error or self.tags_error) is not None:
            raise error
        media_type = "application/vnd.oci.image.manifest.v1+json"
        digest, platforms = self.resolved, self.platforms
        return ResolveResult(reference=image, digest=digest, media_type=media_type, size_bytes=2, platforms=platforms)

    def read_tags(
        self, scope: Scope, identifier: str, repository: str, tags: Sequence[str], *, with_configs: bool = False
    ) -> TagFactsResult:
        self._asked(scope, identifier)
        found = (self.facts.get(tag, TagFacts(tag=tag, digest=self.resolved)) for tag in tags)
        plain: dict[str, object] = {"created": None, "labels": {}, "image_bytes": None}
        kept = (each if with_configs else each.model_copy(update=plain) for each in found)
        return TagFactsResult(name=repository, tags=tuple(kept))

    def start_copy(
        self,
        scope: Scope,
        source_connector: str,
        source: str,
        target_connector: str,
        target: str,
        digest: str | None = None,
        platforms: tuple[str, ...] = (),
        *,
        by: Actor = SYSTEM,
    ) -> str:
        connectors = source_connector, source, target_connector, target
        return self.real.start_copy(scope, *connectors, digest, platforms, by=by)

    def start_copies(self, scope: Scope, images: Sequence[CopyAsked], *, by: Actor = SYSTEM) -> str:
        return self.real.start_copies(scope, images, by=by)

    def copied(self, task_id: str) -> tuple[CopyEvent, ...]:
        return self.real.copied(task_id)

    def cancel(self, account: str, task_id: str, *, by: Actor = SYSTEM) -> TaskRow:
        return self.real.cancel(account, task_id, by=by)

    def _tell(self, connector: Connector, by: Actor | None) -> None:
        if by is not None:
            subject = Subject(connector.scope, ResourceType.CONNECTOR, connector.identifier, connector.name)
            with self.store.transaction() as tx:
                note(tx, self.clock.now(), by, Action.TEST, subject)

    def _asked(self, scope: Scope, identifier: str) -> None:
        self.connectors.get(scope, identifier)
        if self.tags_error is not None:
            raise self.tags_error
