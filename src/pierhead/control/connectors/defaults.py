"""The connector that is there from the first start (harness-api §5.3), and what changing it means."""

from pierhead.control.scopes import Level, Scope

from .model import AnonymousAuth, ConnectorDraft, ConnectorWarning, DockerRegistrySpec, ProviderType

DEFAULT_IDENTIFIER = "harnessImage"
DEFAULT_REFERENCE = f"account.{DEFAULT_IDENTIFIER}"
BUILT_IN_URL = "https://index.docker.io/v2/"


def default_draft(account: str) -> ConnectorDraft:
    return ConnectorDraft(
        scope=Scope(account),
        identifier=DEFAULT_IDENTIFIER,
        name="Harness Docker Connector",
        description="Harness internal connector",
        spec=DockerRegistrySpec(
            url=BUILT_IN_URL, provider_type=ProviderType.DOCKER_HUB, auth=AnonymousAuth(), execute_on_delegate=False
        ),
    )


def is_default(scope: Scope, identifier: str) -> bool:
    return identifier == DEFAULT_IDENTIFIER and scope.level is Level.ACCOUNT


def warn_edited(scope: Scope, identifier: str) -> tuple[ConnectorWarning, ...]:
    """What to say when a connector is stored under the well-known identifier."""
    if identifier != DEFAULT_IDENTIFIER:
        return ()
    if scope.level is not Level.ACCOUNT:
        text = f"{DEFAULT_IDENTIFIER} has its meaning at account scope only; here it is a connector like any other"
        return (ConnectorWarning("default-connector-elsewhere", text),)
    text = f"{DEFAULT_REFERENCE} serves every stage that overrides no image connector: all of them follow this change"
    return (ConnectorWarning("default-connector-changed", text),)


def warn_deleted(scope: Scope, identifier: str) -> tuple[ConnectorWarning, ...]:
    if not is_default(scope, identifier):
        return ()
    text = (
        f"without {DEFAULT_REFERENCE}, stages that override no image connector pull anonymously from Docker Hub; "
        "it can be restored at any time"
    )
    return (ConnectorWarning("default-connector-deleted", text),)


def warn_failing(scope: Scope, identifier: str) -> tuple[ConnectorWarning, ...]:
    if not is_default(scope, identifier):
        return ()
    text = f"{DEFAULT_REFERENCE} fails its test: stages that override no image connector will fail to pull"
    return (ConnectorWarning("default-connector-failing", text),)
