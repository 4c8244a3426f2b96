"""Manifests of a pipeline's Pods and pull secrets.

Real passwords come only from a data directory opened in this process, where whoever runs the command could read the key
file anyway; a server is never asked for one.
"""

from typing import TYPE_CHECKING, Any

from pierhead.kit.errors import DeniedError, UnsupportedError

from .errors import ApiError
from .invocation import Connection, Invocation

if TYPE_CHECKING:
    from pierhead.control.pipelines import PlannedImage
    from pierhead.server.bootstrap import Application


class SecretsStayError(DeniedError):
    code = "secrets-stay"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} does not give secrets away, so its manifests cannot have them",
            hint="stop the server and run this on its data directory, or create the pull secrets by other means",
        )


class NoManifestsError(UnsupportedError):
    code = "no-manifests"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} cannot render manifests", hint="run this on the data directory with the server stopped"
        )


def print_manifests(invocation: Invocation, raw: bytes, stages: tuple[str, ...], *, reveals: bool) -> None:
    """Raises AppError, also when no stage runs on Kubernetes."""
    connection = invocation.connection()
    if connection.application is not None:
        manifests = _rendered(connection.application, invocation, raw, stages, reveals=reveals)
    elif reveals:
        raise SecretsStayError(connection.api.place)
    else:
        manifests = _asked_for(connection, raw, stages)
    if not reveals and any(manifest["kind"] == "Secret" for manifest in manifests):
        invocation.screen.note("passwords in the pull secrets are masked; see --reveal-secrets before applying them")
    if invocation.screen.is_json:
        invocation.screen.json(manifests)
    else:
        from pierhead.control.pipelines import to_yaml

        invocation.screen.raw(to_yaml(manifests))


def _rendered(
    application: "Application", invocation: Invocation, raw: bytes, stages: tuple[str, ...], *, reveals: bool
) -> list[dict[str, object]]:
    from pierhead.control.pipelines import hidden_credentials, render
    from pierhead.control.scopes import Scope

    def revealed(image: "PlannedImage") -> tuple[str, str] | None:
        return _credentials(application, image)

    target = invocation.target
    plan = application.runs.explain(raw, Scope(application.account.id, target.org, target.project), stages)
    in_pods = [stage for stage in plan.stages if stage.infrastructure.pod is not None]
    for stage in plan.stages:
        if stage not in in_pods:
            invocation.screen.note(f"stage {stage.stage} runs on {stage.infrastructure.kind}, not in a Pod")
    credentials = revealed if reveals else hidden_credentials
    return [manifest for stage in in_pods or plan.stages for manifest in render(stage, credentials)]


def _asked_for(connection: Connection, raw: bytes, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    try:
        data = connection.api.call("POST", "/pierhead/v1/pipelines/render", {"stage": list(stages)}, raw)
    except ApiError as error:
        if error.status in (404, 405):
            raise NoManifestsError(connection.api.place) from None
        raise
    manifests: list[dict[str, Any]] = data["manifests"]
    return manifests


def _credentials(application: "Application", image: "PlannedImage") -> tuple[str, str] | None:
    """User name and password of the connector whose registry the image comes from."""
    from pierhead.control.connectors import UsernamePasswordAuth

    connector = image.access
    if connector is None or not isinstance(connector.spec.auth, UsernamePasswordAuth):
        return None
    auth, secrets = connector.spec.auth, application.secrets
    username = auth.username or ""
    if auth.username_ref is not None:
        username = secrets.reveal(auth.username_ref, connector.scope).reveal()
    return username, secrets.reveal(auth.password_ref, connector.scope).reveal()
