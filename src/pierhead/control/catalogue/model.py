"""Infrastructures, image fields and pins (harness-api §3); pure.

The fields, their purposes and default images are data (``data/*.toml``, read in ``catalogue``); no image is named here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Infra(StrEnum):
    K8 = "K8"
    VM = "VM"


@dataclass(frozen=True, slots=True)
class CatalogueField:
    """A setting that holds one image; ``infras`` are the infrastructures that have it."""

    name: str
    purpose: str
    infras: frozenset[Infra]


@dataclass(frozen=True, slots=True)
class Pin:
    """An account's override of the default image of one field."""

    account: str
    infra: Infra
    field: str
    value: str
    updated_at: datetime
    updated_by: str
