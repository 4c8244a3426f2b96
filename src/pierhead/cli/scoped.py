"""Identifiers as other outputs print them: ``account.id`` and ``org.id`` beside the plain ``id``."""

from .errors import UsageError
from .invocation import Target


def plain_identifier(target: Target, text: str) -> str:
    """The identifier in the scope that the command looks at. Raises UsageError when ``text`` names another scope."""
    level, dot, identifier = text.partition(".")
    if not dot or level not in ("account", "org"):
        return text
    here = "project" if target.project else "org" if target.org else "account"
    if level != here:
        hint = "leave --org and --project out" if level == "account" else "say --org, and no --project"
        raise UsageError(f"{text} is at {level} level, and the command looks at {here} level", hint=hint)
    return identifier
