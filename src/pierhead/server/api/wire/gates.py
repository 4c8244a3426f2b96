"""Gate policies, exceptions and verdicts on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field

from pierhead.control.gates import (
    ApprovalRequired,
    Gate,
    GateException,
    GateExceptionDraft,
    GateKind,
    GatePolicy,
    GatePolicyDraft,
    Ignored,
    ImageRule,
    ImageRules,
    MaximumSize,
    MinimumAge,
    Platforms,
    Sbom,
    Signature,
    Verdict,
    VerificationKey,
    Vulnerabilities,
    exception_document,
    policy_document,
    verdict_document,
)
from pierhead.control.scopes import Scope

from .common import Identifier, Name, OptionalText, OwnReceived, Tags, Wire

_Text = Annotated[str, Field(max_length=1000)]
_Texts = Annotated[list[_Text], Field(max_length=200)]
_Limit = Annotated[int, Field(ge=0, le=1_000_000)] | None


class MinimumAgeBody(OwnReceived):
    kind: Literal["minimumAge"]
    days: float

    def gate(self) -> Gate:
        return MinimumAge(self.days)


class ImageRuleBody(OwnReceived):
    repository: _Text = "**"
    tag: _Text = "*"

    def rule(self) -> ImageRule:
        return ImageRule(self.repository, self.tag)


_Rules = Annotated[list[ImageRuleBody], Field(max_length=200)]


class ImageRulesBody(OwnReceived):
    kind: Literal["imageRules"]
    allow: _Rules = Field(default_factory=list)
    deny: _Rules = Field(default_factory=list)
    media_types: _Texts = Field(default_factory=list)

    def gate(self) -> Gate:
        allow, deny = (tuple(each.rule() for each in rules) for rules in (self.allow, self.deny))
        return ImageRules(allow, deny, tuple(self.media_types))


class MaximumSizeBody(OwnReceived):
    kind: Literal["maximumSize"]
    bytes: int

    def gate(self) -> Gate:
        return MaximumSize(self.bytes)


class PlatformsBody(OwnReceived):
    kind: Literal["platforms"]
    required: _Texts

    def gate(self) -> Gate:
        return Platforms(tuple(self.required))


class KeyBody(OwnReceived):
    """A public key as PEM."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    pem: Annotated[str, Field(max_length=20_000)]

    def key(self) -> VerificationKey:
        return VerificationKey(self.name, self.pem)


_Keys = Annotated[list[KeyBody], Field(max_length=20)]


class SignatureBody(OwnReceived):
    kind: Literal["signature"]
    keys: _Keys
    threshold: int = 1
    covers: Literal["index", "platforms", "either"] = "either"
    names: _Texts = Field(default_factory=list)
    attestations: _Texts = Field(default_factory=list)

    def gate(self) -> Gate:
        keys = tuple(each.key() for each in self.keys)
        return Signature(keys, self.threshold, self.covers, tuple(self.names), tuple(self.attestations))


class SbomBody(OwnReceived):
    kind: Literal["sbom"]
    keys: _Keys = Field(default_factory=list)

    def gate(self) -> Gate:
        return Sbom(tuple(each.key() for each in self.keys))


class IgnoredBody(OwnReceived):
    id: Annotated[str, Field(min_length=1, max_length=100)]
    reason: _Text
    expires_at: AwareDatetime


class VulnerabilitiesBody(OwnReceived):
    kind: Literal["vulnerabilities"]
    critical: _Limit = 0
    high: _Limit = None
    medium: _Limit = None
    low: _Limit = None
    unknown: _Limit = None
    only_fixed: bool = False
    ignore: Annotated[list[IgnoredBody], Field(max_length=1000)] = Field(default_factory=list)
    database_max_age_days: float = 7.0
    read_layers: Literal["never", "withoutSbom", "always"] = "withoutSbom"

    def gate(self) -> Gate:
        ignored = tuple(Ignored(each.id, each.reason, each.expires_at) for each in self.ignore)
        limits = (self.critical, self.high, self.medium, self.low, self.unknown)
        return Vulnerabilities(*limits, self.only_fixed, ignored, self.database_max_age_days, self.read_layers)


class ApprovalBody(OwnReceived):
    kind: Literal["approval"]
    count: int = 1

    def gate(self) -> Gate:
        return ApprovalRequired(self.count)


GateBody = Annotated[
    MinimumAgeBody
    | ImageRulesBody
    | MaximumSizeBody
    | PlatformsBody
    | SignatureBody
    | SbomBody
    | VulnerabilitiesBody
    | ApprovalBody,
    Field(discriminator="kind"),
]


class GatePolicyBody(OwnReceived):
    """The place is the one that the query names."""

    identifier: Identifier
    name: Name | None = None
    description: Annotated[str, Field(max_length=1024)] = ""
    tags: Annotated[Tags, Field(max_length=128)] = Field(default_factory=dict)
    gates: Annotated[list[GateBody], Field(min_length=1, max_length=20)]

    def draft(self, scope: Scope) -> GatePolicyDraft:
        """Raises InvalidGateError."""
        gates = tuple(each.gate() for each in self.gates)
        name = self.name or self.identifier
        return GatePolicyDraft(scope, self.identifier, name, gates, self.description, self.tags)


class GateExceptionBody(OwnReceived):
    """``image``: a digest, or a pattern over ``registry/repository`` or ``registry/repository:tag``."""

    identifier: Identifier
    name: Name | None = None
    tags: Annotated[Tags, Field(max_length=128)] = Field(default_factory=dict)
    gate: GateKind
    image: Annotated[str, Field(min_length=1, max_length=300)]
    policy: Annotated[str, Field(max_length=128)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    expires_at: AwareDatetime

    def draft(self, scope: Scope) -> GateExceptionDraft:
        name, expires_at = self.name or self.identifier, self.expires_at
        return GateExceptionDraft(
            scope, self.identifier, name, self.gate, self.image, self.reason, expires_at, self.policy, self.tags
        )


class GateCheckBody(OwnReceived):
    """``digest``: that one, whatever the tag of ``image`` means now. The age gate looks into what mirrors have
    seen."""

    connector_ref: Annotated[str, Field(min_length=1, max_length=256)]
    image: Annotated[str, Field(min_length=1, max_length=512)]
    digest: OptionalText = None


class GatePolicyInfo(Wire):
    """``gates`` as they are sent."""

    identifier: str
    name: str
    org_identifier: str | None
    project_identifier: str | None
    description: str
    tags: dict[str, str]
    version: int
    gates: list[dict[str, object]]
    last_modified_at: datetime

    @classmethod
    def of(cls, policy: GatePolicy) -> Self:
        return cls.model_validate({**policy_document(policy), "lastModifiedAt": policy.last_modified_at})


class GateExceptionInfo(Wire):
    identifier: str
    name: str
    org_identifier: str | None
    project_identifier: str | None
    tags: dict[str, str]
    gate: GateKind
    image: str
    policy: str
    reason: str
    made_by: str
    expires_at: datetime

    @classmethod
    def of(cls, made: GateException) -> Self:
        return cls.model_validate(exception_document(made))


class GateReasonInfo(Wire):
    code: str
    message: str


class AppliedExceptionInfo(Wire):
    identifier: str
    reason: str
    made_by: str
    expires_at: datetime


class GateResultInfo(Wire):
    """``found``: what the gate itself said; ``outcome``: with the exception, where one applies."""

    gate: GateKind
    outcome: Literal["pass", "excepted", "could_not_check", "fail"]
    found: Literal["pass", "could_not_check", "fail"]
    reasons: list[GateReasonInfo]
    exception: AppliedExceptionInfo | None


class VerdictInfo(Wire):
    outcome: Literal["pass", "excepted", "could_not_check", "fail"]
    digest: str
    decided_at: datetime
    gates: list[GateResultInfo]

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls.model_validate(verdict_document(verdict))
