"""Which delegate a word on the command line means: the id of a replica, or the name of a group of them."""

import re
from typing import Any

from .api_client import ApiClient, segment

DELEGATES = "/pierhead/v1/delegates"
GROUPS = "/pierhead/v1/delegate-groups"
_ID = re.compile(r"[0-9a-f]{32}\Z")


def find_delegate(api: ApiClient, name: str) -> tuple[dict[str, Any], bool]:
    """What it is, and whether it is a replica. Raises AppError when there is neither."""
    if _ID.match(name) and (replica := api.find(f"{DELEGATES}/{segment(name)}")) is not None:
        return replica, True
    return api.call("GET", f"{GROUPS}/{segment(name)}"), False


def delegate_path(name: str, *, is_replica: bool) -> str:
    return f"{DELEGATES if is_replica else GROUPS}/{segment(name)}"


def replicas_of(api: ApiClient, name: str) -> list[str]:
    """Ids; one when ``name`` is a replica's."""
    data, is_replica = find_delegate(api, name)
    return [data["id"]] if is_replica else [replica["id"] for replica in data["replicas"]]
