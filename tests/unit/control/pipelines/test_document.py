"""A pipeline's shape: what it must have, what is refused with path and place, what is passed over."""

from collections.abc import Callable

import pytest

from pierhead.control.pipelines import (
    InfrastructureKind,
    PipelineExpressionError,
    PipelineFieldError,
    StageReferenceError,
    parse_pipeline,
)

Document = Callable[..., str]

K8S = "{type: KubernetesDirect, spec: {connectorRef: c, namespace: n, harnessImageConnectorRef: account.mirror}}"


def stages(*listed: str) -> str:
    return "stages:\n" + "".join(f"  - {stage}\n" for stage in listed)


def ci(identifier: str, infrastructure: str = K8S, rest: str = "") -> str:
    spec = f"infrastructure: {infrastructure}, execution: {{steps: []}}{rest}"
    return f"stage: {{identifier: {identifier}, type: CI, spec: {{{spec}}}}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1: expected a pipeline, found an empty document"),
        ("~", "line 1, column 1: expected a mapping, found nothing"),
        ("just text", "line 1, column 1: expected a mapping, found 'just text'"),
        ("[1]", "line 1, column 1: expected a mapping, found a list"),
        ("a: 1", "line 1, column 1: expected pipeline: with stages:, or stages: alone, found neither"),
        ("pipeline: 7", "pipeline (line 1, column 11): expected a mapping, found '7'"),
        ("pipeline: {}", "pipeline (line 1, column 11): expected pipeline: with stages:, or stages: alone"),
        ("pipeline: {stages: x}", "pipeline.stages (line 1, column 20): expected a list of stages, found 'x'"),
        ("stages: {a: b}", "stages (line 1, column 9): expected a list of stages, found a mapping"),
        ("stages: [1]", "stages[0] (line 1, column 10): expected a mapping, found '1'"),
        ("stages: [{}]", "stages[0] (line 1, column 10): expected stage: or parallel:, found neither"),
        ("stages: [{stage: []}]", "stages[0].stage (line 1, column 18): expected a mapping, found a list"),
        (
            "stages: [{stage: {}}]",
            "stages[0].stage.identifier (line 1, column 18): expected an identifier, found nothing",
        ),
        (
            "stages: [{stage: {identifier: ''}}]",
            "stages[0].stage.identifier (line 1, column 31): expected an identifier",
        ),
        ("stages: [{stage: {identifier: 1a}}]", "expected an identifier of letters, digits, _ and $"),
        ("stages: [{stage: {identifier: a-b}}]", "expected an identifier of letters, digits, _ and $"),
        ("stages: [{stage: {identifier: a}}]", "stages[0].stage.type (line 1, column 18): expected a stage type"),
        (
            "stages: [{stage: {identifier: a, type: CI}}]",
            "stages[0].stage.spec (line 1, column 18): expected the settings",
        ),
        (
            "stages: [{stage: {identifier: a, type: CI, spec: {}}}]",
            "stages[0].stage.spec (line 1, column 50): expected infrastructure: or runtime:",
        ),
        (stages(ci("a", rest=", cloneCodebase: perhaps")), "cloneCodebase (line 2"),
        (
            stages(ci("a"), ci("a")),
            "stages[1].stage.identifier (line 3, column 25): expected an identifier that no other",
        ),
        (
            stages("parallel: [{" + ci("a") + "}, {" + ci("a") + "}]"),
            "stages[0].parallel[1].stage.identifier (line 2",
        ),
        (stages("parallel: x"), "stages[0].parallel (line 2, column 15): expected a list of stages, found 'x'"),
        (
            "pipeline:\n  stages:\n    - stage:\n        identifier: a\n        type: CI\n        spec:\n"
            "          infrastructure:\n            type: Cluster\n            spec: {}\n",
            "pipeline.stages[0].stage.spec.infrastructure.type (line 8, column 19): expected KubernetesDirect, "
            "KubernetesHosted, VM, Docker, HostedVm or Cloud, found 'Cluster'",
        ),
    ],
)
def test_a_wrong_shape_is_refused_by_path_and_place(text: str, message: str) -> None:
    with pytest.raises(PipelineFieldError) as caught:
        parse_pipeline(text)
    assert message in str(caught.value)


def test_a_pipeline_made_from_a_template_says_what_to_give_instead() -> None:
    with pytest.raises(PipelineFieldError) as caught:
        parse_pipeline("pipeline: {identifier: p, template: {templateRef: t}}")
    assert caught.value.hint == "give the pipeline with its templates filled in"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (stages(ci("<+input>")), "stages[0].stage.identifier"),
        (stages(ci("a", "{useFromStage: <+input>}")), "stages[0].stage.spec.infrastructure.useFromStage"),
        (stages(ci("a", rest=", cloneCodebase: <+input>")), "stages[0].stage.spec.cloneCodebase"),
        (stages("stage: {identifier: a, type: <+input>}"), "stages[0].stage.type"),
    ],
)
def test_an_expression_in_a_needed_field_is_refused_by_path(text: str, path: str) -> None:
    with pytest.raises(PipelineExpressionError) as caught:
        parse_pipeline(text)
    assert caught.value.place.path == path


@pytest.mark.parametrize(
    ("text", "stage", "reason"),
    [
        (stages(ci("a", "{useFromStage: nobody}")), "nobody", "there is no such stage"),
        (stages(ci("a", "{useFromStage: a}")), "a", "a stage cannot use its own"),
        (stages(ci("a", "{useFromStage: b}"), ci("b")), "b", "that stage comes later"),
        (
            stages(ci("a"), ci("b", "{useFromStage: a}"), ci("c", "{useFromStage: b}")),
            "b",
            "that stage takes its own from stage 'a'",
        ),
        (
            stages("stage: {identifier: d, type: Deployment}", ci("a", "{useFromStage: d}")),
            "d",
            "it is a Deployment stage, not a CI stage",
        ),
    ],
)
def test_infrastructure_of_a_stage_that_cannot_give_it_is_refused(text: str, stage: str, reason: str) -> None:
    with pytest.raises(StageReferenceError) as caught:
        parse_pipeline(text)
    assert f"the infrastructure of stage {stage!r} cannot be used: {reason}" in str(caught.value)
    assert "spec.infrastructure.useFromStage (line" in str(caught.value)


def test_a_used_infrastructure_brings_the_image_connector_along() -> None:
    first, second = parse_pipeline(stages(ci("a"), ci("b", "{useFromStage: a}"))).stages
    assert second.infrastructure.image_connector_ref == "account.mirror"
    assert second.infrastructure.used_from == "a"
    assert first.infrastructure.used_from is None
    assert second.infrastructure.pod == first.infrastructure.pod


def test_several_stages_may_use_the_same_infrastructure() -> None:
    text = stages(ci("a"), ci("b", "{useFromStage: a}"), ci("c", "{type: UseFromStage, useFromStage: a}"))
    assert [stage.infrastructure.used_from for stage in parse_pipeline(text).stages] == [None, "a", "a"]


def test_stages_side_by_side_are_read_in_order() -> None:
    text = stages(ci("a"), "parallel: [{" + ci("b") + "}, {" + ci("c") + "}]", ci("d"))
    assert [stage.identifier for stage in parse_pipeline(text).stages] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("kind", ["CI", "SecurityTests", "IDP"])
def test_ci_like_stages_are_read_alike(kind: str) -> None:
    (stage,) = parse_pipeline(stages(ci("a").replace("type: CI", f"type: {kind}", 1))).stages
    assert stage.type == kind
    assert stage.infrastructure.kind is InfrastructureKind.KUBERNETES_DIRECT


@pytest.mark.parametrize("kind", ["Deployment", "Approval", "Custom", "IACM", "Pipeline", "FeatureFlag"])
def test_other_stages_are_skipped_with_a_note_and_unread(kind: str) -> None:
    pipeline = parse_pipeline(stages(f"stage: {{identifier: x, type: {kind}, spec: [<+input>]}}", ci("a")))
    assert [stage.identifier for stage in pipeline.stages] == ["a"]
    (skipped,) = pipeline.skipped
    assert (skipped.identifier, skipped.type) == ("x", kind)
    assert "are not planned" in skipped.note


def test_a_stage_made_from_a_template_is_skipped_with_its_name() -> None:
    (skipped,) = parse_pipeline(
        stages("stage: {identifier: x, name: X, template: {templateRef: account.build, versionLabel: v1}}")
    ).skipped
    assert skipped.type == "template"
    assert "account.build" in skipped.note


def test_the_bare_form_and_the_wrapped_form_are_the_same_stages() -> None:
    bare = stages(ci("a"))
    wrapped = "pipeline:\n  identifier: p\n  name: P\n" + "".join(f"  {line}\n" for line in bare.splitlines())
    given, inner = parse_pipeline(wrapped), parse_pipeline(bare)
    assert [stage.identifier for stage in given.stages] == [stage.identifier for stage in inner.stages]
    assert (given.identifier, given.name) == ("p", "P")
    assert (inner.identifier, inner.name) == (None, None)


def test_codebase_is_cloned_unless_the_stage_says_no() -> None:
    texts = ("", ", cloneCodebase: true", ", cloneCodebase: false", ", cloneCodebase: 'false'", ", cloneCodebase: ")
    read = [parse_pipeline(stages(ci("a", rest=text))).stages[0].clones_codebase for text in texts]
    assert read == [True, True, False, False, True]


def test_what_says_nothing_about_images_may_be_anything() -> None:
    text = """
    pipeline:
      identifier: p
      name: <+input>
      orgIdentifier: <+input>
      tags: [<+input>]
      properties: {ci: {codebase: <+input>}}
      variables: [{name: x, value: <+input>}]
      notificationRules: 7
      stages:
        - stage:
            identifier: a
            name: "<+pipeline.name> build"
            type: CI
            when: <+input>
            strategy: {matrix: {go: <+input>}}
            variables: <+input>
            spec:
              caching: <+input>
              sharedPaths: <+input>
              infrastructure: {type: KubernetesDirect, spec: {connectorRef: <+input>, namespace: <+input>}}
              execution:
                steps:
                  - step:
                      identifier: s
                      type: SaveCacheS3
                      name: <+input>
                      timeout: <+input>
                      when: <+input>
                      spec: {connectorRef: <+input>, bucket: <+input>, image: {a: <+input>}}
                rollbackSteps: <+input>
    """
    (stage,) = parse_pipeline(text).stages
    assert stage.name == "<+pipeline.name> build"
    assert stage.steps[0].timeout_s is None
    assert stage.infrastructure.notes == (
        "connectorRef is an expression and is left out of a rendered pod",
        "namespace is an expression and is left out of a rendered pod",
    )


def test_org_and_project_are_kept_when_they_are_written_out() -> None:
    pipeline = parse_pipeline("pipeline: {orgIdentifier: o, projectIdentifier: p, stages: []}")
    assert (pipeline.org, pipeline.project) == ("o", "p")
    assert pipeline.stages == ()
