"""The full name of an image pulled through a connector (harness-api §5.4, its pitfalls mended); pure.

Which connector that is, and which version, was decided before.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pierhead.kit.errors import AppError
from pierhead.oci.reference import DOCKER_HUB, Reference, is_docker_hub
from pierhead.oci.reference_grammar import is_host_like

from .address import RegistryAddress
from .errors import ImageNotPlaceableError
from .hosts import known_host


@dataclass(frozen=True, slots=True)
class ImageName:
    """``reason`` says in one sentence how the name came about."""

    reference: Reference
    reason: str


@dataclass(frozen=True, slots=True)
class NamePreview:
    """How one image would be called; ``reference`` is None when it cannot be placed, and ``reason`` says why."""

    image: str
    reference: Reference | None
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a connector with this address would do, before it is saved."""

    address: RegistryAddress
    names: tuple[NamePreview, ...]

    @property
    def pull_secret_key(self) -> str:
        return self.address.pull_secret_key

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.address.warnings


def image_name(address: RegistryAddress | None, image: str) -> ImageName:
    """The reference that ``image`` (as a user or the catalogue wrote it) stands for behind ``address``.

    None as address means no connector: the name is taken as it is written. Raises ImageNotPlaceableError, or
    InvalidImageReferenceError when the text is no image reference.
    """
    image = image.strip().lstrip("/")
    if address is None:
        return ImageName(Reference.parse(image), "no connector: the name stays as it is written")
    host, rest = _host_of(image)
    if host is not None and _is_same(host, address):
        return ImageName(
            Reference.parse(f"{address.registry}/{rest}"), f"the name begins with {address.registry} already"
        )
    if address.registry == DOCKER_HUB:
        return _on_docker_hub(image, host)
    return _below(address, image, host)


def preview(address: RegistryAddress, images: Iterable[str]) -> Preview:
    """The names of some images behind ``address``; an image that has none does not spoil the others."""
    return Preview(address, tuple(_preview_one(address, image) for image in images))


def _preview_one(address: RegistryAddress, image: str) -> NamePreview:
    try:
        name = image_name(address, image)
    except AppError as error:
        return NamePreview(image, None, error.message)
    return NamePreview(image, name.reference, name.reason)


def _host_of(image: str) -> tuple[str | None, str]:
    """The registry host an image text begins with, in the spelling of references, and the rest."""
    first, slash, rest = image.partition("/")
    if not slash or not is_host_like(first):
        return None, image
    host = first.lower()
    if is_docker_hub(host):
        return DOCKER_HUB, rest
    known = known_host(host)
    return (known.canonical if known and known.canonical else host), rest


def _is_same(host: str, address: RegistryAddress) -> bool:
    return address.registry in (host, host.removesuffix(":443") if address.scheme == "https" else host)


def _on_docker_hub(image: str, host: str | None) -> ImageName:
    if host is None:
        return ImageName(Reference.parse(f"{DOCKER_HUB}/{image}"), "Docker Hub has no path: the name stays as it is")
    return ImageName(
        Reference.parse(image),
        f"the name says {host} itself, and a Docker Hub connector moves nothing; its credentials are not used there",
    )


def _below(address: RegistryAddress, image: str, host: str | None) -> ImageName:
    if host is not None and ":" in host:
        Reference.parse(image)  # what is no reference at all is said first
        raise ImageNotPlaceableError(image, address.registry, f"{host} has a port and cannot be a part of a path")
    base = f"{address.registry}/{address.path_prefix}".rstrip("/")
    reference = Reference.parse(f"{base}/{image}")
    if host is None:
        return ImageName(reference, f"the connector's registry and path {base} go before the name")
    return ImageName(reference, f"the connector's {base} goes before the name, so {host} is a part of the path")
