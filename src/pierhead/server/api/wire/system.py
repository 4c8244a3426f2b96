"""Health and identity on the wire."""

from typing import Literal

from .common import Wire


class Health(Wire):
    status: Literal["ok"] = "ok"
    version: str


class Whoami(Wire):
    account: str
    key_id: str
    name: str
