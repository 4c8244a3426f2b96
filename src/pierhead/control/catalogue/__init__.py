"""The CI's own images: which there are, what for, at which version."""

from .model import CatalogueField, Infra, Pin
from .ports import PinRows, PinStore, PinTransaction

__all__ = ["CatalogueField", "Infra", "Pin", "PinRows", "PinStore", "PinTransaction"]
