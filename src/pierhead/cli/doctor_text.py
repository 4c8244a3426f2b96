"""An examination as people read it: the worst first, each with where, what hangs on it and what to do."""

from collections.abc import Iterable
from typing import Any

from .render import Screen

_STYLES = {"broken": "red", "breaks": "yellow", "advice": "cyan"}
_TITLES = {"broken": "broken now", "breaks": "breaks soon", "advice": "advice"}
_OUTCOMES = {"migrated": "green", "denied": "red", "failed": "red", "skipped": "yellow"}
_MOST_AFFECTED = 6


def tell_examination(screen: Screen, data: dict[str, Any]) -> None:
    last = ""
    for finding in data["findings"]:
        if finding["severity"] != last:
            last = finding["severity"]
            screen.line(f"{_TITLES[last]}: {data['counts'][last]:,}", style=_STYLES[last])
        _tell_finding(screen, finding)
    hidden = sum(data["counts"].values()) - len(data["findings"])
    if hidden > 0:
        screen.line(f"and {hidden:,} more")
    if not data["findings"]:
        screen.line("nothing is wrong here", style="green")
    looked = ", ".join(f"{count:,} {what}" for what, count in data["examined"].items() if count)
    screen.note(f"looked at {looked or 'nothing'}, as of {data['today']}")
    for each in data["leftOut"]:
        screen.note(f"not looked at: {each}")
    able = sum(1 for finding in data["findings"] if finding["migration"])
    if able:
        screen.note(f"`pierhead doctor --migrate` can change {able} of these connectors; --dry-run shows how")


def tell_hosts(screen: Screen, hosts: Iterable[dict[str, Any]]) -> None:
    rows = [
        (host["id"], ", ".join(host["hosts"]) + (f" /{host['path']}" if host["path"] else ""), host["then"],
         host["ends"], host["use"])
        for host in hosts
    ]  # fmt: skip
    screen.table(("id", "hosts", "then", "since or from", "use"), rows)


def tell_migrations(screen: Screen, items: Iterable[dict[str, Any]]) -> None:
    items = list(items)
    if not items:
        screen.line("nothing to migrate", style="green")
    for item in items:
        what = f"{_named(item['thing'])}: {item['before']} -> {item['after']}" if item["thing"] else item["id"]
        screen.line(f"{item['outcome']:<8}  {what}", style=_OUTCOMES.get(item["outcome"]))
        if item["outcome"] != "planned":
            screen.line(item["message"], indent=10)
        if item["test"] or item["testMessage"]:
            told = ": ".join(part for part in (item["test"], item["testMessage"]) if part)
            screen.line(f"test {told}", indent=10, style="red" if item["test"] == "FAILURE" else None)


def _tell_finding(screen: Screen, finding: dict[str, Any]) -> None:
    day = f", on {finding['on']}" if finding["on"] else ""
    screen.line(f"{_named(finding['thing'])}{day} ({finding['code']}, {finding['id']})", indent=2, style="bold")
    screen.line(finding["text"], indent=4)
    affects = finding["affects"]
    for number, each in enumerate(affects[:_MOST_AFFECTED]):
        screen.line(f"{'affects' if number == 0 else '':<8} {each}", indent=4)
    if len(affects) > _MOST_AFFECTED:
        screen.line(f"{'':<8} and {len(affects) - _MOST_AFFECTED} more", indent=4)
    screen.line(f"{'do this':<8} {finding['remedy']}", indent=4)


def _named(thing: dict[str, Any]) -> str:
    """As it is referred to from below: ``account.hub``."""
    place = "/".join(part for part in (thing["orgIdentifier"], thing["projectIdentifier"]) if part)
    level = f" of {place}" if place else ""
    where = f" ({thing['place']})" if thing["place"] else ""
    return f"{thing['kind']} {thing['identifier']}{level}{where}"
