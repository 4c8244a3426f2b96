"""What a credential may do to a repository, found out without doing it: asked of the token server, read in its token.

The token is read, not believed: whether it is genuine is the registry's business, and nothing is decided by it here.
"""

import base64
import binascii

from pierhead.kit.limits import MalformedJsonError, parse_json

from . import paths
from .auth.tokens import Token
from .context import CallContext
from .endpoint import Endpoint
from .journal import Journal
from .request import Request
from .transport import Transport

_MAX_TOKEN = 64 * 1024
_MAX_ACTIONS = 20


class Rights:
    def __init__(self, endpoint: Endpoint, transport: Transport, journal: Journal, call: CallContext) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.journal = journal
        self.call = call

    def of(self, repository: str) -> frozenset[str] | None:
        """The actions a token gets when it asks for pull, push and delete; None when that cannot be told.

        The one request to the registry itself is a reading one. Raises what any request raises.
        """
        scope = f"repository:{repository}:pull,push,delete"
        url = paths.tags_url(self.endpoint, repository)
        request = Request(paths.subject(self.endpoint, repository), "HEAD", url, scope)
        answer = self.transport.open(self.endpoint, request, self.call, self.journal)
        answer.close()
        if not isinstance(answer.grant, Token):
            return None
        return actions_in(answer.grant.value.reveal(), repository)


def actions_in(token: str, repository: str) -> frozenset[str] | None:
    """The actions on ``repository`` that a JSON web token claims; None for tokens that say nothing of the kind."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _MAX_TOKEN:
        return None
    try:
        claims = parse_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, MalformedJsonError):
        return None
    listed = claims.get("access") if isinstance(claims, dict) else None
    if not isinstance(listed, list):
        return None
    found: set[str] = set()
    for entry in listed:
        if isinstance(entry, dict) and entry.get("type") == "repository" and entry.get("name") == repository:
            actions = entry.get("actions")
            found |= {a for a in actions[:_MAX_ACTIONS] if isinstance(a, str)} if isinstance(actions, list) else set()
    return frozenset(found)
