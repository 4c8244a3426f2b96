"""The rows of access, audit and places in one transaction: a part of ``SqlTransaction``."""

from functools import cached_property

import sqlalchemy as sa

from pierhead.control.access import ApiKey, ResourceGroup, Role, RoleAssignment, ServiceAccount
from pierhead.control.connectors import SavedFilter
from pierhead.control.gates import GateException, GatePolicy
from pierhead.control.mirroring import Mirror, MirrorApproval
from pierhead.control.notices import Subscription
from pierhead.control.organizations import Organization, Project
from pierhead.control.sources import Watch

from .access import SqlAccountRows, SqlTokenRows, SqlUserRows
from .audit import SqlAuditRows
from .entities import Kind, SqlEntityRows
from .places import SqlPlaceContents
from .properties import SqlPropertyRows
from .sessions import SqlLoginFailureRows, SqlSessionRows

ORGANIZATIONS = Kind("organization", Organization)
PROJECTS = Kind("project", Project)
SERVICE_ACCOUNTS = Kind("service-account", ServiceAccount)
API_KEYS = Kind("api-key", ApiKey)
ROLES = Kind("role", Role)
RESOURCE_GROUPS = Kind("resource-group", ResourceGroup)
ROLE_ASSIGNMENTS = Kind("role-assignment", RoleAssignment)
FILTERS = Kind("filter", SavedFilter)
MIRRORS = Kind("mirror", Mirror)
APPROVALS = Kind("mirror-approval", MirrorApproval)
GATE_POLICIES = Kind("gate-policy", GatePolicy)
GATE_EXCEPTIONS = Kind("gate-exception", GateException)
WATCHES = Kind("watch", Watch)
SUBSCRIPTIONS = Kind("subscription", Subscription)


class AccessRows:
    def __init__(self, connection: sa.Connection, audit_key: bytes | None) -> None:
        self._connection = connection
        self.audit = SqlAuditRows(connection, audit_key)

    @cached_property
    def accounts(self) -> SqlAccountRows:
        return SqlAccountRows(self._connection)

    @cached_property
    def users(self) -> SqlUserRows:
        return SqlUserRows(self._connection)

    @cached_property
    def tokens(self) -> SqlTokenRows:
        return SqlTokenRows(self._connection)

    @cached_property
    def sessions(self) -> SqlSessionRows:
        return SqlSessionRows(self._connection)

    @cached_property
    def login_failures(self) -> SqlLoginFailureRows:
        return SqlLoginFailureRows(self._connection)

    @cached_property
    def properties(self) -> SqlPropertyRows:
        return SqlPropertyRows(self._connection)

    @cached_property
    def contents(self) -> SqlPlaceContents:
        return SqlPlaceContents(self._connection)

    @cached_property
    def organizations(self) -> SqlEntityRows[Organization]:
        return SqlEntityRows(self._connection, ORGANIZATIONS)

    @cached_property
    def projects(self) -> SqlEntityRows[Project]:
        return SqlEntityRows(self._connection, PROJECTS)

    @cached_property
    def service_accounts(self) -> SqlEntityRows[ServiceAccount]:
        return SqlEntityRows(self._connection, SERVICE_ACCOUNTS)

    @cached_property
    def api_keys(self) -> SqlEntityRows[ApiKey]:
        return SqlEntityRows(self._connection, API_KEYS)

    @cached_property
    def roles(self) -> SqlEntityRows[Role]:
        return SqlEntityRows(self._connection, ROLES)

    @cached_property
    def resource_groups(self) -> SqlEntityRows[ResourceGroup]:
        return SqlEntityRows(self._connection, RESOURCE_GROUPS)

    @cached_property
    def role_assignments(self) -> SqlEntityRows[RoleAssignment]:
        return SqlEntityRows(self._connection, ROLE_ASSIGNMENTS)

    @cached_property
    def approvals(self) -> SqlEntityRows[MirrorApproval]:
        return SqlEntityRows(self._connection, APPROVALS)

    @cached_property
    def mirrors(self) -> SqlEntityRows[Mirror]:
        return SqlEntityRows(self._connection, MIRRORS)

    @cached_property
    def gate_policies(self) -> SqlEntityRows[GatePolicy]:
        return SqlEntityRows(self._connection, GATE_POLICIES)

    @cached_property
    def gate_exceptions(self) -> SqlEntityRows[GateException]:
        return SqlEntityRows(self._connection, GATE_EXCEPTIONS)

    @cached_property
    def watches(self) -> SqlEntityRows[Watch]:
        return SqlEntityRows(self._connection, WATCHES)

    @cached_property
    def subscriptions(self) -> SqlEntityRows[Subscription]:
        return SqlEntityRows(self._connection, SUBSCRIPTIONS)

    @cached_property
    def filters(self) -> SqlEntityRows[SavedFilter]:
        return SqlEntityRows(self._connection, FILTERS)
