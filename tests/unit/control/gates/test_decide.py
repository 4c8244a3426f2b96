from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.control.gates import (
    NOT_ASKED,
    ApprovalRequired,
    GateKind,
    ImageRule,
    ImageRules,
    InvalidGateExceptionError,
    MaximumSize,
    MinimumAge,
    Outcome,
    Platforms,
    Sbom,
    Verdict,
    Vulnerabilities,
    decide,
)

from .conftest import DAY, DIGEST, EVIDENCE, NAME, NOW, codes, exception, judged, policy

YOUNG = MinimumAge(14)
PASSING = [
    MinimumAge(1),
    MaximumSize(10_000),
    Platforms(("linux/amd64",)),
    ApprovalRequired(),
    Vulnerabilities(),
    ImageRules(allow=(ImageRule("**"),)),
]
FAILING = [YOUNG, MaximumSize(1), Platforms(("windows/amd64",)), ApprovalRequired(2), Sbom()]
GATES = st.lists(st.sampled_from(PASSING + FAILING), min_size=1, max_size=6)
ABSENT = st.sets(st.sampled_from(["first_seen_at", "contents", "vulnerabilities", "approvals", "sboms"]))
EXCEPTIONS = st.lists(st.sampled_from(list(GateKind)), max_size=3)


def test_all_gates_are_told_and_the_worst_counts() -> None:
    verdict = decide(policy(MinimumAge(1), YOUNG, Sbom()), replace(EVIDENCE, sboms=NOT_ASKED), (), NOW)
    assert [result.outcome for result in verdict.gates] == [Outcome.PASS, Outcome.FAIL, Outcome.COULD_NOT_CHECK]
    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize("image", [NAME, f"{NAME}:1.16.3", "registry.example.com/harness/*", DIGEST, "**"])
def test_an_exception_for_the_image_turns_a_block_into_excepted_and_is_told(image) -> None:
    result = judged(YOUNG, [exception(GateKind.MINIMUM_AGE, image)])
    assert (result.outcome, result.found) == (Outcome.EXCEPTED, Outcome.FAIL)
    assert result.exception.reason == "vendor ticket 4711"


@pytest.mark.parametrize(
    "given",
    [
        exception(GateKind.SBOM),
        exception(GateKind.MINIMUM_AGE, "registry.example.com/harness/drone-git"),
        exception(GateKind.MINIMUM_AGE, f"{NAME}:1.16.4"),
        exception(GateKind.MINIMUM_AGE, "sha256:" + "e" * 64),
        exception(GateKind.MINIMUM_AGE, policy="other"),
    ],
    ids=["another gate", "another image", "another tag", "another digest", "another policy"],
)
def test_an_exception_for_something_else_changes_nothing(given) -> None:
    assert judged(YOUNG, [given]).outcome is Outcome.FAIL


def test_an_exception_that_has_ended_changes_nothing_and_the_verdict_says_so() -> None:
    result = judged(YOUNG, [exception(GateKind.MINIMUM_AGE, expires_at=NOW)])
    assert (result.outcome, codes(result)) == (Outcome.FAIL, ["too-young", "exception-expired"])


def test_of_several_exceptions_the_longest_is_told() -> None:
    given = [exception(GateKind.MINIMUM_AGE, expires_at=NOW + days * DAY) for days in (1, 3, 2)]
    assert judged(YOUNG, given).exception.expires_at == NOW + 3 * DAY


def test_a_gate_that_passes_needs_no_exception() -> None:
    result = judged(MinimumAge(1), [exception(GateKind.MINIMUM_AGE)])
    assert (result.outcome, result.exception) == (Outcome.PASS, None)


@pytest.mark.parametrize(
    "more",
    [{"reason": "  "}, {"expires_at": None}, {"expires_at": NOW.replace(tzinfo=None)}, {"made_by": ""}],
    ids=["no reason", "no end", "no zone", "nobody"],
)
def test_an_exception_that_says_too_little_is_refused(more) -> None:
    with pytest.raises(InvalidGateExceptionError):
        exception(GateKind.SBOM, **more)


def test_a_verdict_without_gates_is_no_pass() -> None:
    assert Verdict("trusted", 1, DIGEST, NOW, ()).blocks


@settings(max_examples=200, deadline=None)
@given(GATES, st.sampled_from(FAILING), ABSENT, EXCEPTIONS, st.integers(0, 6))
def test_one_more_failing_gate_never_turns_a_block_into_a_pass(gates, more, absent, excepted, at) -> None:
    evidence = replace(EVIDENCE, **dict.fromkeys(absent, NOT_ASKED))
    exceptions = [exception(kind) for kind in excepted]
    before = decide(policy(*gates), evidence, exceptions, NOW)
    after = decide(policy(*gates[:at], more, *gates[at:]), evidence, exceptions, NOW)
    assert not before.blocks or after.blocks
    assert after.outcome is not Outcome.PASS


@settings(max_examples=200, deadline=None)
@given(GATES, ABSENT)
def test_less_evidence_never_turns_a_block_into_a_pass(gates, absent) -> None:
    evidence = replace(EVIDENCE, **dict.fromkeys(absent, NOT_ASKED))
    before, after = decide(policy(*gates), EVIDENCE, (), NOW), decide(policy(*gates), evidence, (), NOW)
    assert not before.blocks or after.blocks
