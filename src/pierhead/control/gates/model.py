"""Gate policies and exceptions as they are kept; pure (product, "Gates before trust")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pierhead.control.scopes import Scope

from .errors import InvalidGateError, InvalidGateExceptionError
from .globs import fault_of_glob, matches
from .settings import Gate, GateKind

MAX_GATES: Final = 20
MAX_REASON_CHARS: Final = 1000


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """``gates``: an image must pass all of them. A policy without any would let everything through, and is refused."""

    scope: Scope
    identifier: str
    name: str
    gates: tuple[Gate, ...]
    created_at: datetime
    last_modified_at: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    parent: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.gates) <= MAX_GATES:
            raise InvalidGateError("policy", f"a policy has between 1 and {MAX_GATES} gates")


@dataclass(frozen=True, slots=True)
class GateException:
    """One gate that does not block some images until ``expires_at``.

    ``image``: a digest, or a glob over ``registry/repository`` or ``registry/repository:tag``. ``policy``: the
    identifier of the one policy that it is for, any policy when empty. ``made_by``: who took it upon themselves.
    """

    scope: Scope
    identifier: str
    name: str
    gate: GateKind
    image: str
    reason: str
    made_by: str
    expires_at: datetime
    created_at: datetime
    last_modified_at: datetime
    policy: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault is not None:
            raise InvalidGateExceptionError(self.identifier, *fault)

    @property
    def about(self) -> str:
        return self.policy

    def covers(self, policy: str, gate: GateKind, names: tuple[str, ...], digest: str) -> bool:
        """Whether it speaks of this gate of this policy and of an image that goes by ``names`` and ``digest``."""
        if gate is not self.gate or self.policy not in ("", policy):
            return False
        if self.image.startswith(("sha256:", "sha512:")):
            return self.image == digest
        return any(matches(self.image, name) for name in names)

    def is_over(self, now: datetime) -> bool:
        return now >= self.expires_at

    def _fault(self) -> tuple[str] | None:
        if not self.reason.strip():
            return ("has no reason",)
        if len(self.reason) > MAX_REASON_CHARS:
            return (f"has a reason of more than {MAX_REASON_CHARS} characters",)
        if self.expires_at is None or self.expires_at.tzinfo is None:
            return ("has no end, or one without a time zone",)
        if not self.made_by:
            return ("does not say who made it",)
        fault = fault_of_glob(self.image)
        return None if fault is None else (f"has an image pattern that {fault}",)
