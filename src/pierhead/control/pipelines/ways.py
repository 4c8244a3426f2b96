"""One task for each way that images of a run go: through the platform, or through delegates to one registry; pure.

Images of different registries do not share a task of delegates: it goes to one delegate, which has to reach all of its
registries, so one registry that nobody reaches would take the images of the others down with it. Nor do those whose
secrets are of different places: not every delegate may see both.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pierhead.control.connectors import normalise_url
from pierhead.control.delegates import Path, Route
from pierhead.control.scopes import Scope

from .plan import PlannedImage
from .ports import SettledPath
from .runs import Run, RunImage

Settle = Callable[[Path, Iterable[str], Iterable[Scope]], SettledPath]
Enqueue = Callable[[Route | None], str]


@dataclass(frozen=True, slots=True)
class Way:
    """``origin``: the registry as ``https://host[:port]``, Docker Hub as ``https://docker.io``. ``secrets``: the scopes
    of those that whoever goes there is shown."""

    path: Path
    origin: str
    secrets: tuple[Scope, ...] = ()


def way_of(image: PlannedImage) -> Way | None:
    """None for an image that cannot be had."""
    if image.path is None or image.reference is None:
        return None
    scheme = "https"
    secrets: tuple[Scope, ...] = ()
    if image.access is not None:
        scheme = normalise_url(image.access.spec.url, image.access.spec.provider_type).scheme
        secrets = image.access.secret_scopes
    return Way(image.path.path, f"{scheme}://{image.reference.registry}", secrets)


def with_tasks(run: Run, ways: Mapping[str, Way], settle: Settle, enqueue: Enqueue) -> Run:
    """The run with a task at each image that has no outcome yet. ``ways`` are those of the images by pull key.

    ``settle`` tells where a path leads now; ``enqueue`` makes a task for such a route, None being the platform's, and
    gives its id.
    """
    wanted = dict.fromkeys(ways[image.pull_key] for image in run.images if not image.facts.state.is_final)
    settled = {way: settle(way.path, (way.origin,), way.secrets) for way in wanted}
    tasks: dict[Route | None, str] = {}
    for there in settled.values():
        if _place(there) not in tasks:
            tasks[_place(there)] = enqueue(there.route)

    def placed(image: RunImage) -> RunImage:
        if image.facts.state.is_final:
            return image
        there = settled[ways[image.pull_key]]
        return replace(image, task_id=tasks[_place(there)], path_reason=there.reason)

    return replace(run, images=tuple(map(placed, run.images)))


def _place(settled: SettledPath) -> Route | None:
    """The same for the same delegates and registries, whoever asked for them."""
    return None if settled.route is None else replace(settled.route, selected_by="")
