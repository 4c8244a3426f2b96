"""All kinds of tasks that the server knows, by their name in the queue."""

from collections.abc import Mapping

from pierhead.control.catalogue import CatalogueService
from pierhead.control.connectors import ConnectorService
from pierhead.control.pipelines import RunService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock

from .copy_work import CopyWork
from .inspecting import INSPECT_KIND, Inspection
from .payloads import COPY_KIND, PULL_KIND, TEST_KIND
from .pull_work import PullWork
from .question_work import QUESTIONS, QuestionWork
from .registry_access import RegistrySecrets
from .test_work import TestWork
from .work import Work, WorkStore


def all_works(
    store: WorkStore,
    queue: TaskQueue,
    runs: RunService,
    connectors: ConnectorService,
    catalogue: CatalogueService,
    secrets: RegistrySecrets,
    clock: Clock,
) -> Mapping[str, Work]:
    return {
        PULL_KIND: PullWork(store, runs, secrets),
        TEST_KIND: TestWork(store, queue, connectors, catalogue, secrets, clock),
        COPY_KIND: CopyWork(store, queue, connectors, secrets),
        INSPECT_KIND: QuestionWork(store, queue, connectors, secrets, INSPECT_KIND, Inspection()),
        **{kind: QuestionWork(store, queue, connectors, secrets, kind) for kind in QUESTIONS},
    }
