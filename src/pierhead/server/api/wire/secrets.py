"""Encrypted text secrets on the wire (harness-api §2.2). An Inline value goes in and never comes out."""

from typing import Literal, Self

from pydantic import Field, SecretStr

from pierhead.control.scopes import Scope
from pierhead.control.secrets import BUILT_IN_MANAGER, Secret, SecretDraft, ValueType, render_secret
from pierhead.kit.clock import to_epoch_ms
from pierhead.kit.redact import SecretValue

from .common import Identifier, Name, OptionalText, Received, Tags, Wire


class SecretTextIn(Received):
    """Clients send several names as ``type`` here, or none: what counts is the type of the secret."""

    secret_manager_identifier: str = BUILT_IN_MANAGER
    value_type: ValueType = ValueType.INLINE
    value: SecretStr | None = None


class SecretIn(Received):
    type: Literal["SecretText"]
    name: Name
    identifier: Identifier
    description: str | None = None
    tags: Tags = Field(default_factory=dict)
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None
    spec: SecretTextIn


class SecretBody(Received):
    secret: SecretIn

    def scope(self, account: str) -> Scope:
        return Scope(account, self.secret.org_identifier, self.secret.project_identifier)

    def draft(self, account: str) -> SecretDraft:
        secret = self.secret
        value = secret.spec.value
        return SecretDraft(
            scope=self.scope(account),
            identifier=secret.identifier,
            name=secret.name,
            value=SecretValue(value.get_secret_value()) if value is not None else None,
            value_type=secret.spec.value_type,
            description=secret.description or "",
            tags=secret.tags,
            secret_manager=secret.spec.secret_manager_identifier,
        )


class SecretFilterBody(Received):
    filter_type: Literal["Secret"] = "Secret"
    search_term: str | None = None


class SecretTextOut(Wire):
    """``value`` is null for an Inline secret, the path in the outside store for a Reference."""

    type: Literal["SecretTextSpec"] = "SecretTextSpec"
    secret_manager_identifier: str
    value_type: ValueType
    value: str | None
    additional_metadata: None = None


class SecretOut(Wire):
    type: Literal["SecretText"] = "SecretText"
    name: str
    identifier: str
    org_identifier: str | None
    project_identifier: str | None
    tags: dict[str, str]
    description: str
    spec: SecretTextOut


class SecretItem(Wire):
    secret: SecretOut
    created_at: int
    updated_at: int
    draft: bool = False
    governance_metadata: None = None

    @classmethod
    def of(cls, secret: Secret) -> Self:
        return cls(
            secret=SecretOut.model_validate(render_secret(secret)),
            created_at=to_epoch_ms(secret.created_at),
            updated_at=to_epoch_ms(secret.updated_at),
        )
