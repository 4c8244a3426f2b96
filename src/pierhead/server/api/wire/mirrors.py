"""Mirrors and their runs on our own wire."""

from typing import Annotated, Any, Self

from pydantic import Field

from pierhead.control.mirroring import (
    Copies,
    Mirror,
    MirrorDraft,
    MirroredRepository,
    MirrorSpec,
    Preset,
    spec_document,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.clock import to_epoch_ms
from pierhead.oci.tag_selection import MAX_PATTERNS, TagRules

from .common import Identifier, Name, OptionalShortText, OptionalText, OwnReceived, Tags, Wire
from .copies import Platform

Text = Annotated[str, Field(min_length=1, max_length=300)]
Texts = Annotated[list[Text], Field(max_length=MAX_PATTERNS)]
TagTexts = Annotated[list[Text], Field(max_length=1000)]
Reference = Annotated[str, Field(min_length=1, max_length=200)]


class TagRulesBody(OwnReceived):
    """``exact`` tags are taken as they are named. ``glob`` and ``regex`` (RE2, the whole tag) make candidates,
    ``semver`` narrows them to versions in a range, ``newest`` to so many of each flavour; ``exclude`` (globs) always
    wins."""

    exact: TagTexts = Field(default_factory=list)
    glob: Texts = Field(default_factory=list)
    regex: Texts = Field(default_factory=list)
    semver: OptionalShortText = None
    newest: Annotated[int, Field(ge=1, le=100_000)] | None = None
    exclude: Texts = Field(default_factory=list)

    def value(self) -> TagRules:
        """What is in them is checked where the mirror is made, once it is sure that it may be."""
        return TagRules(
            tuple(self.exact), tuple(self.glob), tuple(self.regex), self.semver, self.newest, tuple(self.exclude)
        )


class RepositoryBody(OwnReceived):
    repository: Annotated[str, Field(min_length=1, max_length=255)]
    tags: TagRulesBody


class MirrorSpecBody(OwnReceived):
    """``gatePolicyRef``: what every image has to pass; until then it is below ``quarantine`` at the target.

    ``backup``: a tag for what is about to be written over, such as ``{tag}-before-{date}``; empty for none.

    ``copies``: ``whole`` indexes, ``sparse`` ones with members missing, or ``rewritten`` ones; with a single
    platform ``whole`` copies its manifest alone. ``immutable``: globs of tags that never move."""

    source_ref: Reference
    target_ref: Reference
    repositories: Annotated[list[RepositoryBody], Field(max_length=500)] = Field(default_factory=list)
    preset: Preset | None = None
    platforms: Annotated[list[Platform], Field(max_length=32)] = Field(default_factory=list)
    copies: Copies = Copies.WHOLE
    evidence: bool = True
    schedule: Annotated[str, Field(max_length=200)] = ""
    time_zone: Annotated[str, Field(max_length=100)] = "UTC"
    immutable: Texts = Field(default_factory=list)
    reserve: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    backup: Annotated[str, Field(max_length=128)] = ""
    gate_policy_ref: OptionalShortText = None
    quarantine: Annotated[str, Field(min_length=1, max_length=100)] = "quarantine"

    def value(self) -> MirrorSpec:
        """Raises InvalidReferenceError, InvalidMirrorError."""
        return MirrorSpec(
            source=ScopedReference.parse(self.source_ref),
            target=ScopedReference.parse(self.target_ref),
            repositories=tuple(MirroredRepository(each.repository, each.tags.value()) for each in self.repositories),
            preset=self.preset,
            platforms=tuple(self.platforms),
            copies=self.copies,
            has_evidence=self.evidence,
            schedule=self.schedule,
            time_zone=self.time_zone,
            immutable=tuple(self.immutable),
            reserve=self.reserve,
            backup=self.backup,
            gate_policy=ScopedReference.parse(self.gate_policy_ref) if self.gate_policy_ref else None,
            quarantine=self.quarantine,
        )


class MirrorBody(OwnReceived):
    """The place is the query's; a body that names another one is refused."""

    identifier: Identifier
    name: Name
    description: Annotated[str, Field(max_length=4096)] = ""
    tags: Tags = Field(default_factory=dict)
    enabled: bool = True
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None
    spec: MirrorSpecBody

    def names_other_place(self, scope: Scope) -> bool:
        named = (self.org_identifier, self.project_identifier)
        return named not in ((None, None), (scope.org, scope.project))

    def draft(self, scope: Scope) -> MirrorDraft:
        """Raises as ``MirrorSpecBody.value``."""
        return MirrorDraft(
            scope, self.identifier, self.name, self.spec.value(), self.description, self.tags, self.enabled
        )


class MirrorInfo(Wire):
    """``spec`` as it is sent. Times are in milliseconds, here and in runs."""

    identifier: str
    name: str
    description: str
    tags: dict[str, str]
    org_identifier: str | None
    project_identifier: str | None
    enabled: bool
    spec: dict[str, Any]
    created_at: int
    last_modified_at: int

    @classmethod
    def of(cls, mirror: Mirror) -> Self:
        return cls(
            identifier=mirror.identifier,
            name=mirror.name,
            description=mirror.description,
            tags=dict(mirror.tags),
            org_identifier=mirror.scope.org,
            project_identifier=mirror.scope.project,
            enabled=mirror.is_enabled,
            spec=spec_document(mirror.spec),
            created_at=to_epoch_ms(mirror.created_at),
            last_modified_at=to_epoch_ms(mirror.last_modified_at),
        )
