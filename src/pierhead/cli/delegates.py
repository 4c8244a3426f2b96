"""Which delegate a word on the command line means: the id of a replica, or the name of a group of them."""

import re
from typing import Any

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import NotFoundError

from .api_client import ApiClient, segment
from .errors import ApiError

DELEGATES = "/pierhead/v1/delegates"
GROUPS = "/pierhead/v1/delegate-groups"
_LOOK_EVERY_S = 0.5
_ID = re.compile(r"[0-9a-f]{32}\Z")


def find_delegate(api: ApiClient, name: str) -> tuple[dict[str, Any], bool]:
    """What it is, and whether it is a replica. Raises AppError when there is neither."""
    if _ID.match(name) and (replica := api.find(f"{DELEGATES}/{segment(name)}")) is not None:
        return replica, True
    return api.call("GET", f"{GROUPS}/{segment(name)}"), False


def await_delegate(
    api: ApiClient, name: str, within_s: float, *, clock: Clock | None = None
) -> tuple[dict[str, Any], bool]:
    """The same, once it is there. Raises AppError when it is not within that time."""
    clock = clock or SystemClock()
    ends_at = clock.monotonic() + within_s
    while True:
        try:
            return find_delegate(api, name)
        except ApiError as error:
            if error.category is not NotFoundError or clock.monotonic() >= ends_at:
                raise
        clock.wait(_LOOK_EVERY_S)


def delegate_path(name: str, *, is_replica: bool) -> str:
    return f"{DELEGATES if is_replica else GROUPS}/{segment(name)}"


def replicas_of(api: ApiClient, name: str) -> list[str]:
    """Ids; one when ``name`` is a replica's."""
    data, is_replica = find_delegate(api, name)
    return [data["id"]] if is_replica else [replica["id"] for replica in data["replicas"]]
