"""Lists that come in pages: the options to turn them, and the word about what was left out."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from .api_client import texts_of
from .format import moment
from .render import Screen


def page_options(size: int) -> Callable[[Any], Any]:
    """``--page`` and ``--page-size``."""

    def decorate(command: Any) -> Any:
        command = click.option(
            "--page-size", type=click.IntRange(1, 100), default=size, show_default=True, help="Items in a page."
        )(command)
        return click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")(command)

    return decorate


def page_query(page: int, page_size: int) -> dict[str, object]:
    return {"pageIndex": page - 1, "pageSize": page_size}


def tell_more(screen: Screen, data: dict[str, Any]) -> None:
    pages = int(data.get("totalPages") or 0)
    at = int(data.get("pageIndex") or 0) + 1
    if at < pages:
        screen.note(f"page {at} of {pages}, {data.get('totalItems')} in all; see --page")


def scope_of(entity: dict[str, Any]) -> str:
    """``account``, ``org X`` or ``project X/Y``."""
    org, project = entity.get("orgIdentifier"), entity.get("projectIdentifier")
    return f"project {org}/{project}" if project else f"org {org}" if org else "account"


def granted_of(notes: Iterable[dict[str, Any]]) -> str:
    """The roles somebody has: on what, and where."""
    texts = (f"{one['roleIdentifier']} on {one['resourceGroupIdentifier']} in {scope_of(one)}" for one in notes)
    return ", ".join(texts) or "none"


def tell_warnings(screen: Screen, data: object) -> None:
    """The warnings that an answer carries."""
    for warning in texts_of(data):
        screen.line(f"warning: {warning}", style="yellow")


def when(data: dict[str, Any], *names: str) -> str:
    """The first of the named times that is there."""
    return next((text for name in names if (text := moment(data.get(name)))), "")
