"""Which connectors lead to where an image is; pure. Who may use them was asked before."""

from collections.abc import Iterable
from dataclasses import dataclass

from pierhead.control.connectors import DEFAULT_IDENTIFIER, DEFAULT_REFERENCE, Connector, RegistryAddress, normalise_url
from pierhead.kit.errors import AppError
from pierhead.oci.reference import DOCKER_HUB

from .model import Found


@dataclass(frozen=True, slots=True)
class Lead:
    """``reason`` says in a sentence why this connector was taken."""

    connector: Connector
    reason: str


def leading(found: Found, connectors: Iterable[Connector]) -> tuple[Lead, ...]:
    """Those whose registry is the image's, the longest path and the nearest scope first; else ``account.harnessImage``
    where it can ask for the image by its own name; empty where none can."""
    usable = [(connector, address) for connector in connectors if (address := _address(connector)) is not None]
    matching = [(connector, address) for connector, address in usable if _leads(address, found)]
    matching.sort(key=lambda pair: (-len(pair[1].path_prefix), -_depth(pair[0]), pair[0].identifier))
    leads = [
        Lead(connector, f"connector {connector.reference} leads to {address.registry}")
        for connector, address in matching
    ]
    if leads:
        return tuple(leads)
    return tuple(
        Lead(
            connector,
            f"no connector leads to {found.registry or 'its registry'}: {DEFAULT_REFERENCE} asks without login",
        )
        for connector, address in usable
        if _is_default(connector) and address.registry == DOCKER_HUB
    )


def _address(connector: Connector) -> RegistryAddress | None:
    try:
        return normalise_url(connector.spec.url, connector.spec.provider_type)
    except AppError:
        return None


def _leads(address: RegistryAddress, found: Found) -> bool:
    if not found.registry or address.registry != found.registry:
        return False
    path = f"{address.path_prefix}/" if address.path_prefix else ""
    return found.repository.startswith(path)


def _depth(connector: Connector) -> int:
    return (connector.scope.org is not None) + (connector.scope.project is not None)


def _is_default(connector: Connector) -> bool:
    return connector.identifier == DEFAULT_IDENTIFIER and connector.scope.org is None
