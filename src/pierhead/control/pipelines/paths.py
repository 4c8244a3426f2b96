"""By which path an image is fetched, from who names tags of delegates for it and what its connector says; pure.

Asks no delegate: whether one with these tags is there is known only when a run begins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pierhead.control.connectors import Connector, Reason
from pierhead.control.delegates import Origin, Path, choose_path, normalised

Given = Mapping[Origin, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PathChoice:
    """The path with its reasons: the one that decided, then those that would have, had nothing come before them."""

    path: Path
    trail: tuple[Reason, ...]
    warnings: tuple[str, ...] = ()


class Paths:
    """The paths of one plan; what the images of a stage have in common is decided once."""

    def __init__(self, pipeline: tuple[str, ...]) -> None:
        self._pipeline = pipeline
        self._known: dict[tuple[object, ...], PathChoice] = {}
        self.has_warnings = False

    def path(
        self, origin: Origin, selectors: tuple[str, ...], stage: tuple[str, ...], access: Connector | None
    ) -> PathChoice:
        """``selectors`` are those of the image's step or of the group around it, as ``origin`` says.

        ``access`` is the connector whose registry the image comes from, None when it is fetched without one.
        """
        key: tuple[object, ...] = (stage, access and access.id)
        if selectors:
            key = (*key, origin, selectors)
        known = self._known.get(key)
        if known is None:
            given = {origin: selectors, Origin.STAGE: stage, Origin.PIPELINE: self._pipeline}
            known = self._known[key] = path_for(given, access)
            self.has_warnings = self.has_warnings or bool(known.warnings)
        return known


def path_for(given: Given, access: Connector | None) -> PathChoice:
    """``given`` holds the selectors of the pipeline by origin; those of the connector are looked up here."""
    if access is None:
        path = choose_path(given)
    else:
        given = {**given, Origin.CONNECTOR: access.spec.delegate_selectors}
        wants = access.spec.execute_on_delegate
        path = choose_path(given, connector=str(access.reference), connector_wants_delegate=wants)
    chosen = Reason("path", path.reason, chosen=True)
    return PathChoice(path, (chosen, *_passed_over(given, path, access)), tuple(_warnings(path)))


def _passed_over(given: Given, path: Path, access: Connector | None) -> Iterator[Reason]:
    """Selectors are never merged, so those that were written and do not count are named."""
    if path.is_platform or path.origin is Origin.CONNECTOR:
        return
    later = False
    for origin in Origin:
        selectors = normalised(given.get(origin, ())) if later else ()
        later = later or origin is path.origin
        if not selectors or (origin is Origin.CONNECTOR and not (access and access.spec.execute_on_delegate)):
            continue
        owner = f"connector {access.reference}" if origin is Origin.CONNECTOR and access else f"the {origin}"
        text = f"{owner} would ask for {', '.join(selectors)}, but the {path.origin} decides"
        yield Reason("path", text, chosen=False)


def _warnings(path: Path) -> Iterator[str]:
    for selector in path.selectors:
        if "," in selector:
            yield f"the {path.origin} asks for one delegate tag {selector!r}; for several tags write a list"
