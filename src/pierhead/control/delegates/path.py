"""Which path a task takes to its registry: the platform, any delegate, or delegates with all of some tags; pure.

One origin of selectors counts, the most specific that gives any: step > step group > stage > pipeline > connector;
never merged (harness-api §4.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Who asked for the path, the most specific first."""

    STEP = "step"
    STEP_GROUP = "step group"
    STAGE = "stage"
    PIPELINE = "pipeline"
    CONNECTOR = "connector"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Path:
    """``is_platform``: the server itself goes. Else the delegates that have all ``selectors``, any when there are none.

    ``reason`` is one sentence for people.
    """

    is_platform: bool
    selectors: tuple[str, ...] = ()
    origin: Origin = Origin.NOBODY
    reason: str = ""


PLATFORM = Path(is_platform=True, reason="nothing asks for a delegate, so the platform does it")


def choose_path(
    given: Mapping[Origin, tuple[str, ...]], *, connector: str = "", connector_wants_delegate: bool = False
) -> Path:
    """``given``: selectors by origin, empty ones count as not given. ``connector`` is its reference, for the reason."""
    for origin in (Origin.STEP, Origin.STEP_GROUP, Origin.STAGE, Origin.PIPELINE):
        selectors = normalised(given.get(origin, ()))
        if selectors:
            return Path(False, selectors, origin, f"the {origin} asks for a delegate with {_all(selectors)}")
    if not connector:
        return PLATFORM
    if not connector_wants_delegate:
        return Path(True, (), Origin.CONNECTOR, f"connector {connector} is reached through the platform")
    selectors = normalised(given.get(Origin.CONNECTOR, ()))
    wanted = f"a delegate with {_all(selectors)}" if selectors else "any available delegate"
    return Path(False, selectors, Origin.CONNECTOR, f"connector {connector} is reached through {wanted}")


def normalised(selectors: tuple[str, ...]) -> tuple[str, ...]:
    """Trimmed, lower-cased, each once, in their order."""
    trimmed = (selector.strip().lower() for selector in selectors)
    return tuple(dict.fromkeys(selector for selector in trimmed if selector))


def _all(selectors: tuple[str, ...]) -> str:
    return "the tag " + selectors[0] if len(selectors) == 1 else "all of the tags " + ", ".join(selectors)
