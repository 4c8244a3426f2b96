"""Follows a copy to its end by looking now and then, through dropped connections and restarts of the server."""

from typing import Any

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError, UnavailableError
from pierhead.kit.retry import Backoff

from .api_client import ApiClient, segment
from .errors import meaning
from .progress import Progress

COPIES = "/pierhead/v1/copies"
_LOOK_EVERY_S = 0.5
_AGAIN = Backoff(tries=10, base_s=0.5, cap_s=5.0)
_FINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "DEAD"})


def follow_copy(
    api: ApiClient, data: dict[str, Any], target: str, progress: Progress, *, clock: Clock | None = None
) -> dict[str, Any]:
    """``data`` is the copy as the API gives it; gives it as it is when final. Raises AppError when it is lost."""
    clock = clock or SystemClock()
    while not is_final(data):
        clock.wait(_LOOK_EVERY_S)
        data = _looked(api, data["task"]["id"], clock)
        if data.get("image"):
            progress.show(progress_of(data, target))
    return data


def cancel_copy(api: ApiClient, data: dict[str, Any]) -> dict[str, Any]:
    task = segment(data["task"]["id"])
    api.call("POST", f"/pierhead/v1/tasks/{task}/cancel")
    cancelled: dict[str, Any] = api.call("GET", f"{COPIES}/{task}")
    return cancelled


def is_final(data: dict[str, Any]) -> bool:
    return data["task"]["state"] in _FINAL


def progress_of(data: dict[str, Any], target: str) -> dict[str, Any]:
    """The copied image in the words that progress has for images of runs."""
    return {"reference": target, "position": 0, **(data.get("image") or {})}


def _looked(api: ApiClient, task_id: str, clock: Clock) -> dict[str, Any]:
    pauses = _AGAIN.pauses()
    while True:
        try:
            found: dict[str, Any] = api.call("GET", f"{COPIES}/{segment(task_id)}")
            return found
        except AppError as error:
            pause_s = next(pauses, None)
            if meaning(error) is not UnavailableError or pause_s is None:
                raise
            clock.wait(pause_s)
