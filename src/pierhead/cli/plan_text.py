"""A plan as people read it: for each image where it would come from, and the reasons in order."""

from collections.abc import Iterable
from typing import Any

from .render import Screen


def tell_plan(screen: Screen, plan: dict[str, Any]) -> None:
    for stage in plan["stages"]:
        screen.line(f"stage {stage['identifier']}, {stage['infra']}", style="bold")
        for image in stage["images"]:
            _tell_image(screen, image)
        if error := stage.get("error"):
            screen.line(f"error: {_text(error)}", style="red", indent=2)
        for warning in stage.get("warnings") or []:
            screen.line(f"warning: {warning}", style="yellow", indent=2)
        screen.line()
    for skipped in plan.get("skipped") or []:
        screen.line(f"skipped stage {skipped.get('identifier')} ({skipped.get('type')}): {skipped.get('reason')}")
    for warning in plan.get("warnings") or []:
        screen.line(f"warning: {warning}", style="yellow")


def has_errors(plan: dict[str, Any]) -> bool:
    return any(stage.get("error") or any(i.get("error") for i in stage["images"]) for stage in plan["stages"])


def _tell_image(screen: Screen, image: dict[str, Any]) -> None:
    connector, version = image.get("connector") or {}, image.get("version") or {}
    users = image.get("usedBy") or []
    used_by = ", ".join(map(str, users)) if isinstance(users, list) else str(users)
    screen.line(f"{version.get('image') or image.get('reference')}  ({image.get('role')}: {used_by})", indent=2)
    if image.get("reference"):
        _fact(screen, "pulls", str(image["reference"]))
    source = connector.get("source")
    _fact(screen, "connector", f"{connector.get('reference') or 'none'} ({source})" if source else "")
    _trail(screen, connector.get("trail") or [])
    if version.get("trail"):
        _fact(screen, "version", f"{version.get('image')} ({version.get('source')})")
        _trail(screen, version["trail"])
    _fact(screen, "name", str(image.get("nameReason") or ""))
    _tell_path(screen, image.get("path") or {})
    for name, value, reason in (
        ("policy", "pullPolicy", "pullPolicyReason"),
        ("platform", "platform", "platformReason"),
    ):
        _fact(screen, name, " - ".join(str(image[key]) for key in (value, reason) if image.get(key)))
    if image.get("pullSecretKey"):
        _fact(screen, "secret", f"pull secret for {image['pullSecretKey']}")
    for warning in image.get("warnings") or []:
        screen.line(f"warning    {warning}", style="yellow", indent=4)
    if error := image.get("error"):
        screen.line(f"error      {_text(error)}", style="red", indent=4)


def _tell_path(screen: Screen, path: dict[str, Any]) -> None:
    kind, selectors = str(path.get("kind") or ""), path.get("selectors") or []
    if kind == "delegates":
        kind = f"a delegate with {', '.join(map(str, selectors))}" if selectors else "any available delegate"
    _fact(screen, "path", kind)
    _trail(screen, path.get("trail") or [])


def _fact(screen: Screen, name: str, value: str) -> None:
    if value:
        screen.line(f"{name:<10} {value}", indent=4)


def _trail(screen: Screen, trail: Iterable[dict[str, Any]]) -> None:
    for reason in trail:
        screen.line(f"{'->' if reason.get('chosen') else '  '} {reason.get('rule')}: {reason.get('text')}", indent=15)


def _text(value: object) -> str:
    """The message of an error, whether it comes as a text or as an object."""
    if isinstance(value, dict):
        message = str(value.get("message") or value.get("reason") or value)
        return f"{message} ({value['hint']})" if value.get("hint") else message
    return str(value)
