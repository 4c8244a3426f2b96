"""Follows a run to its end, through dropped connections and restarts of the server."""

from typing import Any

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError, UnavailableError
from pierhead.kit.retry import Backoff

from .api_client import ApiClient, segment
from .errors import meaning
from .progress import Progress
from .run_table import FINAL_STATES

_AGAIN = Backoff(tries=10, base_s=0.5, cap_s=5.0)
RUNS = "/pierhead/v1/runs"


class LostRunError(UnavailableError):
    code = "lost-run"

    def __init__(self, run_id: str, place: str) -> None:
        super().__init__(
            f"run {run_id} is not finished, and {place} ends the stream of its events each time",
            hint=f"see `pierhead run get {run_id}`",
        )


def follow(
    api: ApiClient, run_id: str, progress: Progress, *, clock: Clock | None = None, backoff: Backoff = _AGAIN
) -> dict[str, Any]:
    """The run when it is final. Raises AppError when it cannot be had any more."""
    pauses = backoff.pauses()
    while True:
        try:
            run = _stream(api, run_id, progress) and _get(api, run_id)
            if run and run["state"] in FINAL_STATES:
                return run
        except AppError as error:
            if meaning(error) is not UnavailableError:
                raise
        pause_s = next(pauses, None)
        if pause_s is None:
            raise LostRunError(run_id, api.place)
        (clock or SystemClock()).wait(pause_s)


def _stream(api: ApiClient, run_id: str, progress: Progress) -> bool:
    """True when the last event said that the run is final."""
    state = ""
    for event, data in api.stream(f"{RUNS}/{segment(run_id)}/events"):
        if event == "image":
            progress.show(data)
        elif event == "run":
            state = data["state"]
    return state in FINAL_STATES


def _get(api: ApiClient, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = api.call("GET", f"{RUNS}/{segment(run_id)}")
    return run
