"""Gates that look at what others say of an image: signatures, SBOMs, advisories; pure.

Enough good evidence passes whatever else could not be looked at; too little of it fails only when all was looked at.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from .evidence import Contents, Evidence, Finding, NotKnown, Signatures, VerifiedSignature, VulnerabilityReport
from .globs import matches
from .image_gates import Judgement, failed, not_checked, passed
from .settings import SIGNED, Ignored, Sbom, Severity, Signature, Vulnerabilities
from .verdict import Reason

_TOLD: Final = 20


def judge_signature(gate: Signature, evidence: Evidence, _now: datetime) -> Judgement:
    given = evidence.signatures
    if isinstance(given, NotKnown):
        return not_checked(given)
    ways = _ways(gate, evidence)
    if isinstance(ways, NotKnown):
        return not_checked(ways)
    lacking = ""
    for way in ways:
        lacking = _lacking(gate, evidence, given, way)
        if not lacking:
            return passed("signed", f"{_keys(gate.threshold)} of the policy signed {', '.join(way[:_TOLD])}")
    if given.problems:
        return not_checked(*given.problems)
    return failed(Reason("not-signed", lacking), *_rejections(gate, evidence, given))


def judge_sbom(gate: Sbom, evidence: Evidence, _now: datetime) -> Judgement:
    sboms, contents = evidence.sboms, evidence.contents
    if isinstance(sboms, NotKnown):
        return not_checked(sboms)
    wanted = {key.id for key in gate.keys}
    good = {one.subject for one in sboms.found if not wanted or wanted & set(one.keys)}
    if evidence.digest in good:
        return passed("sbom-there", f"there is an SBOM of {evidence.digest}")
    if isinstance(contents, NotKnown):
        return not_checked(contents)
    without = [image.platform for image in contents.images if image.digest not in good]
    if contents.images and not without:
        return passed("sbom-there", f"there is an SBOM of each of {len(contents.images)} platforms")
    if sboms.problems:
        return not_checked(*sboms.problems)
    signed = "attested by a key of the policy " if wanted else ""
    return failed(Reason("sbom-missing", f"no SBOM {signed}of {', '.join(without[:_TOLD]) or evidence.digest}"))


def judge_vulnerabilities(gate: Vulnerabilities, evidence: Evidence, now: datetime) -> Judgement:
    report = evidence.vulnerabilities
    if isinstance(report, NotKnown):
        return not_checked(report)
    ignored = {one.id for one in gate.ignore if now < one.expires_at}
    counted = [one for one in report.findings if not _is_left_out(gate, one, ignored)]
    over = _over(gate, counted)
    if over:
        return failed(*over, *_expired(gate.ignore, counted, now))
    missing = _unsure(gate, report, now)
    if missing:
        return not_checked(*missing)
    left_out = len(report.findings) - len(counted)
    return passed(
        "few-vulnerabilities",
        f"{report.packages:,} packages, {_counts(counted)}; {left_out:,} findings do not count ({report.scanner})",
    )


def _ways(gate: Signature, evidence: Evidence) -> list[tuple[str, ...]] | NotKnown:
    """Sets of digests, of which one must be signed throughout."""
    whole: list[tuple[str, ...]] = [(evidence.digest,)]
    if gate.covers == "index":
        return whole
    contents = evidence.contents
    known = isinstance(contents, Contents) and bool(contents.images)
    if not known:
        missing = contents if isinstance(contents, NotKnown) else NotKnown("no-images", "the index has no image")
        return whole if gate.covers == "either" else missing
    assert isinstance(contents, Contents)
    each = tuple(image.digest for image in contents.images)
    return [each] if gate.covers == "platforms" else [*whole, each]


def _lacking(gate: Signature, evidence: Evidence, given: Signatures, subjects: Sequence[str]) -> str:
    """What keeps the first of ``subjects`` from being signed by enough keys; empty when nothing does."""
    keys = {key.id for key in gate.keys}
    for subject in subjects:
        good = {one.key for one in given.verified if one.subject == subject and _counts_for(gate, evidence, one)}
        if len(good & keys) < gate.threshold:
            return f"{len(good & keys)} of {_keys(gate.threshold)} signed {subject}; {given.seen} signatures were seen"
    return ""


def _counts_for(gate: Signature, evidence: Evidence, one: VerifiedSignature) -> bool:
    if one.predicate not in ("", SIGNED, *gate.attestations):
        return False
    if gate.names:
        return any(matches(glob, one.name) for glob in gate.names)
    return one.name in ("", evidence.name, evidence.origin_name)


def _rejections(gate: Signature, evidence: Evidence, given: Signatures) -> Iterable[Reason]:
    for one in given.verified[:_TOLD]:
        if not _counts_for(gate, evidence, one):
            what = f"attestation {one.predicate}" if one.predicate else f"signature for {one.name!r}"
            yield Reason("signature-does-not-count", f"a {what} does not count here")
    for words in given.rejected[:_TOLD]:
        yield Reason("signature-rejected", words)


def _is_left_out(gate: Vulnerabilities, finding: Finding, ignored: set[str]) -> bool:
    return (gate.only_fixed and not finding.fixed) or bool(ignored & set(finding.ids))


def _over(gate: Vulnerabilities, findings: Sequence[Finding]) -> list[Reason]:
    reasons = []
    for severity in Severity:
        limit = gate.limit(severity)
        those = [one for one in findings if one.severity is severity]
        if limit is not None and len(those) > limit:
            some = "; ".join(_told(one) for one in those[:5])
            reasons.append(Reason(f"too-many-{severity}", f"{len(those)} {severity}, at most {limit}: {some}"))
    return reasons


def _unsure(gate: Vulnerabilities, report: VulnerabilityReport, now: datetime) -> list[NotKnown]:
    missing = list(report.unread[:_TOLD])
    if report.packages == 0:
        missing.append(NotKnown("no-packages", "not one package was found in it, so nothing could be matched"))
    if report.as_of is None:
        missing.append(NotKnown("database-age-unknown", "it is not known how old the advisories are"))
    elif now - report.as_of > timedelta(days=gate.database_max_age_days):
        words = f"the advisories are of {report.as_of:%Y-%m-%d}, older than {gate.database_max_age_days:g} days"
        missing.append(NotKnown("database-too-old", words))
    return missing


def _expired(ignored: Iterable[Ignored], findings: Sequence[Finding], now: datetime) -> Iterable[Reason]:
    there = {each for one in findings for each in one.ids}
    for one in ignored:
        if one.id in there and now >= one.expires_at:
            yield Reason("ignore-expired", f"{one.id} was ignored until {one.expires_at:%Y-%m-%d}")


def _told(finding: Finding) -> str:
    fixed = f", fixed in {finding.fixed}" if finding.fixed else ""
    return f"{finding.ids[0]} in {finding.package} {finding.installed}{fixed}"


def _counts(findings: Sequence[Finding]) -> str:
    by_severity = Counter(one.severity for one in findings)
    return ", ".join(f"{by_severity[severity]} {severity}" for severity in Severity if by_severity[severity]) or "none"


def _keys(threshold: int) -> str:
    return "one key" if threshold == 1 else f"{threshold} keys"
