"""The kinds of things that documents can describe.

The order of ``KINDS`` is the order in which things can be made, since later ones speak of earlier ones.
"""

from collections.abc import Mapping

from .filled import filled_account, filled_assignment, filled_group, filled_role
from .kind import Kind, pages
from .people import AssignmentKind, PersonKind

__all__ = [
    "BY_NOUN",
    "CONNECTOR",
    "KINDS",
    "MIRROR",
    "ORGANIZATION",
    "PROJECT",
    "ROLE_ASSIGNMENT",
    "SECRET",
    "USER",
    "Kind",
]

CONNECTOR = Kind(
    "connector",
    "/ng/api/connectors",
    pages("POST", "/ng/api/connectors/listV2", {"filterType": "Connector"}),
    {
        "spec.executeOnDelegate": True,
        "spec.proxy": False,
        "spec.ignoreTestConnection": False,
        "spec.allowPrivateAddresses": False,
    },
    puts_at_path=True,
)
SECRET = Kind(
    "secret",
    "/ng/api/v2/secrets",
    pages("GET", "/ng/api/v2/secrets"),
    {
        "type": "SecretText",
        "spec.secretManagerIdentifier": "harnessSecretManager",
        "spec.valueType": "Inline",
    },
    hidden=frozenset({"spec.value"}),
    ignored=frozenset({"accountIdentifier", "spec.type"}),
)
ORGANIZATION = Kind("organization", "/ng/api/organizations", pages("GET", "/ng/api/organizations"), depths=(0,))
PROJECT = Kind("project", "/ng/api/projects", pages("GET", "/ng/api/projects"), depths=(1,))
USER = PersonKind(
    "user",
    "/pierhead/v1/users",
    pages("GET", "/pierhead/v1/users"),
    {"disabled": False},
    ignored=frozenset({"identifier"}),
    unsaid=frozenset({"name", "disabled"}),
    key="email",
    depths=(0,),
    filled=filled_account,
    is_pruned=False,
)
SERVICE_ACCOUNT = Kind(
    "serviceAccount",
    "/ng/api/serviceaccount",
    pages("GET", "/ng/api/serviceaccount"),
    item="/ng/api/serviceaccount/aggregate",
    is_wrapped=False,
    ignored=frozenset({"accountIdentifier", "governanceMetadata", "extendable"}),
    filled=filled_account,
)
ROLE = Kind("role", "/authz/api/roles", pages("GET", "/authz/api/roles"), is_wrapped=False, filled=filled_role)
RESOURCE_GROUP = Kind(
    "resourceGroup",
    "/resourcegroup/api/v2/resourcegroup",
    pages("GET", "/resourcegroup/api/v2/resourcegroup"),
    {"resourceFilter.includeAllResources": False},
    filled=filled_group,
)
ROLE_ASSIGNMENT = AssignmentKind(
    "roleAssignment",
    "/authz/api/roleassignments",
    pages("GET", "/authz/api/roleassignments"),
    {"disabled": False, "managed": False, "internal": False},
    ignored=frozenset({"accountIdentifier", "roleReference", "roleReference.identifier", "roleReference.scopeLevel"}),
    unsaid=frozenset({"resourceGroupIdentifier", "principal.scopeLevel"}),
    is_wrapped=False,
    filled=filled_assignment,
)
MIRROR = Kind(
    "mirror",
    "/pierhead/v1/mirrors",
    pages("GET", "/pierhead/v1/mirrors"),
    {
        "enabled": True,
        "spec.copies": "whole",
        "spec.evidence": True,
        "spec.timeZone": "UTC",
        "spec.reserve": 0,
        "spec.quarantine": "quarantine",
    },
    ignored=frozenset({"createdAt", "lastModifiedAt"}),
    is_wrapped=False,
)
KINDS = (ORGANIZATION, PROJECT, USER, SECRET, SERVICE_ACCOUNT, CONNECTOR, ROLE, RESOURCE_GROUP, ROLE_ASSIGNMENT, MIRROR)
BY_NOUN: Mapping[str, Kind] = {kind.noun: kind for kind in KINDS}
