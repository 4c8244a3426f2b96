"""A store of somebody else's in memory, which gives what a test has put there."""

from dataclasses import dataclass, field

from pierhead.control.secrets import (
    ConfiguredStore,
    ManagedValueMissingError,
    ManagerType,
    Reach,
    ReferencePathError,
)
from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue


@dataclass
class ObedientStore:
    """``values`` by path; ``reads`` are the paths and versions that were asked for. Paths that begin with ``bad`` are
    none; ``error`` is raised in place of an answer."""

    values: dict[str, str] = field(default_factory=dict)
    reads: list[tuple[str, str | None]] = field(default_factory=list)
    error: AppError | None = None

    def check(self, path: str, version: str | None) -> None:  # noqa: ARG002
        if path.startswith("bad"):
            raise ReferencePathError("vault", path, "it is bad")

    def read(self, path: str, version: str | None) -> SecretValue:
        self.reads.append((path, version))
        if self.error is not None:
            raise self.error
        if path not in self.values:
            raise ManagedValueMissingError("vault", path)
        return SecretValue(self.values[path])

    def configured(self, identifier: str = "vault", reach: Reach | None = None) -> ConfiguredStore:
        return ConfiguredStore(identifier, "Vault", ManagerType.VAULT, reach or Reach(), self)
