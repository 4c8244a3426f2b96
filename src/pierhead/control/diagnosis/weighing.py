"""What a live look makes of causes: facts prove them, disprove them or leave them open, and order follows; pure.

Facts are short words: codes of Pierhead's own errors, and what ``Fact`` names. What is true of the way that was asked
need not be true of the machine that failed, so a connection that works from here disproves nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from .model import Diagnosis, Found, Verdict
from .steps import filled_steps


class Fact(StrEnum):
    """What was found besides errors. ``READ_WITHOUT_LOGIN``: the image was read with no credentials at all."""

    TAG_EXISTS = "tag-exists"
    LATEST_MISSING = "latest-missing"
    REPOSITORY_EXISTS = "repository-exists"
    READ_WITHOUT_LOGIN = "read-without-login"
    LOGIN_WANTED = "login-wanted"
    CREDENTIALS_REFUSED = "credentials-refused"
    PLATFORM_EXISTS = "platform-exists"
    PLATFORM_ABSENT = "platform-absent"
    QUOTA_GONE = "quota-gone"


class Outcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    WARNING = "warning"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was looked at: its name, how it came out, and what was seen, in a sentence."""

    check: str
    outcome: Outcome
    text: str


def weigh(
    told: Sequence[Diagnosis], facts: Iterable[str], shown: Sequence[Diagnosis], connector: str
) -> tuple[Diagnosis, ...]:
    """``told``: by the text. ``shown``: by what the look itself ran into. ``connector``: whom the look went through.

    Proved causes come first, then open ones, then what only the look shows, then what is disproved.
    """
    known = frozenset(facts)
    judged = [_judged(one, known) for one in told]
    codes = {one.cause.code for one in judged if one.verdict is not Verdict.REFUTED}
    families = {one.cause.family for one in judged if one.verdict is Verdict.CONFIRMED}
    new = [
        replace(one, line=0, quote="").judged(Verdict.CONFIRMED, "a look at the registry ran into it")
        for one in shown
        if one.cause.code not in codes and one.cause.family not in families and not one.cause.is_consequence
    ]
    order = {Verdict.CONFIRMED: 0, Verdict.OPEN: 1, Verdict.REFUTED: 3}
    ranked = [(order[one.verdict], one) for one in judged] + [(2, one) for one in new]
    ranked.sort(key=lambda pair: pair[0])
    causes = [one for _, one in ranked]
    if new or len(causes) > 1:  # a line that says nothing by itself is not needed beside one that does
        causes = [one for one in causes if not one.cause.is_consequence] or causes
    return tuple(replace(one, steps=filled_steps(one.cause, one.found, connector)) for one in causes)


def _judged(one: Diagnosis, facts: frozenset[str]) -> Diagnosis:
    cause = one.cause
    if facts & {*cause.codes, *cause.confirmed_by}:
        return one.judged(Verdict.CONFIRMED, "a look at the registry says so too")
    if facts & set(cause.refuted_by):
        return one.judged(Verdict.REFUTED, "a look at the registry says otherwise now")
    return one.judged(Verdict.OPEN, "a look at the registry neither proves nor disproves it")


def failure_text(image: str, code: str, message: str, exchange: dict[str, object] | None = None) -> str:
    """A failure of Pierhead's own in the lines in which the command line tells it."""
    lines = [f"{image} failed in stage -", f"  cause     {message}", f"  code      {code}"]
    if exchange:
        status = exchange.get("status") or "no answer"
        lines.append(f"  exchange  {exchange.get('method', '')} {exchange.get('url', '')} -> {status}")
        lines.append(f"  answer    {str(exchange.get('body') or '')[:600]}")
    return "\n".join(lines)


def nearest(wanted: str, names: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Of names those that look most like ``wanted``: what was probably meant."""
    from difflib import get_close_matches  # late: only for a name that is not there

    close = [name for name in names if len(name) <= 128][:10_000]
    return tuple(get_close_matches(wanted, close, n=count, cutoff=0.6))


def with_platform(found: Found, platform: str) -> Found:
    """The caller's word on the platform goes before the text's."""
    return replace(found, platform=platform) if platform else found
