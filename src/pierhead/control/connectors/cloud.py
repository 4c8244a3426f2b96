"""Registries of clouds whose logins are special: which they are, and what to say about user names that are; pure."""

import re
from collections.abc import Iterator

from .address import normalise_url
from .model import ConnectorWarning, DockerRegistrySpec, UsernamePasswordAuth

_ECR = re.compile(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9]+(?:-[a-z0-9]+)+)\.amazonaws\.com(?:\.cn)?", re.ASCII)
_GOOGLE = re.compile(r"(?:[a-z0-9.-]+\.)?(?:gcr\.io|pkg\.dev)")
_GOOGLE_USERS = {"_json_key": "its text", "_json_key_base64": "its text in base64"}


def ecr_region(registry: str) -> str | None:
    """The region of a private registry of Amazon's by its host, None for every other host."""
    match = _ECR.fullmatch(registry)
    return match[1] if match else None


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
