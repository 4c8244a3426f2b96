"""Which way the images of a run go, told before it is over; and which of them therefore lie on another machine."""

from typing import Any

from pierhead.kit.errors import NotFoundError

from .api_client import ApiClient, segment
from .render import Screen
from .run_table import FINAL_IMAGE_STATES, PLATFORM, images_of

_TASKS = "/pierhead/v1/tasks"


class ImagesElsewhereError(NotFoundError):
    """``images``: (reference, delegate)."""

    code = "images-elsewhere"

    def __init__(self, images: list[tuple[str, str]]) -> None:
        shown = ", ".join(f"{reference} with {delegate}" for reference, delegate in images[:5])
        more = f" and {len(images) - 5} more" if len(images) > 5 else ""
        super().__init__(
            f"--output has not all images, for delegates pulled some: {shown}{more}",
            hint="they lie in the delegate's own image layout; take them from there, or copy them with image copy",
        )
        self.images = images


def is_here(image: dict[str, Any]) -> bool:
    """Pulled by the server itself, so that it lies in the server's layout."""
    return image.get("delegate") in (None, PLATFORM)


def images_elsewhere(run: dict[str, Any]) -> list[tuple[str, str]]:
    """(reference, delegate) of each image that a delegate has."""
    found = [
        (str(image["reference"]), str(image["delegate"]))
        for _, image in images_of(run)
        if not is_here(image) and image.get("state") in ("pulled", "present")
    ]
    return list(dict.fromkeys(found))


def tell_ways(screen: Screen, api: ApiClient, run: dict[str, Any]) -> None:
    """A line for each task that waits for a delegate: who that will be, and when, is not for us to say."""
    if screen.is_quiet or screen.is_json:
        return
    waiting = {
        str(image["task"]): str(image.get("pathReason") or "")
        for _, image in images_of(run)
        if image.get("task") and image.get("state") not in FINAL_IMAGE_STATES
    }
    for task_id, reason in waiting.items():
        if api.call("GET", f"{_TASKS}/{segment(task_id)}").get("route"):
            screen.note(f"{reason}; who takes it, and why: pierhead task why {task_id}")
