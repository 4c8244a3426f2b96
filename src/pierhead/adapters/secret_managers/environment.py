"""Secrets in variables of the server's own environment: only those with the prefix that was set for it.

The prefix keeps the server's own settings, and whatever else is in its environment, from being read this way.
"""

import os
import re
from collections.abc import Mapping

from pierhead.control.secrets import ManagedValueMissingError, ReferencePathError
from pierhead.kit.redact import SecretValue

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}\Z")


class EnvironmentSecrets:
    """``path`` is the whole name of the variable."""

    def __init__(self, identifier: str, prefix: str, environment: Mapping[str, str] = os.environ) -> None:
        self._identifier = identifier
        self._prefix = prefix
        self._environment = environment

    def check(self, path: str, version: str | None) -> None:
        if version is not None:
            raise ReferencePathError(self._identifier, path, "variables have no versions")
        if not _NAME.match(path):
            raise ReferencePathError(self._identifier, path, "it is no name of a variable")
        if not path.startswith(self._prefix) or path == self._prefix:
            raise ReferencePathError(
                self._identifier,
                path,
                f"only variables that begin with {self._prefix} are read",
                "name the variable so",
            )

    def read(self, path: str, version: str | None) -> SecretValue:
        self.check(path, version)
        value = self._environment.get(path)
        if not value:
            raise ManagedValueMissingError(self._identifier, path, "the server's environment has no such variable")
        return SecretValue(value)
