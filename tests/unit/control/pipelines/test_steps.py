"""Steps in all their nestings, and what is read of them."""

import pytest

from pierhead.control.pipelines import PipelineExpressionError, PipelineFieldError, PullPolicy, Step, parse_pipeline


def read(steps: str, more: str = "") -> tuple[Step, ...]:
    stage = f"{{identifier: a, type: CI, spec: {{runtime: {{type: Cloud}}, execution: {{steps: {steps}}}{more}}}}}"
    return parse_pipeline(f"stages: [{{stage: {stage}}}]").stages[0].steps


def step(identifier: str, more: str = "type: Run") -> str:
    return f"{{step: {{identifier: {identifier}, {more}}}}}"


@pytest.mark.parametrize(
    ("steps", "path", "expected"),
    [
        ("x", "execution.steps", "a list of steps"),
        ("{a: b}", "execution.steps", "a list of steps"),
        ("[x]", "execution.steps[0]", "a mapping"),
        ("[{}]", "execution.steps[0]", "step:, parallel: or stepGroup:"),
        ("[{step: x}]", "execution.steps[0].step", "a mapping"),
        ("[{step: {}}]", "execution.steps[0].step.identifier", "an identifier"),
        ("[{step: {identifier: 'a b'}}]", "execution.steps[0].step.identifier", "an identifier of letters"),
        ("[{step: {identifier: a}}]", "execution.steps[0].step.type", "a step type"),
        (f"[{step('a', 'type: Run, spec: x')}]", "execution.steps[0].step.spec", "a mapping"),
        (f"[{step('a', 'type: Run, spec: {image: [x]}')}]", "execution.steps[0].step.spec.image", "an image such as"),
        (
            f"[{step('a', 'type: Run, spec: {connectorRef: {}}')}]",
            "execution.steps[0].step.spec.connectorRef",
            "the ref",
        ),
        (
            f"[{step('a', 'type: Run, spec: {imagePullPolicy: Maybe}')}]",
            "execution.steps[0].step.spec.imagePullPolicy",
            "Always, IfNotPresent or Never",
        ),
        (f"[{step('a', 'type: Run, timeout: later')}]", "execution.steps[0].step.timeout", "a duration"),
        (f"[{step('a')}, {step('a')}]", "execution.steps[1].step.identifier", "an identifier that is unique"),
        (
            f"[{{parallel: [{step('a')}, {step('a')}]}}]",
            "execution.steps[0].parallel[1].step.identifier",
            "an identifier that is unique",
        ),
        ("[{parallel: x}]", "execution.steps[0].parallel", "a list of steps that run side by side"),
        ("[{stepGroup: {identifier: g}}]", "execution.steps[0].stepGroup.steps", "a list of steps"),
        ("[{stepGroup: {steps: []}}]", "execution.steps[0].stepGroup.identifier", "an identifier"),
        (
            f"[{{stepGroup: {{identifier: g, steps: [{step('a')}, {{stepGroup: {{identifier: a, steps: []}}}}]}}}}]",
            "execution.steps[0].stepGroup.steps[1].stepGroup.identifier",
            "an identifier that is unique",
        ),
        (f"[{step('a', 'type: AquaTrivy, spec: {imageTag: []}')}]", "execution.steps[0].step.spec.imageTag", "the tag"),
    ],
)
def test_a_wrong_step_is_refused_by_its_path(steps: str, path: str, expected: str) -> None:
    with pytest.raises(PipelineFieldError) as caught:
        read(steps)
    assert caught.value.place.path == f"stages[0].stage.spec.{path}"
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("type: Run, spec: {image: <+input>}", "spec.image"),
        ("type: Run, spec: {image: 'golang:<+matrix.go>'}", "spec.image"),
        ("type: Background, spec: {image: a, connectorRef: <+input>}", "spec.connectorRef"),
        ("type: Plugin, spec: {image: a, imagePullPolicy: <+input>}", "spec.imagePullPolicy"),
        ("type: Snyk, spec: {connectorRef: <+input>}", "spec.connectorRef"),
        ("type: <+input>", "type"),
    ],
)
def test_an_expression_that_decides_about_an_image_is_refused(more: str, field: str) -> None:
    with pytest.raises(PipelineExpressionError) as caught:
        read(f"[{step('a', more)}]")
    assert caught.value.place.path == f"stages[0].stage.spec.execution.steps[0].step.{field}"


def test_groups_and_branches_are_laid_flat_in_order() -> None:
    group = f"{{stepGroup: {{identifier: g, steps: [{step('a')}, {{parallel: [{step('b')}, {step('c')}]}}]}}}}"
    found = read(
        f"[{step('a')}, {group}, {{parallel: [{step('d')}, {{stepGroup: {{identifier: h, steps: [{step('a')}]}}}}]}}]"
    )
    assert [each.path for each in found] == ["a", "g.a", "g.b", "g.c", "d", "h.a"]


def test_services_come_first_and_are_user_images() -> None:
    (service, run) = read(
        f"[{step('db')}]",
        ", serviceDependencies: [{identifier: db, type: Service, spec: {image: 'postgres:16', connectorRef: c}}]",
    )
    assert (service.path, service.type, service.image, service.connector_ref) == (
        "serviceDependencies.db",
        "Service",
        "postgres:16",
        "c",
    )
    assert run.path == "db"


def test_a_user_step_says_image_connector_and_policy() -> None:
    (found,) = read(
        f"[{step('a', 'name: A, type: Run, timeout: 1h, spec: {image: go, connectorRef: c, imagePullPolicy: never}')}]"
    )
    assert (found.image, found.connector_ref, found.pull_policy) == ("go", "c", PullPolicy.NEVER)
    assert (found.name, found.timeout_s) == ("A", 3600.0)


def test_an_image_written_as_a_number_keeps_its_digits() -> None:
    (found,) = read(f"[{step('a', 'type: Run, spec: {image: 1.10}')}]")
    assert found.image == "1.10"


def test_the_connector_of_a_push_step_is_not_where_its_own_image_comes_from() -> None:
    spec = "{connectorRef: target, image: x, baseImageConnectorRefs: [b]}"
    (found,) = read(f"[{step('a', f'type: BuildAndPushDockerRegistry, spec: {spec}')}]")
    assert (found.connector_ref, found.image) == (None, None)
    assert found.base_image_connector_refs == ("b",)


@pytest.mark.parametrize(
    ("refs", "expected"), [("[a, b]", ("a", "b")), ("a", ("a",)), ("<+input>", ("<+input>",)), ("", ())]
)
def test_base_image_connectors_are_only_shown(refs: str, expected: tuple[str, ...]) -> None:
    (found,) = read(f"[{step('a', f'type: BuildAndPushECR, spec: {{baseImageConnectorRefs: {refs}}}')}]")
    assert found.base_image_connector_refs == expected


def test_a_scanner_step_may_override_connector_and_tag() -> None:
    (found,) = read(
        f"[{step('a', 'type: AquaTrivy, spec: {connectorRef: account.mirror, imageTag: 2.1, image: {name: scanned}}')}]"
    )
    assert (found.connector_ref, found.image_tag, found.image) == ("account.mirror", "2.1", None)


def test_an_attestation_step_says_its_kind_of_registry() -> None:
    (found,) = read(f"[{step('a', 'type: provenance, spec: {source: {type: gcr, spec: {}}}')}]")
    assert found.source_type == "gcr"


def test_steps_of_unknown_type_are_kept_unread() -> None:
    (found,) = read(f"[{step('a', 'type: Teleport, spec: {image: [<+input>]}')}]")
    assert (found.type, found.image) == ("Teleport", None)


def test_templates_stand_for_what_is_not_written_out() -> None:
    group = "{stepGroup: {identifier: g, template: {templateRef: org.checks}}}"
    single, grouped = read(f"[{step('a', 'template: {templateRef: account.lint}')}, {group}]")
    assert (single.template, grouped.template) == ("account.lint", "org.checks")
