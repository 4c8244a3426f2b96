"""Between gates and inspections: what a policy needs to know becomes a task, what came back becomes evidence; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from pierhead.control.gates import (
    NOT_ASKED,
    Approval,
    Contents,
    Evidence,
    FoundSbom,
    GatePolicy,
    NotKnown,
    PlatformImage,
    Sbom,
    Sboms,
    Signature,
    Signatures,
    VerifiedSignature,
    Vulnerabilities,
    VulnerabilityReport,
)
from pierhead.oci.reference import Reference
from pierhead.protocol.inspection import InspectionKey, InspectResult, Problem
from pierhead.worker.inspection.payloads import image_name

ReadLayers = Literal["never", "withoutSbom", "always"]
_EAGERNESS: tuple[ReadLayers, ...] = ("never", "withoutSbom", "always")


class Scanner(Protocol):
    """Knows advisories. ``adapters.scanners.osv.OsvScanner`` is one."""

    def scan(self, purls: Iterable[str]) -> VulnerabilityReport | NotKnown: ...


@dataclass(frozen=True, slots=True)
class InspectionNeeds:
    """What an inspection has to look for, so that a policy can decide."""

    keys: tuple[InspectionKey, ...]
    read_layers: ReadLayers
    packages: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about an image without looking at it. As in ``Evidence``."""

    first_seen_at: datetime | NotKnown = NOT_ASKED
    approvals: tuple[Approval, ...] | NotKnown = NOT_ASKED
    requested_by: str = ""
    origin_name: str = ""


def needs_of(policy: GatePolicy) -> InspectionNeeds:
    trusted = [key for gate in policy.gates if isinstance(gate, Signature | Sbom) for key in gate.keys]
    keys = {key.id: InspectionKey(id=key.id, pem=key.pem) for key in trusted}
    scans = [gate for gate in policy.gates if isinstance(gate, Vulnerabilities)]
    eagerness = max((_EAGERNESS.index(gate.read_layers) for gate in scans), default=0)
    return InspectionNeeds(tuple(keys.values()), _EAGERNESS[eagerness], bool(scans))


def evidence_of(result: InspectResult, known: Surroundings, report: VulnerabilityReport | NotKnown) -> Evidence:
    """``report``: what a scanner said of ``purls_of(result)``; what the inspection could not read is added to it."""
    reference = Reference.parse(result.reference)
    return Evidence(
        digest=result.digest,
        name=f"{reference.registry}/{reference.repository}",
        tag=reference.tag,
        origin_name=image_name(known.origin_name) if known.origin_name else "",
        first_seen_at=known.first_seen_at,
        contents=_contents(result),
        signatures=_signatures(result),
        sboms=_sboms(result),
        vulnerabilities=report if isinstance(report, NotKnown) else _completed(report, result),
        approvals=known.approvals,
        requested_by=known.requested_by,
    )


def purls_of(result: InspectResult) -> tuple[str, ...]:
    """Every package of every platform, each once."""
    return tuple(dict.fromkeys(purl for each in result.packages for purl in each.purls))


def _contents(result: InspectResult) -> Contents | NotKnown:
    """An image of which one platform could not be read is not known: that one might be what a gate is there for."""
    if result.image_problems:
        return _missing(result.image_problems)[0]
    images = (
        PlatformImage(one.platform, one.digest, one.size_bytes, one.media_types, one.created, one.labels)
        for one in result.images
    )
    return Contents(result.media_type, tuple(images))


def _signatures(result: InspectResult) -> Signatures:
    return Signatures(
        tuple(VerifiedSignature(one.subject, one.key, one.name, one.predicate) for one in result.signatures),
        result.signatures_seen,
        _missing(result.signature_problems),
        result.signatures_rejected,
    )


def _sboms(result: InspectResult) -> Sboms:
    found = (FoundSbom(one.subject, one.format, one.digest, one.package_count, one.keys) for one in result.sboms)
    return Sboms(tuple(found), _missing(result.sbom_problems))


def _completed(report: VulnerabilityReport, result: InspectResult) -> VulnerabilityReport:
    problems = _missing(problem for each in result.packages for problem in each.problems)
    listed = {each.subject for each in result.packages}
    unlisted = () if result.digest in listed else tuple(one for one in result.images if one.digest not in listed)
    absent = tuple(NotKnown("packages-unknown", f"no package list of {one.platform}") for one in unlisted)
    unread = tuple(dict.fromkeys((*problems, *absent, *_missing(result.image_problems), *report.unread)))
    return replace(report, unread=unread)


def _missing(problems: Iterable[Problem]) -> tuple[NotKnown, ...]:
    return tuple(NotKnown(problem.code, problem.message) for problem in problems)
