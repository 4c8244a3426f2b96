"""Registries of clouds whose logins are special: which they are, and what to say about user names that are; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .address import normalise_url
from .model import ConnectorWarning, DockerRegistrySpec, UsernamePasswordAuth

_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2})"
    r"\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)"
)
_GOOGLE = re.compile(r"(?:[a-z0-9.-]+\.)?(?:gcr\.io|pkg\.dev)")
_GOOGLE_USERS = {"_json_key": "its text", "_json_key_base64": "its text in base64"}


@dataclass(frozen=True, slots=True)
class EcrPlace:
    """Whose private registry of Amazon's a host is, and where."""

    account: str
    region: str


def ecr_place(registry: str) -> EcrPlace | None:
    """By the registry's host; None for every other host."""
    match = _ECR.fullmatch(registry.lower())
    return EcrPlace(match["account"], match["region"]) if match else None


def notes_of_login(spec: DockerRegistrySpec) -> Iterator[ConnectorWarning]:
    """The password is a secret and not looked into, so what it has to be is said."""
    user = spec.auth.username if isinstance(spec.auth, UsernamePasswordAuth) else None
    if user not in _GOOGLE_USERS:
        return
    text = f"the user name {user} means a Google service account: the secret has to hold its key file (JSON)"
    yield ConnectorWarning("json-key-expected", f"{text}, that is {_GOOGLE_USERS[user]}, and not a password")
    registry = normalise_url(spec.url, spec.provider_type).registry
    if not _GOOGLE.fullmatch(registry):
        yield ConnectorWarning("json-key-elsewhere", f"{registry} is no registry of Google's, but the login is")
