"""What must be so when all is over, whatever happened before."""

from collections import Counter
from collections.abc import Collection

from .api import Api
from .fleet import Fleet
from .waiting import until

OPEN = ("QUEUED", "LEASED")


def all_end(api: Api, within_s: float) -> None:
    """Every task."""

    def open_tasks() -> dict[str, int]:
        return {state: api.patient("GET", "/tasks", pageSize=1, state=state)["totalItems"] for state in OPEN}

    try:
        until(lambda: not any(open_tasks().values()), within_s, "the end of every task", 0.25)
    except AssertionError:
        left = [task for state in OPEN for task in api.patient("GET", "/tasks", pageSize=2, state=state)["content"]]
        why = [api.patient("GET", f"/tasks/{task['id']}/selection") for task in left]
        raise AssertionError(f"open after {within_s:g} s: {open_tasks()}; {left}; {why}") from None


def is_settled(fleet: Fleet) -> None:
    """Everybody has said what it had to say."""
    until(lambda: fleet.busy == 0, 60, "the fleet's last word")


def nothing_lost(api: Api, accepted: Collection[str]) -> int:
    """Every run that was answered for is there, and has succeeded; gives how many runs there are."""
    states = {run["id"]: run["state"] for run in api.every("/runs")}
    lost = [run for run in accepted if run not in states]
    assert not lost, f"{len(lost)} accepted runs are lost"
    counted = Counter(states.values())
    assert counted == {"succeeded": len(states)}, counted
    return len(states)


def done_once(api: Api, fleet: Fleet) -> int:
    """Each pull has one end that was acknowledged, by the delegate and under the fence of its row; gives how many."""
    acknowledged = fleet.ledger.by_task()
    rows = [task for task in api.every("/tasks") if task["kind"] == "pull"]
    wrong = []
    for row in rows:
        effects = acknowledged.get(row["id"], [])
        if [(effect.delegate, effect.fence) for effect in effects] != [(row["holder"], row["fence"])]:
            wrong.append((row, effects))
    assert not wrong, wrong[:5]
    assert {row["state"] for row in rows} == {"SUCCEEDED"}
    return len(rows)


def nothing_odd(fleet: Fleet, api: Api) -> None:
    """Clients and delegates were told nothing that they could not act on."""
    assert fleet.ledger.offences.seen == []
    assert api.offences.seen == []
    assert fleet.ledger.odd == []
    assert fleet.ledger.raised == []
