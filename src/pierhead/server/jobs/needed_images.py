"""Which images a connection test asks for: those that pipelines will want from it, as it would name them."""

from collections.abc import Iterator

from pierhead.control.catalogue import CatalogueService, Infra
from pierhead.control.connectors import DEFAULT_IDENTIFIER, Connector, image_name, normalise_url
from pierhead.kit.errors import AppError
from pierhead.oci.reference import Reference

MAX_REPOSITORIES = 8


def images_to_try(connector: Connector, catalogue: CatalogueService) -> tuple[str, ...]:
    """One image of each of the first repositories in use; one alone where no pipeline comes by default."""
    is_default = connector.identifier == DEFAULT_IDENTIFIER and connector.scope.org is None
    limit = MAX_REPOSITORIES if is_default else 1
    chosen: dict[str, str] = {}
    for reference in _served(connector, catalogue):
        chosen.setdefault(reference.repository, str(reference))
        if len(chosen) == limit:
            break
    return tuple(chosen.values())


def _served(connector: Connector, catalogue: CatalogueService) -> Iterator[Reference]:
    """The account's images that this connector leads to; one that names another registry itself is not among them."""
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    for infra in Infra:
        for image in catalogue.customer_config(connector.scope.account, infra, overrides_only=False).values():
            try:
                reference = image_name(address, image).reference
            except AppError:
                continue  # cannot be named behind this connector; a run would say so
            if reference.registry == address.registry:
                yield reference
