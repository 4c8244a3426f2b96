"""A diagnosis as people read it: the causes with what shows them, what was looked at, and what to do."""

from typing import Any

from .render import Screen

_STYLES = {"confirmed": "red", "open": "yellow", "refuted": "dim"}
_WORDS = {"confirmed": "cause", "open": "cause", "refuted": "not any more"}
_MARKS = {"ok": "green", "failed": "red", "warning": "yellow"}


def tell_diagnosis(screen: Screen, data: dict[str, Any]) -> None:
    reports = data.get("reports") or []
    for number, report in enumerate(reports):
        if number:
            screen.line()
        _tell_report(screen, report)
    if not reports:
        screen.line("no image of this run has failed")


def _tell_report(screen: Screen, report: dict[str, Any]) -> None:
    if report.get("image"):
        stage = f" (stage {report['stage']})" if report.get("stage") else ""
        screen.line(f"{report['image']}{stage}", style="bold")
    told = report.get("diagnoses") or []
    for one in told:
        _tell_cause(screen, one)
    evidence = report.get("evidence") or []
    if not told:
        _tell_nothing(screen, {one["check"]: one["outcome"] for one in evidence})
    for one in evidence:
        screen.line(f"{one['outcome']:<8} {one['check']}: {one['text']}", style=_MARKS.get(one["outcome"]), indent=2)


def _tell_nothing(screen: Screen, outcomes: dict[str, str]) -> None:
    if outcomes.get("image") == "ok" and "failed" not in outcomes.values():
        screen.line("nothing is wrong with it, as seen from here", style="green")
    else:
        screen.line("no cause is known for this: it may not be a matter of images", style="yellow")


def _tell_cause(screen: Screen, one: dict[str, Any]) -> None:
    verdict = one["verdict"]
    sure = ", confirmed by a look at the registry" if verdict == "confirmed" else ""
    screen.line(f"{_WORDS[verdict]:<9} {one['title']} ({one['cause']}{sure})", style=_STYLES[verdict])
    screen.line(one["meaning"], indent=10)
    if one.get("quote"):
        screen.line(f"{'said':<7} {one['quote']}", indent=2)
    if verdict == "refuted":
        return
    for number, step in enumerate(one.get("steps") or [], 1):
        screen.line(f"{'do this' if number == 1 else '':<7} {number}. {step['text']}", indent=2)
        if step.get("command"):
            screen.line(step["command"], indent=13, style="bold")
    if one.get("docs"):
        screen.line(f"{'read':<7} {', '.join(f'docs/{page}' for page in one['docs'])}", indent=2)
