"""Step before infrastructure before Kubernetes' own default."""

from collections.abc import Callable

import pytest

from pierhead.control.pipelines import Plan

Document = Callable[..., str]
Planner = Callable[..., Plan]

DIGEST = "sha256:" + "a" * 64


def policies(plan: Plan) -> dict[str, str]:
    (stage,) = plan.stages
    return {image.need.purpose: image.pull_policy.value for image in stage.images}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("golang", "Always"),
        ("golang:latest", "Always"),
        ("golang:1.22", "IfNotPresent"),
        (f"golang@{DIGEST}", "IfNotPresent"),
        (f"golang:latest@{DIGEST}", "IfNotPresent"),
    ],
)
def test_without_a_word_kubernetes_decides_by_the_tag(stage: Document, plan: Planner, image: str, policy: str) -> None:
    found = plan(stage(f"type: Run, spec: {{image: '{image}'}}"))
    assert policies(found)["s0"] == policy
    assert "Kubernetes' default" in found.stages[0].images[-1].policy_reason


@pytest.mark.parametrize("policy", ["Always", "IfNotPresent", "Never"])
def test_the_infrastructure_decides_for_the_ci_own_images_only(stage: Document, plan: Planner, policy: str) -> None:
    found = plan(stage("type: S3Upload", "type: Run, spec: {image: 'a:1'}", infra=f"imagePullPolicy: {policy}"))
    assert policies(found) == {
        "addonTag": policy,
        "liteEngineTag": policy,
        "s3UploadTag": policy,
        "s1": "IfNotPresent",
    }
    assert found.stages[0].images[0].policy_reason == "the infrastructure says so for the CI's own images"


@pytest.mark.parametrize("step", ["type: Run, spec: {image: a, ", "type: Grype, spec: {"])
def test_the_step_decides_before_the_infrastructure(stage: Document, plan: Planner, step: str) -> None:
    found = plan(stage(step + "imagePullPolicy: Never}", infra="imagePullPolicy: Always"))
    image = found.stages[0].images[-1]
    assert (image.pull_policy, image.policy_reason) == ("Never", "step s0 says so")


@pytest.mark.parametrize(
    ("first", "second", "policy", "reason"),
    [
        ("Never", "IfNotPresent", "IfNotPresent", "step s1 says so"),
        ("IfNotPresent", "Always", "Always", "step s1 says so"),
        ("Always", "Never", "Always", "step s0 says so"),
    ],
)
def test_one_fetch_serves_all_users_so_the_strictest_counts(
    stage: Document, plan: Planner, first: str, second: str, policy: str, reason: str
) -> None:
    found = plan(stage(*(f"type: Run, spec: {{image: 'a:1', imagePullPolicy: {each}}}" for each in (first, second))))
    image = found.stages[0].images[-1]
    assert (image.pull_policy, image.policy_reason) == (policy, reason)


def test_a_user_without_a_word_counts_with_the_default(stage: Document, plan: Planner) -> None:
    found = plan(stage("type: Run, spec: {image: a, imagePullPolicy: Never}", "type: Run, spec: {image: a}"))
    assert policies(found)["s0"] == "Always"
