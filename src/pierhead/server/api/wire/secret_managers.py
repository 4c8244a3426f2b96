"""Secret managers on the wire: how they are reached, and nothing that would let anybody in."""

from typing import Self

from pierhead.control.secrets import BUILT_IN_MANAGER, ConfiguredStore

from .common import Wire


class SecretManagerItem(Wire):
    """``scopes``: ``all``, or where a secret may lie that refers to it: ``account``, ``ORG``, ``ORG/PROJECT``."""

    identifier: str
    name: str
    type: str
    scopes: list[str]
    details: dict[str, str]

    @classmethod
    def of(cls, manager: ConfiguredStore) -> Self:
        reach = manager.reach
        places = sorted("/".join(place) for place in reach.places)
        return cls(
            identifier=manager.identifier,
            name=manager.name,
            type=manager.type,
            scopes=["all"] if reach.everything else [*(["account"] if reach.account else []), *places],
            details=dict(manager.details),
        )

    @classmethod
    def built_in(cls) -> Self:
        return cls(identifier=BUILT_IN_MANAGER, name="Built-in", type="builtIn", scopes=["all"], details={})
