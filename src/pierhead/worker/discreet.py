"""The last look at what leaves the worker: a registry that has seen a password may put it into whatever it says.

Errors do not repeat what a registry sends in places where it could; this is for the places that nobody thought of.
Shorter passwords than eight characters are left, since they would take ordinary words out of ordinary sentences.
"""

from typing import TypeVar

from pydantic import BaseModel

from pierhead.kit.redact import SecretValue, redact
from pierhead.protocol.tasks import RegistryAccess, Task

from .access import accesses_of

M = TypeVar("M", bound=BaseModel)
_SHORTEST = 8


class Discretion:
    """For one task: keeps back the secrets of the registries it has to reach."""

    def __init__(self, task: Task) -> None:
        self._secrets = [secret for access in accesses_of(task) for secret in _secrets_of(access)]

    def about(self, said: M) -> M:
        """The message without any of the secrets, in the forms they take on the wire."""
        if not self._secrets:
            return said
        text = said.model_dump_json(by_alias=True)
        kept = redact(text, self._secrets)
        return said if kept == text else type(said).model_validate_json(kept)


def _secrets_of(access: RegistryAccess) -> list[SecretValue]:
    given = [access.password, access.client_key_pem, access.proxy_url]
    found = [SecretValue(secret.get_secret_value()) for secret in given if secret is not None]
    if access.username is not None and access.password is not None:
        found.append(SecretValue(f"{access.username}:{access.password.get_secret_value()}"))
    return [secret for secret in found if len(secret.reveal()) >= _SHORTEST]
