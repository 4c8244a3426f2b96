"""Identifiers and random texts; injected where a rule or a test needs to know them beforehand."""

import secrets
import uuid
from collections.abc import Callable

IdSource = Callable[[], str]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal characters."""
    return uuid.uuid4().hex


def random_text(length: int) -> str:
    """``length`` random letters and digits, fit for URLs, headers and file names."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
