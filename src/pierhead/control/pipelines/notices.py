"""What to say about planned images that are had, but not as well as they could be; pure."""

from collections.abc import Iterable, Iterator

from pierhead.control.connectors import Connector, ConnectorChoice, UsernamePasswordAuth
from pierhead.oci.reference import DOCKER_HUB, Reference

from .plan import PlannedImage


def image_notices(reference: Reference, choice: ConnectorChoice, access: Connector | None) -> tuple[str, ...]:
    """What concerns one image alone."""
    return tuple(_about_image(reference, choice, access))


def _about_image(reference: Reference, choice: ConnectorChoice, access: Connector | None) -> Iterator[str]:
    if reference.digest is None and reference.tag is None:
        yield f"{reference.familiar()} has no tag, so latest is pulled, which moves: two runs may get different bytes"
    elif reference.digest is None and reference.tag == "latest":
        yield f"the tag of {reference.familiar()} moves: two runs may get different bytes"
    if choice.connector is not None and access is None:
        yield (
            f"{reference.familiar()} is pulled from {reference.registry} without the connector "
            f"{choice.connector.reference}, whose credentials are only for its own registry"
        )


def stage_notices(images: Iterable[PlannedImage]) -> tuple[str, ...]:
    """What concerns several images of a stage, said once: how their connectors are reached, and Docker Hub's limit."""
    found: dict[str, None] = {}
    anonymous = 0
    for image in images:
        if image.reference is None or image.connector is None:
            continue
        found |= dict.fromkeys(_about_connector(image.connector))
        anonymous += image.reference.registry == DOCKER_HUB and image.pull_secret_key is None
    if anonymous:
        subject = "1 image comes" if anonymous == 1 else f"{anonymous} images come"
        found[f"{subject} from Docker Hub without credentials, where pulls are limited per address"] = None
    return tuple(found)


def _about_connector(choice: ConnectorChoice) -> Iterator[str]:
    yield from choice.warnings
    if choice.connector is None or choice.address is None:
        return
    for warning in choice.address.warnings:
        yield f"connector {choice.connector.reference}: {warning}"
    if choice.address.is_plain_http and isinstance(choice.connector.spec.auth, UsernamePasswordAuth):
        yield f"connector {choice.connector.reference} sends its password over http, where it can be read on the way"
