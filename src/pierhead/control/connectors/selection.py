"""Which connector an image comes through: stage, else ``account.harnessImage``, else built in (harness-api §5.2); pure.

Permissions, credentials and the names of images are not looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pierhead.control.scopes import Scope, ScopedReference

from .address import RegistryAddress, normalise_url
from .defaults import BUILT_IN_URL, DEFAULT_IDENTIFIER, DEFAULT_REFERENCE
from .errors import ConnectorNotFoundError
from .model import Connector, ProviderType

FindConnector = Callable[[Scope, str], Connector | None]


class ConnectorSource(StrEnum):
    """The rule that decided. STEP and NONE are for the images that users name in their steps."""

    STAGE = "stage"
    ACCOUNT = "account"
    BUILT_IN = "built-in"
    STEP = "step"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that was considered, what it said, and whether it decided."""

    rule: str
    text: str
    chosen: bool
    warning: bool = False


@dataclass(frozen=True, slots=True)
class ConnectorChoice:
    """``connector`` is None for the built-in default (anonymous Docker Hub) and for a step that names none."""

    connector: Connector | None
    source: ConnectorSource
    trail: tuple[Reason, ...]

    @property
    def address(self) -> RegistryAddress | None:
        """Where images come from; None when each image's own name says it."""
        if self.connector is not None:
            return normalise_url(self.connector.spec.url, self.connector.spec.provider_type)
        if self.source is ConnectorSource.BUILT_IN:
            return normalise_url(BUILT_IN_URL, ProviderType.DOCKER_HUB)
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(reason.text for reason in self.trail if reason.warning)


def select_connector(stage_ref: str | None, stage_scope: Scope, find: FindConnector) -> ConnectorChoice:
    """The connector for the CI's own images in a stage.

    Raises ConnectorNotFoundError for a stage's connector that is not there (never another one instead) and
    InvalidReferenceError for a text that is no reference.
    """
    if stage_ref and stage_ref.strip():
        return _by_stage(stage_ref.strip(), stage_scope, find)
    stage = Reason("stage", "the stage overrides no image connector", chosen=False)
    found = find(Scope(stage_scope.account), DEFAULT_IDENTIFIER)
    if found is None:
        return ConnectorChoice(None, ConnectorSource.BUILT_IN, (stage, *_BUILT_IN))
    account = Reason("account", f"{DEFAULT_REFERENCE} is the account's connector for the CI's images", chosen=True)
    return ConnectorChoice(found, ConnectorSource.ACCOUNT, (stage, account, _NOT_BUILT_IN))


def select_step_connector(step_ref: str | None, stage_scope: Scope, find: FindConnector) -> ConnectorChoice:
    """The connector for an image that a user names in a step: the step's own or none at all. Raises as above."""
    if not step_ref or not step_ref.strip():
        text = "the step names no connector: the image is pulled by its own name, without credentials"
        return ConnectorChoice(None, ConnectorSource.NONE, (Reason("step", text, chosen=True),))
    found = _named(step_ref.strip(), stage_scope, find)
    reason = Reason("step", f"the step names {step_ref.strip()}", chosen=True)
    return ConnectorChoice(found, ConnectorSource.STEP, (reason,))


def _by_stage(reference: str, scope: Scope, find: FindConnector) -> ConnectorChoice:
    found = _named(reference, scope, find)
    stage = Reason("stage", f"the stage overrides the image connector with {reference}", chosen=True)
    return ConnectorChoice(found, ConnectorSource.STAGE, (stage, _NOT_ACCOUNT, _NOT_BUILT_IN))


def _named(text: str, scope: Scope, find: FindConnector) -> Connector:
    if "<+" in text:
        raise ConnectorNotFoundError(text, scope.level, hint="give the expression a value before the pipeline starts")
    place, identifier = ScopedReference.parse(text).resolve(scope)
    found = find(place, identifier)
    if found is None:
        raise ConnectorNotFoundError(identifier, place.level)
    return found


_NOT_ACCOUNT = Reason("account", f"{DEFAULT_REFERENCE} is not asked: the stage decides", chosen=False)
_NOT_BUILT_IN = Reason("built-in", "the built-in default is not needed", chosen=False)
_BUILT_IN = (
    Reason("account", f"there is no connector {DEFAULT_REFERENCE}", chosen=False),
    Reason(
        "built-in",
        "the built-in default, anonymous Docker Hub, is used because there is no connector "
        f"{DEFAULT_REFERENCE}: create it to decide where images come from",
        chosen=True,
        warning=True,
    ),
)
