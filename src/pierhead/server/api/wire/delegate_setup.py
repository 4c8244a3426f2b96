"""What setting up a delegate takes and gives on the wire (harness-api §4.8, §4.9)."""

from typing import Annotated, Literal

from pydantic import Field

from .common import OptionalText, Received, Wire
from .delegate_groups import Tag

DELEGATE_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class SupportedVersion(Wire):
    latest_supported_version: str
    latest_supported_minimal_version: str


class K8sConfig(Received):
    """Names with a digit are written out: the rule for all others makes ``k8S`` of them."""

    k8s_permission_type: Literal["CLUSTER_ADMIN", "CLUSTER_VIEWER", "NAMESPACE_ADMIN"] = Field(
        "NAMESPACE_ADMIN", alias="k8sPermissionType"
    )
    namespace: OptionalText = None


class HelmBody(Received):
    """``size`` is a word of the reference for replicas, processors and memory."""

    name: Annotated[str, Field(pattern=DELEGATE_NAME)]
    delegate_type: Literal["HELM_DELEGATE", "KUBERNETES"] = "HELM_DELEGATE"
    description: Annotated[str, Field(max_length=1024)] | None = None
    size: Literal["EXTRA_SMALL", "LAPTOP", "SMALL", "MEDIUM", "LARGE"] | None = None
    token_name: OptionalText = None
    tags: Annotated[list[Tag], Field(max_length=64)] | None = None
    k8s_config_details: K8sConfig | None = Field(None, alias="k8sConfigDetails")
