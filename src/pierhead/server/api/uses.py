"""What several routes ask of a caller besides their own rule: connectors that are used, groups that may be seen."""

from collections.abc import Iterable

from pierhead.control.access import Permission
from pierhead.control.connectors import Connector, ConnectorMissingError
from pierhead.control.delegates import GroupView
from pierhead.control.scopes import Scope
from pierhead.server.call import Call

from .rules import Absent


def use_connector(call: Call, connector: Connector, absent: Absent = ConnectorMissingError) -> None:
    """Whether the caller may have something done with a connector and with every secret that it shows.

    ``absent`` is what whoever may not even see it is answered. Raises that, or AccessDeniedError.
    """
    call.require(Permission.CONNECTOR_ACCESS, connector.scope, connector.identifier, absent)
    for scope, identifier in connector.secrets():
        call.require(Permission.SECRET_ACCESS, scope, identifier)


def may_use_secrets(call: Call, connector: Connector) -> bool:
    return all(call.may(Permission.SECRET_ACCESS, *secret) for secret in connector.secrets())


def visible_groups(call: Call, views: Iterable[GroupView]) -> tuple[GroupView, ...]:
    """Those that the caller may see."""
    return tuple(view for view in views if sees_delegate(call, view.group.scope, view.group.name))


def sees_delegate(call: Call, scope: Scope, name: str) -> bool:
    return call.may(Permission.DELEGATE_VIEW, scope, name)
