"""What an application is joined of besides its own parts; the same for the program and for the one in memory."""

from dataclasses import dataclass
from typing import Protocol

from pierhead.control.access import People, Rights
from pierhead.control.audit import AuditService
from pierhead.control.connectors import FilterService
from pierhead.control.delegates import AgentService, DelegateService, Dispatcher, TokenService
from pierhead.control.organizations import OrganizationService, ProjectService
from pierhead.control.releases import ReleaseService
from pierhead.control.retirement import RetiredHosts
from pierhead.control.sources import WatchService
from pierhead.protocol.signatures import SigningKey

from .delegates.hub import Hub
from .delegation import Delegation
from .gating import Gating
from .mirroring import Mirroring
from .noticing import Noticing
from .supply import Supply


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Who is there, where, and what was done: everything about an account that is not about images."""

    audit: AuditService
    people: People
    rights: Rights
    organizations: OrganizationService
    projects: ProjectService
    filters: FilterService
    watches: WatchService


class Parts(Protocol):
    @property
    def tenancy(self) -> Tenancy: ...
    @property
    def supply(self) -> Supply: ...
    @property
    def delegation(self) -> Delegation: ...


class Joined:
    """Each part's services, by their own names."""

    __slots__ = ()

    @property
    def audit(self: Parts) -> AuditService:
        return self.tenancy.audit

    @property
    def people(self: Parts) -> People:
        return self.tenancy.people

    @property
    def rights(self: Parts) -> Rights:
        return self.tenancy.rights

    @property
    def organizations(self: Parts) -> OrganizationService:
        return self.tenancy.organizations

    @property
    def projects(self: Parts) -> ProjectService:
        return self.tenancy.projects

    @property
    def filters(self: Parts) -> FilterService:
        return self.tenancy.filters

    @property
    def watches(self: Parts) -> WatchService:
        return self.tenancy.watches

    @property
    def releases(self: Parts) -> ReleaseService:
        return self.supply.releases

    @property
    def retired_hosts(self: Parts) -> RetiredHosts:
        return self.supply.retired_hosts

    @property
    def mirroring(self: Parts) -> Mirroring:
        return self.supply.mirroring

    @property
    def noticing(self: Parts) -> Noticing:
        return self.supply.noticing

    @property
    def gating(self: Parts) -> Gating:
        return self.supply.gating

    @property
    def dispatcher(self: Parts) -> Dispatcher:
        return self.delegation.dispatcher

    @property
    def delegates(self: Parts) -> DelegateService:
        return self.delegation.delegates

    @property
    def delegate_tokens(self: Parts) -> TokenService:
        return self.delegation.tokens

    @property
    def agents(self: Parts) -> AgentService:
        return self.delegation.agents

    @property
    def server_key(self: Parts) -> SigningKey:
        return self.delegation.server_key

    @property
    def hub(self: Parts) -> Hub:
        return self.delegation.hub
