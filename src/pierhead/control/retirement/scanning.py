"""The examination: every rule over the facts, the worst finding first; pure, and asks nobody anything."""

from itertools import chain

from .connector_rules import connectors, default_missing, missing_connectors
from .facts import Facts
from .host_rules import retired_hosts
from .hosts import RetiredHosts
from .model import Finding
from .other_rules import images, keys, mirrors, pipelines
from .uses import Uses


def examine(facts: Facts, hosts: RetiredHosts) -> tuple[Finding, ...]:
    """The same facts give the same findings in the same order, each once."""
    uses = Uses(facts)
    found = chain(
        retired_hosts(facts, hosts, uses),
        connectors(facts, uses),
        default_missing(facts),
        missing_connectors(facts),
        images(facts),
        mirrors(facts),
        pipelines(facts),
        keys(facts),
    )
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: finding.order))
