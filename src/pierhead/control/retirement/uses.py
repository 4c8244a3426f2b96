"""Which things use a connector, for people; pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pierhead.control.connectors import DEFAULT_IDENTIFIER
from pierhead.control.scopes import Scope

from .facts import Address, ConnectorUse, Facts
from .model import Kind, Thing

MOST_TOLD = 20


class Uses:
    """Of all connectors that facts speak of."""

    def __init__(self, facts: Facts) -> None:
        found: dict[Address, list[str]] = defaultdict(list)
        for use in uses_in(facts):
            if (address := use.address()) is not None:
                found[address].append(str(use.user))
        default = Scope(facts.account), DEFAULT_IDENTIFIER
        found[default] += [f"every stage of {each.file} that names none" for each in facts.pipelines if each.defaults]
        found[default].append("every stage that names no image connector")
        self._found: Mapping[Address, list[str]] = found

    def of(self, address: Address) -> tuple[str, ...]:
        """Each once; of very many, the first and how many more there are."""
        everything = list(dict.fromkeys(self._found.get(address, ())))
        more = len(everything) - MOST_TOLD
        return (*everything[:MOST_TOLD], f"and {more:,} more") if more > 0 else tuple(everything)


def uses_in(facts: Facts) -> Iterator[ConnectorUse]:
    """Every reference to a connector in mirrors, watches and pipelines."""
    for mirror in facts.mirrors:
        for place, reference in (("source", mirror.source), ("target", mirror.target)):
            yield ConnectorUse(Thing(Kind.MIRROR, mirror.scope, mirror.identifier, place), reference)
    for watch in facts.watches:
        if watch.connector is not None:
            yield ConnectorUse(Thing(Kind.WATCH, watch.scope, watch.identifier), watch.connector)
    for pipeline in facts.pipelines:
        yield from pipeline.uses
