"""Runs of mirrors followed to their end, and told."""

from typing import Any

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError, UnavailableError
from pierhead.kit.retry import Backoff

from .api_client import ApiClient, segment
from .errors import meaning
from .format import short_digest
from .progress import Progress
from .render import Screen

RUNS = "/pierhead/v1/mirror-runs"
_LOOK_EVERY_S = 0.3
_AGAIN = Backoff(tries=10, base_s=0.5, cap_s=5.0)
_WORDS = {
    "copy": "to copy",
    "defer": "later",
    "refuse": "refused",
    "missing": "missing",
    "delete": "to delete",
    "fail": "failed",
    "planned": "to copy",
}


def follow_run(
    api: ApiClient, data: dict[str, Any], progress: Progress, *, clock: Clock | None = None
) -> dict[str, Any]:
    """``data`` is the run as the API gives it; gives it as it is when final. Raises AppError when it is lost."""
    clock = clock or SystemClock()
    while not is_final(data):
        clock.wait(_LOOK_EVERY_S)
        data = _looked(api, data["id"], clock)
        for position, item in enumerate(data["items"]):
            if item["state"] not in ("", "planned"):
                progress.show(progress_of(item, position))
    return data


def cancel_run(api: ApiClient, run_id: str) -> dict[str, Any]:
    cancelled: dict[str, Any] = api.call("POST", f"{RUNS}/{segment(run_id)}/cancel")
    return cancelled


def is_final(data: dict[str, Any]) -> bool:
    return bool(data["state"] != "running")


def progress_of(item: dict[str, Any], position: int) -> dict[str, Any]:
    """An item in the words that progress has for images of runs."""
    return {
        "reference": f"{item['repository']}:{item['tag']}",
        "position": position,
        "state": item["state"],
        "digest": item["targetDigest"],
        "bytesFetched": item["bytesFetched"],
        "failure": {"message": item["message"]},
    }


def rule_text(wanted: dict[str, Any]) -> str:
    """``1.0, 1.1, semver ^1.16, newest 3, not *-rc*``."""
    tags = wanted["tags"]
    parts = [", ".join(tags.get("exact", []))]
    parts += [f"{word} {' '.join(tags[word])}" for word in ("glob", "regex") if tags.get(word)]
    parts += [f"{word} {tags[word]}" for word in ("semver", "newest") if tags.get(word)]
    parts += [f"not {' '.join(tags['exclude'])}" if tags.get("exclude") else ""]
    return ", ".join(part for part in parts if part)


def tell_run(screen: Screen, data: dict[str, Any]) -> None:
    if screen.is_json:
        return screen.json(data)
    if data["items"]:
        screen.table(("image", "what", "digest", "why"), (_row(item) for item in data["items"]))
    if data["itemsTotal"] > len(data["items"]):
        screen.note(f"{len(data['items'])} of {data['itemsTotal']} are shown")
    counts = ", ".join(f"{count} {_WORDS.get(word, word)}" for word, count in data["counts"].items())
    screen.line(f"run {data['id']} of {data['mirror']}: {_state(data)}{f' ({counts})' if counts else ''}")
    if data["pulls"] and data["pullsLeft"] is not None:
        screen.line(f"it costs about {data['pulls']} of {data['pullsLeft']} pulls that are left at the source")
    error = data["error"] or {}
    for name, word in (("message", "cause"), ("hint", "remedy")):
        if error.get(name):
            screen.line(f"{word:<7} {error[name]}", indent=2)
    return None


def _state(data: dict[str, Any]) -> str:
    if data["dryRun"] and data["state"] == "succeeded":
        return "planned"
    return "nothing to do" if data["state"] == "succeeded" and not data["items"] else str(data["state"])


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    word = item["state"] or item["fate"]
    why = item["message"] or item["reason"]
    if item["hint"]:
        why = f"{why}; {item['hint']}"
    digest = short_digest(item["targetDigest"] or item["digest"])
    return f"{item['repository']}:{item['tag']}", _WORDS.get(word, word), digest, why


def _looked(api: ApiClient, run_id: str, clock: Clock) -> dict[str, Any]:
    pauses = _AGAIN.pauses()
    while True:
        try:
            found: dict[str, Any] = api.call("GET", f"{RUNS}/{segment(run_id)}")
            return found
        except AppError as error:
            pause_s = next(pauses, None)
            if meaning(error) is not UnavailableError or pause_s is None:
                raise
            clock.wait(pause_s)
