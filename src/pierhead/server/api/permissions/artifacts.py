"""Artifact sources: what is asked of a registry needs the right to use its connector; watches are as connectors of
their place."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.server.api.rules import Rule, later, scoped

from .work import no_connector

_ASKS = (
    "getDockerBuildDetails",
    "getDockerBuildDetailsV2",
    "getDockerLabels",
    "getDockerLastSuccessfulBuild",
    "getDockerLastSuccessfulBuildV2",
    "validateDockerArtifactServer",
    "validateDockerArtifactSource",
    "validateDockerArtifact",
    "listArtifactTags",
    "streamArtifactTags",
    "listArtifactRepositories",
    "getArtifactTag",
)

RULES: Mapping[str, Rule] = {
    **{operation: later(P.CONNECTOR_ACCESS, no_connector) for operation in _ASKS},
    "createWatch": scoped(P.CONNECTOR_EDIT),
    "listWatches": scoped(P.CONNECTOR_VIEW),
    "getWatch": scoped(P.CONNECTOR_VIEW),
    "deleteWatch": scoped(P.CONNECTOR_EDIT),
    "listWatchEvents": scoped(P.CONNECTOR_VIEW),
    "pollWatch": scoped(P.CONNECTOR_ACCESS),
}
