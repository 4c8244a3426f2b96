"""What to say about planned images that are had, but not as well as they could be; pure."""

from collections.abc import Iterable

from pierhead.control.catalogue import VersionChoice
from pierhead.control.connectors import Connector, ConnectorChoice, UsernamePasswordAuth
from pierhead.oci.reference import DOCKER_HUB, Reference

from .plan import PlannedImage


def image_notices(
    reference: Reference, choice: ConnectorChoice, version: VersionChoice, access: Connector | None
) -> tuple[str, ...]:
    """What concerns one image alone."""
    notices = list(version.warnings)
    if reference.digest is None and reference.tag is None:
        notices.append(
            f"{reference.familiar()} has no tag, so latest is pulled, which moves: two runs may get different bytes"
        )
    elif reference.digest is None and reference.tag == "latest":
        notices.append(f"the tag of {reference.familiar()} moves: two runs may get different bytes")
    if choice.connector is not None and access is None:
        notices.append(
            f"{reference.familiar()} is pulled from {reference.registry} without the connector "
            f"{choice.connector.reference}, whose credentials are only for its own registry"
        )
    return tuple(notices)


def connector_notices(choice: ConnectorChoice) -> tuple[str, ...]:
    """What concerns everything that comes through one connector."""
    if choice.connector is None or choice.address is None:
        return choice.warnings
    name = choice.connector.reference
    notices = [*choice.warnings, *(f"connector {name}: {warning}" for warning in choice.address.warnings)]
    if choice.address.is_plain_http and isinstance(choice.connector.spec.auth, UsernamePasswordAuth):
        notices.append(f"connector {name} sends its password over http, where it can be read on the way")
    return tuple(notices)


def docker_hub_notices(images: Iterable[PlannedImage]) -> tuple[str, ...]:
    """What concerns a stage's anonymous pulls from Docker Hub together, said once."""
    anonymous = sum(_is_anonymous_docker_hub(image) for image in images)
    if not anonymous:
        return ()
    subject = "1 image comes" if anonymous == 1 else f"{anonymous} images come"
    return (f"{subject} from Docker Hub without credentials, where pulls are limited per address",)


def _is_anonymous_docker_hub(image: PlannedImage) -> bool:
    is_docker_hub = image.reference is not None and image.reference.registry == DOCKER_HUB
    return is_docker_hub and image.pull_secret_key is None
