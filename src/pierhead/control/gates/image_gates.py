"""Gates that look at what an image is and who wants it: age, name, media types, size, platforms, approval; pure.

Each says pass, fail or could not check, with reasons. What is not known is never a pass.
"""

from datetime import datetime, timedelta

from pierhead.oci.errors import InvalidPlatformError
from pierhead.oci.platform import Platform

from .evidence import Contents, Evidence, NotKnown
from .globs import matches
from .settings import ApprovalRequired, ImageRule, ImageRules, MaximumSize, MinimumAge, Platforms
from .verdict import Outcome, Reason

Judgement = tuple[Outcome, tuple[Reason, ...]]


def passed(code: str, words: str) -> Judgement:
    return Outcome.PASS, (Reason(code, words),)


def failed(*reasons: Reason) -> Judgement:
    return Outcome.FAIL, reasons


def not_checked(*missing: NotKnown) -> Judgement:
    return Outcome.COULD_NOT_CHECK, tuple(Reason(each.code, each.words) for each in missing)


def judge_age(gate: MinimumAge, evidence: Evidence, now: datetime) -> Judgement:
    seen = evidence.first_seen_at
    if isinstance(seen, NotKnown):
        return not_checked(seen)
    if seen > now:
        return not_checked(NotKnown("first-seen-in-the-future", f"it was first seen at {_day(seen)}, which is to come"))
    age, wanted = now - seen, timedelta(days=gate.days)
    words = f"first seen {_days(age)} ago, {_days(wanted)} are wanted"
    if age >= wanted:
        return passed("old-enough", words)
    return failed(Reason("too-young", f"{words}; it will be old enough at {_day(seen + wanted)}"))


def judge_rules(gate: ImageRules, evidence: Evidence, _now: datetime) -> Judgement:
    denied = next((rule for rule in gate.deny if _fits(rule, evidence, any_name=True)), None)
    if denied is not None:
        return failed(Reason("denied-name", f"the rule {_shown(denied)} denies it"))
    if gate.allow and not any(_fits(rule, evidence, any_name=False) for rule in gate.allow):
        return failed(Reason("name-not-allowed", f"none of the {len(gate.allow)} allow rules fits {evidence.name}"))
    return _media_types(gate, evidence) if gate.media_types else passed("name-allowed", "its name is allowed")


def judge_size(gate: MaximumSize, evidence: Evidence, _now: datetime) -> Judgement:
    contents = evidence.contents
    if (missing := _no_images(contents)) is not None:
        return not_checked(missing)
    assert isinstance(contents, Contents)
    large = [image for image in contents.images if image.size > gate.bytes]
    if large:
        return failed(
            *(Reason("too-large", f"{one.platform} has {one.size:,} bytes of at most {gate.bytes:,}") for one in large)
        )
    largest = max(image.size for image in contents.images)
    return passed("small-enough", f"the largest platform has {largest:,} bytes of at most {gate.bytes:,}")


def judge_platforms(gate: Platforms, evidence: Evidence, _now: datetime) -> Judgement:
    contents = evidence.contents
    if (missing := _no_images(contents)) is not None:
        return not_checked(missing)
    assert isinstance(contents, Contents)
    there = [image.platform for image in contents.images]
    absent = [wanted for wanted in gate.required if not any(_runs_on(one, wanted) for one in there)]
    if absent:
        found = ", ".join(there[:20])
        return failed(*(Reason("platform-missing", f"{wanted} is missing; there are {found}") for wanted in absent))
    return passed("platforms-there", f"{', '.join(gate.required)} are there")


def judge_approval(gate: ApprovalRequired, evidence: Evidence, _now: datetime) -> Judgement:
    approvals = evidence.approvals
    if isinstance(approvals, NotKnown):
        return not_checked(approvals)
    people = {one.by for one in approvals if one.digest == evidence.digest and one.by}
    if people and not evidence.requested_by:
        return not_checked(NotKnown("requester-unknown", "it is not known who asked, so nobody can be told from them"))
    others = sorted(people - {evidence.requested_by})
    if len(others) >= gate.count:
        return passed("approved", f"approved by {', '.join(others[:20])}")
    own = " (whoever asks cannot approve)" if evidence.requested_by in people else ""
    return failed(Reason("approvals-missing", f"{len(others)} of {gate.count} approvals of {evidence.digest}{own}"))


def _fits(rule: ImageRule, evidence: Evidence, *, any_name: bool) -> bool:
    """A denial holds for every name it goes by; an allowance must be for where it really comes from."""
    source = evidence.origin_name or evidence.name
    names = (evidence.name, source) if any_name else (source,)
    tag = rule.tag == "*" or (evidence.tag is not None and matches(rule.tag, evidence.tag))
    return tag and any(matches(rule.repository, name) for name in names)


def _media_types(gate: ImageRules, evidence: Evidence) -> Judgement:
    contents = evidence.contents
    if (missing := _no_images(contents)) is not None:
        return not_checked(missing)
    assert isinstance(contents, Contents)
    there = {contents.media_type} | {kind for image in contents.images for kind in image.media_types}
    odd = sorted(there - set(gate.media_types))
    if odd:
        return failed(*(Reason("media-type-not-allowed", f"{kind} is not allowed") for kind in odd[:20]))
    return passed("name-allowed", f"its name and its {len(there)} media types are allowed")


def _no_images(contents: Contents | NotKnown) -> NotKnown | None:
    if isinstance(contents, NotKnown):
        return contents
    return None if contents.images else NotKnown("no-images", "the index has no image that could be looked at")


def _runs_on(there: str, wanted: str) -> bool:
    try:
        return Platform.parse(there).satisfies(Platform.parse(wanted))
    except InvalidPlatformError:
        return False


def _shown(rule: ImageRule) -> str:
    return rule.repository if rule.tag == "*" else f"{rule.repository}:{rule.tag}"


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f} days"


def _day(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
