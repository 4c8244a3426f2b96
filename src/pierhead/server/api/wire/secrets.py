"""Encrypted text secrets on the wire (harness-api §2.2). An Inline value goes in and never comes out."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr

from pierhead.control.scopes import Scope
from pierhead.control.secrets import BUILT_IN_MANAGER, Secret, SecretDraft, ValueType, render_secret
from pierhead.kit.clock import to_epoch_ms
from pierhead.kit.redact import SecretValue

from .common import Identifier, Name, OptionalText, Received, Tags, Wire


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class MetadataValues(Received):
    version: Annotated[str | None, BeforeValidator(_number_as_text)] = None


class AdditionalMetadata(Received):
    """``version``: which version of a Reference secret's value is meant; the newest when it is left out."""

    values: MetadataValues | None = None


class SecretTextIn(Received):
    """Clients send several names as ``type`` here, or none: what counts is the type of the secret."""

    secret_manager_identifier: str = BUILT_IN_MANAGER
    value_type: ValueType = ValueType.INLINE
    value: SecretStr | None = None
    additional_metadata: AdditionalMetadata | None = None


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
            reference_version=_version(secret.spec.additional_metadata),
        )


def _version(metadata: AdditionalMetadata | None) -> str | None:
    return (metadata.values.version or None) if metadata is not None and metadata.values is not None else None


class SecretFilterBody(Received):
    filter_type: Literal["Secret"] = "Secret"
    search_term: Annotated[str | None, Field(max_length=1000)] = None
    identifiers: Annotated[list[str] | None, Field(max_length=1000)] = None
    secret_types: Annotated[list[str] | None, Field(max_length=100)] = None
    include_secrets_from_every_sub_scope: bool = False
    include_all_secrets_accessible_at_scope: bool = False


class SecretTextOut(Wire):
    """``value`` is null for an Inline secret, the path in the outside store for a Reference."""

    type: Literal["SecretTextSpec"] = "SecretTextSpec"
    secret_manager_identifier: str
    value_type: ValueType
    value: str | None
    additional_metadata: dict[str, dict[str, str]] | None = None


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
