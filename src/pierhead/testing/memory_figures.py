"""Counts of what is in a store in memory, by the same labels as those of a database."""

from collections import Counter
from collections.abc import Mapping

from .memory_tables import Tables


def figures_of(tables: Tables) -> Mapping[str, Mapping[tuple[str, ...], int]]:
    delegates = tables.delegates.values()
    return {
        "tasks": Counter((task.state.value, task.kind) for task in tables.tasks.values()),
        "runs": Counter((run.state.value,) for run in tables.runs.values()),
        "delegates": Counter((each.state.value, str(each.is_connected).lower()) for each in delegates),
        "delegate_tokens": Counter((token.status.value,) for token in tables.delegate_tokens.values()),
        "tokens": Counter((token.owner.type.value,) for token in tables.tokens.values()),
        "sessions": Counter({(): len(tables.sessions)}),
        "audit_sequence": {(): max((tail.sequence for tail in tables.audit_tails.values()), default=0)},
    }
