"""What the audit trail calls the pins of a place."""

from pierhead.control.audit import Subject
from pierhead.control.scopes import ResourceType, Scope

from .model import Infra


def config_of(scope: Scope, infra: Infra | None = None) -> Subject:
    """Execution config has no entity of its own; it is a setting of the account, or of the place of a canary."""
    name = "execution-config" if infra is None else f"execution-config {infra}"
    return Subject(scope, ResourceType.SETTING, name.replace(" ", "."), name)
