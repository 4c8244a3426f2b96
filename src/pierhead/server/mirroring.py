"""Mirrors joined: their services, and what the server has to know of the tasks of their runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.control.access import AccessService
from pierhead.control.catalogue import CatalogueService
from pierhead.control.connectors import ConnectorService
from pierhead.control.delegates import Dispatcher
from pierhead.control.gates import GatePolicyService
from pierhead.control.mirroring import MirrorService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock

from .jobs.makers_rights import MakersRights
from .jobs.mirror_checks import MirrorCheckWork
from .jobs.mirror_news import TellingMirrors
from .jobs.mirror_schedule import MirrorSchedule, MirrorScheduling
from .jobs.mirror_tasks import CHECK_KIND, MIRROR_KIND, SURVEY_KIND, MirrorTasks, MirrorWorkStore
from .jobs.mirror_work import MirrorWork
from .jobs.registry_access import RegistrySecrets
from .jobs.survey_work import SurveyWork
from .jobs.work import Work


@dataclass(frozen=True, slots=True)
class Mirroring:
    service: MirrorService
    tasks: MirrorTasks
    copies: MirrorWork
    surveys: SurveyWork
    checks: MirrorCheckWork
    scheduling: MirrorScheduling

    @property
    def works(self) -> Mapping[str, Work]:
        return {SURVEY_KIND: self.surveys, MIRROR_KIND: self.copies, CHECK_KIND: self.checks}


def mirroring_on(
    store: MirrorWorkStore,
    clock: Clock,
    queue: TaskQueue,
    dispatcher: Dispatcher,
    connectors: ConnectorService,
    catalogue: CatalogueService,
    secrets: RegistrySecrets,
    access: AccessService,
) -> Mirroring:
    service = TellingMirrors(store, clock)
    tasks = MirrorTasks(store, queue, dispatcher, connectors, service, MakersRights(access))
    surveys = SurveyWork(store, service, tasks, catalogue, secrets, queue)
    copies = MirrorWork(store, queue, service, tasks, secrets)
    checks = MirrorCheckWork(store, queue, service, tasks, GatePolicyService(store, clock))
    return Mirroring(service, tasks, copies, surveys, checks, MirrorScheduling(MirrorSchedule(store, tasks), clock))
