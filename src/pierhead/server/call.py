"""An authenticated call, and the fence around the application: nothing can be done with it before it was allowed."""

from collections.abc import Callable

from pierhead.control.access import (
    AccessDeniedError,
    FailedCheck,
    Grants,
    Identifiers,
    Permission,
    Principal,
    view_of,
)
from pierhead.control.audit import Actor
from pierhead.control.organizations import PlaceMissingError
from pierhead.control.scopes import Area, Scope

from .api.ports import Application
from .api.rules import Absent, Rule


class UnauthorisedUseError(RuntimeError):
    """A route used the application before it asked whether it may: a fault of ours, never of the caller."""


class Call:
    """By whom, by which rule, on which application. For one request; not thread-safe."""

    __slots__ = ("_application", "_grants", "_is_allowed", "address", "correlation_id", "principal", "rule")

    def __init__(
        self,
        application: Application,
        principal: Principal,
        rule: Rule,
        *,
        correlation_id: str,
        address: str,
        grants: Callable[[], Grants],
    ) -> None:
        self._application = application
        self._grants = grants
        self._is_allowed = False
        self.principal = principal
        self.rule = rule
        self.correlation_id = correlation_id
        self.address = address

    @property
    def app(self) -> Application:
        """Raises UnauthorisedUseError until the call is allowed."""
        if not self._is_allowed:
            raise UnauthorisedUseError("the route has not asked whether the caller may")
        return self._application

    @property
    def lookup(self) -> Application:
        """The application, only to find out what the call is about; ask with ``authorise`` before anything else."""
        return self._application

    @property
    def account(self) -> str:
        return self.principal.account

    @property
    def share_key(self) -> str:
        """Who it is, where it is counted how much each principal has at once."""
        return f"{self.account} {self.principal.ref.key}"

    @property
    def actor(self) -> Actor:
        """Who is said in the audit trail to have done it."""
        return self.principal.actor(self.address, self.correlation_id)

    def allow(self) -> None:
        """For rules that ask nothing."""
        self._is_allowed = True

    def authorise(self, scope: Scope, identifier: str = "", *, asked_for: str = "") -> None:
        """Asks for the rule's permission there; from then on the application is to be had. ``asked_for``: what the
        caller named, where that is not the identifier.

        Raises AccessDeniedError, or what the rule answers for a thing that the caller may not see.
        """
        assert self.rule.permission is not None
        self.require(self.rule.permission, scope, identifier, self.rule.absent, asked_for=asked_for)
        self._is_allowed = True

    def require(
        self,
        permission: Permission,
        scope: Scope,
        identifier: str = "",
        absent: Absent | None = None,
        *,
        asked_for: str = "",
    ) -> None:
        """Asks for a permission besides the rule's. Raises as ``authorise``."""
        if self.may(permission, scope, identifier):
            return
        if absent is not None and identifier and not self.may(view_of(permission), scope, identifier):
            raise absent(scope, asked_for or identifier)
        ref = self.principal.ref
        raise AccessDeniedError(ref.type, ref.identifier, FailedCheck(permission, scope, identifier))

    def may(self, permission: Permission, scope: Scope, identifier: str = "") -> bool:
        return scope.account == self.account and self._grants().allows(permission, scope, identifier)

    @property
    def grants(self) -> Grants:
        """All that the caller was granted, as it is now; for what cannot ask again later."""
        return self._grants()

    def areas(self, scope: Scope) -> tuple[Area, ...]:
        """In which parts of that scope, and of what is in it, a list may look. The route has to obey.

        Raises PlaceMissingError as ``visible``.
        """
        assert self.rule.permission is not None
        self._check_place(scope)
        self._is_allowed = True
        granted = self._grants().areas(self.rule.permission) if scope.account == self.account else ()
        found = (area.within(Area(scope, with_children=True)) for area in granted)
        return tuple(area for area in found if area is not None)

    def visible(self, scope: Scope) -> Identifiers:
        """Which things in that scope a list may hold: None for all, an empty set for none. The route has to obey.

        Raises PlaceMissingError for an organization or project that is not there, or where the caller has no business.
        """
        assert self.rule.permission is not None
        self._check_place(scope)
        self._is_allowed = True
        return self._grants().visible(self.rule.permission, scope)

    def _check_place(self, scope: Scope) -> None:
        if scope.org is None or scope.account != self.account:
            return
        if not self._grants().touches(scope):
            raise PlaceMissingError(scope)
        if scope.project is None:
            self._application.organizations.get(scope.account, scope.org)
        else:
            self._application.projects.get(Scope(scope.account, scope.org), scope.project)
