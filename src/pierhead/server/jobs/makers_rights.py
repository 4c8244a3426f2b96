"""What runs on without its maker uses connectors by the maker's rights, as they are now and not as they were when it
was saved: a connector may get a password later, and the maker may lose his rights, be disabled or leave.
"""

from datetime import datetime
from typing import NamedTuple

from pierhead.control.access import AccessService, Permission
from pierhead.control.connectors import Connector
from pierhead.kit.errors import DeniedError


class MakerMayNotError(DeniedError):
    """``what``: a mirror or a watch, as its owners call it. No secret is named: not everybody who reads this may see
    it."""

    code = "maker-may-not"

    def __init__(self, what: str, connector: str, permission: Permission) -> None:
        super().__init__(
            f"{what} may not use connector {connector}: who saved it last has no {permission} for that any more",
            hint="somebody who has that right has to save it again",
        )


class Made(NamedTuple):
    """What was made: its words for people, the key of who saved it last (empty for the program itself), and when."""

    what: str
    made_by: str
    saved_at: datetime


class MakersRights:
    """Thread-safe."""

    def __init__(self, access: AccessService) -> None:
        self._access = access

    def check(self, made: Made, *connectors: Connector) -> None:
        """Whether its maker may use these connectors and every secret that they show: what ``server.api.uses`` asks
        of a caller, asked of the store. Raises MakerMayNotError."""
        if not made.made_by:
            return
        for connector in connectors:
            account = connector.scope.account
            grants = self._access.powers(account, made.made_by, made.saved_at)
            asked = [(Permission.CONNECTOR_ACCESS, connector.scope, connector.identifier)]
            asked += [(Permission.SECRET_ACCESS, *secret) for secret in connector.secrets()]
            for permission, scope, identifier in asked:
                if scope.account != account or not grants.allows(permission, scope, identifier):
                    raise MakerMayNotError(made.what, str(connector.reference), permission)
