"""The services of roles, resource groups and role assignments, together."""

from dataclasses import dataclass
from typing import Self

from pierhead.kit.clock import Clock

from .assignments import AssignmentService
from .ports import AccessStore
from .resource_groups import ResourceGroupService
from .roles import RoleService


@dataclass(frozen=True, slots=True)
class Rights:
    roles: RoleService
    resource_groups: ResourceGroupService
    assignments: AssignmentService

    @classmethod
    def on(cls, store: AccessStore, clock: Clock) -> Self:
        return cls(RoleService(store, clock), ResourceGroupService(store, clock), AssignmentService(store, clock))
