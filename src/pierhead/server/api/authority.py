"""The caller as the connector service asks for: may they use this secret, may they have private addresses reached?"""

from pierhead.control.access import AccessDeniedError, FailedCheck, Permission, view_of
from pierhead.control.connectors import Connector
from pierhead.control.scopes import Scope
from pierhead.server.call import Call

from .rules import Absent


class CallerAuthority:
    """Answers out of what was granted when the call began: it is asked in the middle of a transaction, where grants
    are not looked up any more."""

    def __init__(self, call: Call) -> None:
        self._principal = call.principal
        self._grants = call.grants

    def use_secret(self, scope: Scope, identifier: str, absent: Absent, reason: str) -> None:
        self._require(Permission.SECRET_ACCESS, scope, identifier, absent, reason=reason)

    def reach_private(self, account: str, reason: str) -> None:
        self._require(Permission.ACCOUNT_EDIT, Scope(account), reason=reason)

    def use_named(self, connector: Connector) -> bool:
        """Whether the caller may have a pipeline work with this connector; False when they may not even see it. Raises
        AccessDeniedError when they may see but not use it, or one of its secrets."""
        place = connector.scope, connector.identifier
        if not self._may(Permission.CONNECTOR_ACCESS, *place) and not self._may(Permission.CONNECTOR_VIEW, *place):
            return False
        reason = f"because the pipeline names connector {connector.reference}: name another one, or"
        self._require(Permission.CONNECTOR_ACCESS, *place, reason=reason)
        for scope, identifier in connector.secrets():
            self._require(Permission.SECRET_ACCESS, scope, identifier, reason=reason)
        return True

    def _require(
        self, permission: Permission, scope: Scope, identifier: str = "", absent: Absent | None = None, *, reason: str
    ) -> None:
        if self._may(permission, scope, identifier):
            return
        if absent is not None and not self._may(view_of(permission), scope, identifier):
            raise absent(scope, identifier)
        ref = self._principal.ref
        raise AccessDeniedError(ref.type, ref.identifier, FailedCheck(permission, scope, identifier), reason)

    def _may(self, permission: Permission, scope: Scope, identifier: str) -> bool:
        return scope.account == self._principal.account and self._grants.allows(permission, scope, identifier)
