"""Which images a stage needs, in which order, for whom."""

from collections.abc import Callable

import pytest

from pierhead.control.pipelines import PullPolicy, Role, StageNeeds, needs_of, parse_pipeline

Document = Callable[..., str]


def needs(document: str) -> StageNeeds:
    (stage,) = parse_pipeline(document).stages
    return needs_of(stage)


def shown(found: StageNeeds) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(need.role.value, need.image or need.purpose, need.used_by) for need in found.images]


def test_kubernetes_needs_addon_engine_and_clone_before_the_steps(stage: Document) -> None:
    found = needs(stage("type: S3Upload", "type: Run, spec: {image: 'golang:1.22'}", clone=True))
    assert shown(found) == [
        ("core", "addonTag", ("setup-addon",)),
        ("core", "liteEngineTag", ("lite-engine",)),
        ("core", "gitCloneTag", ("clone codebase",)),
        ("step", "s3UploadTag", ("s0",)),
        ("user", "golang:1.22", ("s1",)),
    ]
    assert found.warnings == ()


@pytest.mark.parametrize(
    "spec",
    [
        "infrastructure: {type: VM, spec: {type: Pool, spec: {poolName: p}}}",
        "runtime: {type: Docker, spec: {}}",
        "runtime: {type: Cloud, spec: {}}",
    ],
)
def test_machines_need_no_addon_and_no_engine(stage: Document, spec: str) -> None:
    assert shown(needs(stage("type: S3Upload", spec=spec, clone=True))) == [
        ("core", "gitCloneTag", ("clone codebase",)),
        ("step", "s3UploadTag", ("s0",)),
    ]


def test_without_a_clone_nothing_clones(stage: Document) -> None:
    assert [purpose for _, purpose, _ in shown(needs(stage()))] == ["addonTag", "liteEngineTag"]


def test_a_clone_step_shares_the_image_of_the_codebase_clone(stage: Document) -> None:
    found = needs(stage("type: GitClone", clone=True))
    assert shown(found)[2:] == [("core", "gitCloneTag", ("clone codebase", "s0"))]


def test_an_image_is_listed_once_with_all_its_users(stage: Document) -> None:
    found = needs(
        stage(
            "type: SaveCacheS3",
            "type: RestoreCacheS3",
            "type: Run, spec: {image: a, connectorRef: c}",
            "type: Background, spec: {image: a, connectorRef: c, imagePullPolicy: Always}",
        )
    )
    assert shown(found)[2:] == [("step", "cacheS3Tag", ("s0", "s1")), ("user", "a", ("s2", "s3"))]
    assert [use.pull_policy for use in found.images[-1].uses] == [None, PullPolicy.ALWAYS]


def test_the_same_image_through_another_connector_is_another_need(stage: Document) -> None:
    found = needs(
        stage(
            "type: Run, spec: {image: a}",
            "type: Run, spec: {image: a, connectorRef: c}",
            "type: Grype",
            "type: Grype, spec: {imageTag: '2'}",
        )
    )
    assert [(need.purpose, need.connector_ref, need.tag) for need in found.images[2:]] == [
        ("s0", None, None),
        ("s1", "c", None),
        ("grype", None, None),
        ("grype", None, "2"),
    ]


def test_a_user_image_called_like_a_field_is_not_taken_for_it(stage: Document) -> None:
    found = needs(stage("type: Run, spec: {image: s3UploadTag}", "type: S3Upload"))
    assert [need.role for need in found.images[2:]] == [Role.USER, Role.STEP]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("type: Teleport", "step s0 is of type Teleport, of which it is not known which image it needs"),
        ("template: {templateRef: account.lint}", "step s0 is made from the template account.lint"),
        ("type: Run, spec: {command: make}", "step s0 (Run) names no image"),
        ("type: Plugin", "step s0 (Plugin) names no image"),
    ],
)
def test_a_step_whose_image_is_not_known_is_warned_about(stage: Document, step: str, words: str) -> None:
    found = needs(stage(step))
    assert len(found.images) == 2
    (warning,) = found.warnings
    assert words in warning


def test_a_machine_runs_steps_without_image_itself(stage: Document) -> None:
    assert needs(stage("type: Run, spec: {command: make}", spec="runtime: {type: Cloud}")) == StageNeeds(())


@pytest.mark.parametrize("kind", ["Action", "Bitrise", "Wait", "HarnessApproval", "ShellScript"])
def test_some_steps_need_no_image_and_no_warning(stage: Document, kind: str) -> None:
    assert needs(stage(f"type: {kind}", spec="runtime: {type: Cloud}")) == StageNeeds(())
