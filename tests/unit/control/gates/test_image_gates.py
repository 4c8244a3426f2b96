from dataclasses import replace

import pytest

from pierhead.control.gates import (
    NOT_ASKED,
    Approval,
    ApprovalRequired,
    Contents,
    ImageRule,
    ImageRules,
    InvalidGateError,
    MaximumSize,
    MinimumAge,
    Outcome,
    Platforms,
)

from .conftest import DAY, DIGEST, EVIDENCE, NAME, NOW, codes, judged, policy


def test_an_image_seen_long_enough_ago_passes() -> None:
    assert judged(MinimumAge(7)).outcome is Outcome.PASS


def test_a_young_image_fails_and_the_reason_says_when_it_will_do() -> None:
    result = judged(MinimumAge(14))
    assert (result.outcome, codes(result)) == (Outcome.FAIL, ["too-young"])
    assert "2026-11-25" in result.reasons[0].words


def test_a_first_sight_that_is_to_come_is_not_checked() -> None:
    assert codes(judged(MinimumAge(1), first_seen_at=NOW + DAY)) == ["first-seen-in-the-future"]


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        (ImageRules(allow=(ImageRule("registry.example.com/harness/*"),)), Outcome.PASS),
        (ImageRules(allow=(ImageRule("registry.example.com/*"),)), Outcome.FAIL),  # * stays within a part
        (ImageRules(allow=(ImageRule("registry.example.com/**", "1.16.*"),)), Outcome.PASS),
        (ImageRules(allow=(ImageRule("**", "1.17.*"),)), Outcome.FAIL),
        (ImageRules(deny=(ImageRule("**/ci-addon"),)), Outcome.FAIL),
        (ImageRules(allow=(ImageRule("**"),), deny=(ImageRule(NAME, "1.16.3"),)), Outcome.FAIL),
        (ImageRules(media_types=("application/vnd.oci.image.index.v1+json",)), Outcome.FAIL),
        (
            ImageRules(
                media_types=(
                    "application/vnd.oci.image.index.v1+json",
                    "application/vnd.oci.image.manifest.v1+json",
                )
            ),
            Outcome.PASS,
        ),
    ],
    ids=["a part", "not across parts", "with tag", "other tag", "denied", "denial wins", "odd type", "known types"],
)
def test_names_tags_and_media_types_are_ruled(rules, outcome) -> None:
    assert judged(rules).outcome is outcome


def test_a_mirrored_image_is_allowed_by_where_it_comes_from_and_not_by_its_name_here() -> None:
    rules = ImageRules(allow=(ImageRule("registry.example.com/**"),))
    assert judged(rules, origin_name="evil.example.net/harness/ci-addon").outcome is Outcome.FAIL


def test_a_rule_for_a_tag_does_not_fit_an_image_without_one() -> None:
    assert judged(ImageRules(allow=(ImageRule("**", "1.*"),)), tag=None).outcome is Outcome.FAIL


def test_a_single_large_platform_fails() -> None:
    assert codes(judged(MaximumSize(1500))) == ["too-large"]
    assert judged(MaximumSize(2000)).outcome is Outcome.PASS


def test_a_platform_that_is_missing_fails() -> None:
    assert judged(Platforms(("linux/amd64", "linux/arm64"))).outcome is Outcome.PASS
    assert codes(judged(Platforms(("linux/amd64", "windows/amd64")))) == ["platform-missing"]


@pytest.mark.parametrize("gate", [MaximumSize(1), Platforms(("linux/amd64",)), ImageRules(media_types=("x/y",))])
def test_an_index_without_images_is_no_pass(gate) -> None:
    assert judged(gate, contents=Contents("application/vnd.oci.image.index.v1+json", ())).outcome.blocks


def test_who_asks_does_not_approve() -> None:
    own = (Approval("user/ada", DIGEST, NOW),)
    assert judged(ApprovalRequired(), approvals=own).outcome is Outcome.FAIL


def test_the_same_person_counts_once_and_another_digest_not_at_all() -> None:
    twice = (Approval("user/bo", DIGEST, NOW), Approval("user/bo", DIGEST, NOW))
    other = (Approval("user/cy", "sha256:" + "e" * 64, NOW),)
    assert judged(ApprovalRequired(2), approvals=twice + other).outcome is Outcome.FAIL
    assert judged(ApprovalRequired(2), approvals=(*twice, Approval("user/cy", DIGEST, NOW))).outcome is Outcome.PASS


def test_approvals_prove_nothing_when_nobody_knows_who_asked() -> None:
    assert codes(judged(ApprovalRequired(), requested_by="")) == ["requester-unknown"]


@pytest.mark.parametrize(
    ("gate", "missing"),
    [
        (MinimumAge(1), "first_seen_at"),
        (MaximumSize(1), "contents"),
        (Platforms(("linux/amd64",)), "contents"),
        (ImageRules(media_types=("x/y",)), "contents"),
        (ApprovalRequired(), "approvals"),
    ],
)
def test_missing_evidence_is_never_a_pass(gate, missing) -> None:
    result = judged(gate, **{missing: NOT_ASKED})
    assert (result.outcome, codes(result)) == (Outcome.COULD_NOT_CHECK, ["not-collected"])


@pytest.mark.parametrize(
    "build",
    [
        lambda: MinimumAge(0),
        lambda: MinimumAge(float("nan")),
        lambda: ImageRules(),
        lambda: ImageRule("two words"),
        lambda: MaximumSize(0),
        lambda: Platforms(()),
        lambda: Platforms(("linux",)),
        lambda: ApprovalRequired(0),
        lambda: policy(),
    ],
    ids=["no age", "nan", "no rules", "odd glob", "no size", "no platform", "no architecture", "nobody", "no gates"],
)
def test_gates_that_could_never_be_right_are_refused(build) -> None:
    with pytest.raises(InvalidGateError):
        build()


def test_every_name_of_a_mirrored_image_is_known_with_its_tag() -> None:
    names = replace(EVIDENCE, origin_name="docker.io/harness/ci-addon").names
    assert names == (NAME, "docker.io/harness/ci-addon", f"{NAME}:1.16.3", "docker.io/harness/ci-addon:1.16.3")
