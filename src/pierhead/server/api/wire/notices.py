"""Warnings of control on the wire."""

from collections.abc import Iterable

from pierhead.control.connectors import ConnectorWarning

from .common import Wire


class Notice(Wire):
    """Something to know that keeps nothing from working."""

    code: str
    text: str


def notices_of(warnings: Iterable[ConnectorWarning]) -> list[Notice]:
    return [Notice(code=warning.code, text=warning.text) for warning in warnings]
