"""At which version an image is used: as the step says, else as pins and the catalogue say; pure."""

from collections.abc import Collection

from pierhead.control.catalogue import Catalogue, Infra, Pin, VersionChoice, VersionSource, choose_version
from pierhead.control.connectors import Reason

from .errors import UnknownImageError
from .model import ImageNeed


def version_for(
    need: ImageNeed, infra: Infra, pins: Collection[Pin], catalogue: Catalogue, line: str | None = None
) -> VersionChoice:
    """The image text of a need, with reasons.

    Raises UnknownImageError for a scanner that the catalogue does not have, and what ``choose_version`` raises.
    """
    if need.image is not None:
        return _as_written(need.image, "the image and its version are as the step names them")
    if not need.is_scanner:
        return choose_version(need.purpose, infra, pins, catalogue, line)
    scanner = catalogue.scanner(need.purpose)
    if scanner is None:
        raise UnknownImageError(need.purpose, infra)
    if need.tag is not None:
        return _as_written(f"{scanner.repository}:{need.tag}", f"the step asks for the tag {need.tag} with imageTag")
    reason = Reason("default", f"the catalogue's image of the scanner {scanner.name}", chosen=True)
    return VersionChoice(scanner.image, VersionSource.DEFAULT, (reason,))


def _as_written(image: str, text: str) -> VersionChoice:
    return VersionChoice(image, VersionSource.PIPELINE, (Reason("pipeline", text, chosen=True),))
