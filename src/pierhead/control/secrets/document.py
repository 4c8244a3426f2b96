"""The secret as clients write and read it: the ``secret`` object of the wire (harness-api §2.2).

Knows the shape only. An Inline value goes in and never comes out.
"""

from collections.abc import Mapping

from pierhead.control.scopes import Scope
from pierhead.kit.errors import UnsupportedError
from pierhead.kit.redact import SecretValue

from .errors import InvalidSecretError
from .model import BUILT_IN_MANAGER, Secret, SecretDraft, ValueType

TEXT_TYPE = "SecretText"
_OTHER_TYPES = ("SecretFile", "SSHKey", "WinRmCredentials")


class SecretTypeUnsupportedError(UnsupportedError):
    code = "secret-type-unsupported"

    def __init__(self, kind: str) -> None:
        super().__init__(f"secrets of type {kind[:100]} are not supported", hint=f"use type {TEXT_TYPE}")
        self.kind = kind


def parse_secret(body: object, account: str) -> SecretDraft:
    """The draft in ``body``, which is the ``secret`` object or an object that holds it. Scope comes from the body.

    Raises InvalidSecretError, SecretTypeUnsupportedError. ``spec.type`` is not looked at: clients disagree on it.
    """
    if isinstance(body, Mapping) and "secret" in body and "identifier" not in body:
        body = body["secret"]
    secret = _object(body, "secret")
    _check_type(secret.get("type"))
    spec = _object(secret.get("spec"), "secret.spec")
    value = _text(spec, "value")
    return SecretDraft(
        scope=Scope(account, _text(secret, "orgIdentifier") or None, _text(secret, "projectIdentifier") or None),
        identifier=_text(secret, "identifier") or "",
        name=_text(secret, "name") or "",
        value=None if value is None else SecretValue(value),
        value_type=_value_type(spec.get("valueType")),
        description=_text(secret, "description") or "",
        tags=_tags(secret.get("tags")),
        secret_manager=_text(spec, "secretManagerIdentifier") or BUILT_IN_MANAGER,
        reference_version=reference_version(spec.get("additionalMetadata")),
    )


def render_secret(secret: Secret) -> dict[str, object]:
    """The ``secret`` object. ``value`` is the path of a Reference and always null for Inline."""
    return {
        "type": TEXT_TYPE,
        "name": secret.name,
        "identifier": secret.identifier,
        "orgIdentifier": secret.scope.org,
        "projectIdentifier": secret.scope.project,
        "tags": dict(secret.tags),
        "description": secret.description,
        "spec": {
            "type": "SecretTextSpec",
            "secretManagerIdentifier": secret.secret_manager,
            "valueType": secret.value_type.value,
            "value": secret.reference,
            "additionalMetadata": additional_metadata(secret.reference_version),
        },
    }


def reference_version(metadata: object) -> str | None:
    """The version in ``additionalMetadata``; a number is taken for its text. Raises InvalidSecretError."""
    if metadata is None:
        return None
    values = _object(metadata, "secret.spec.additionalMetadata").get("values")
    version = None if values is None else _object(values, "secret.spec.additionalMetadata.values").get("version")
    if isinstance(version, int) and not isinstance(version, bool):
        version = str(version)
    if version is None or isinstance(version, str):
        return version or None
    raise InvalidSecretError("secret.spec.additionalMetadata.values.version: must be a text")


def additional_metadata(version: str | None) -> dict[str, object] | None:
    return None if version is None else {"values": {"version": version}}


def _check_type(kind: object) -> None:
    if kind in _OTHER_TYPES:
        raise SecretTypeUnsupportedError(str(kind))
    if kind != TEXT_TYPE:
        raise InvalidSecretError(f"secret.type: Invalid value: {str(kind)[:100]}; the type of a secret is {TEXT_TYPE}")


def _value_type(value: object) -> ValueType:
    try:
        return ValueType(str(value)) if value is not None else ValueType.INLINE
    except ValueError:
        raise InvalidSecretError(f"secret.spec.valueType: Invalid value: {str(value)[:100]}") from None


def _object(value: object, path: str) -> Mapping[object, object]:
    if isinstance(value, Mapping):
        return value
    raise InvalidSecretError(f"{path}: must be an object")


def _text(body: Mapping[object, object], key: str) -> str | None:
    value = body.get(key)
    if value is None or isinstance(value, str):
        return value
    raise InvalidSecretError(f"{key}: must be a text")


def _tags(value: object) -> dict[str, str]:
    if value is None:
        return {}
    tags = _object(value, "secret.tags")
    if not all(isinstance(key, str) and isinstance(item, str | None) for key, item in tags.items()):
        raise InvalidSecretError("secret.tags: keys and values must be texts")
    return {str(key): "" if item is None else str(item) for key, item in tags.items()}
