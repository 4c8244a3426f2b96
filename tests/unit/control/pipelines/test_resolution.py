"""The decision about every image, with its trail: the truth table of harness-api §13.3, then versions and names."""

from collections.abc import Callable

import pytest

from pierhead.control.catalogue import Catalogue, Infra, NoImageError, UnknownFieldError, UnknownLineError
from pierhead.control.connectors import (
    Connector,
    ConnectorNotFoundError,
    ConnectorSource,
    ImageNotPlaceableError,
)
from pierhead.control.pipelines import Pipeline, Plan, PlannedImage, StageNotFoundError, parse_pipeline, resolve
from pierhead.control.scopes import InvalidReferenceError, Scope
from pierhead.oci.errors import InvalidImageReferenceError

Document = Callable[..., str]
Planner = Callable[..., Plan]
Connect = Callable[..., Connector]

ADDON = "harness/ci-addon:1.16.92"
DIGEST = "sha256:" + "0" * 64


def images(plan: Plan) -> dict[str, PlannedImage]:
    (stage,) = plan.stages
    return {image.need.purpose: image for image in stage.images}


def chosen(image: PlannedImage) -> list[str]:
    return [reason.rule for reason in image.trail if reason.chosen]


# What cannot be had


def test_a_stage_connector_that_is_not_there_fails_the_stage_and_never_falls_back(
    stage: Document, plan: Planner
) -> None:
    found = plan(stage("type: S3Upload", infra="harnessImageConnectorRef: account.nobody")).stages[0]
    assert isinstance(found.error, ConnectorNotFoundError)
    assert str(found.error) == "Connector not found for identifier : [nobody] with scope: [account]"
    assert found.connector is None
    assert [image.error for image in found.images] == [found.error] * 3
    assert all(image.reference is None and image.access is None for image in found.images)
    assert [image.version is not None for image in found.images] == [True] * 3
    assert found.failed == found.images


def test_images_with_connectors_of_their_own_stand_when_the_stage_connector_is_missing(
    stage: Document, plan: Planner
) -> None:
    found = images(
        plan(
            stage(
                "type: Run, spec: {image: 'golang:1.22', connectorRef: account.hub}",
                "type: Grype, spec: {connectorRef: account.mirror}",
                infra="harnessImageConnectorRef: account.nobody",
            )
        )
    )
    assert found["addonTag"].error is not None
    assert str(found["s0"].reference) == "docker.io/library/golang:1.22"
    assert str(found["grype"].reference) == "mirror.corp:5000/ci/harness/grype-job-runner:latest"


def test_other_stages_stand_when_one_has_no_connector(plan: Planner, example: Callable[[str], str]) -> None:
    text = example("two-stages").replace("account.mirror", "account.nobody")
    build, publish = plan(text).stages
    assert build.error is None
    assert build.failed == ()
    assert publish.error is not None
    assert len(publish.failed) == len(publish.images) == 4


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("project_mirror", ConnectorNotFoundError),
        ("org.mirror", ConnectorNotFoundError),
        ("account.", InvalidReferenceError),
        ("a b", InvalidReferenceError),
    ],
)
def test_a_connector_reference_means_its_scope_and_no_other(
    stage: Document, plan: Planner, reference: str, error: type[Exception]
) -> None:
    found = plan(stage(infra=f"harnessImageConnectorRef: {reference}")).stages[0]
    assert isinstance(found.error, error)


def test_a_missing_step_connector_fails_that_image_alone(stage: Document, plan: Planner) -> None:
    found = plan(
        stage("type: Run, spec: {image: a, connectorRef: account.nobody}", "type: Run, spec: {image: b}")
    ).stages[0]
    assert found.error is None
    assert [image.need.purpose for image in found.failed] == ["s0"]
    assert isinstance(found.failed[0].error, ConnectorNotFoundError)


@pytest.mark.parametrize("image", ["UPPER/case:1", "a b", "golang:", "https://x/y", "a@sha256:1", "x" * 300])
def test_a_user_image_that_is_no_reference_fails_that_image_alone(stage: Document, plan: Planner, image: str) -> None:
    found = images(plan(stage(f"type: Run, spec: {{image: '{image}'}}", "type: Run, spec: {image: b}")))
    assert isinstance(found["s0"].error, InvalidImageReferenceError)
    assert found["s1"].error is None


def test_a_field_without_default_in_the_line_fails_that_image_alone(stage: Document, plan: Planner) -> None:
    found = images(plan(stage("type: BuildAndPushACR", "type: S3Upload"), line="1.14"))
    assert isinstance(found["buildAndPushACRTag"].error, NoImageError)
    assert str(found["s3UploadTag"].reference) == "docker.io/plugins/s3:1.0.5"


def test_a_field_that_machines_do_not_have_fails_that_image_alone(stage: Document, plan: Planner) -> None:
    found = images(plan(stage("type: provenance", "type: S3Upload", spec="runtime: {type: Cloud}")))
    assert isinstance(found["provenanceTag"].error, UnknownFieldError)
    assert found["s3UploadTag"].error is None


def test_an_unknown_release_line_fails_the_images_that_ask_it(stage: Document, plan: Planner) -> None:
    found = images(plan(stage("type: Run, spec: {image: a}"), line="9.9"))
    assert isinstance(found["addonTag"].error, UnknownLineError)
    assert found["s0"].error is None


def test_a_pin_to_a_host_with_port_has_no_place_behind_another_registry(stage: Document, plan: Planner) -> None:
    found = images(
        plan(
            stage(infra="harnessImageConnectorRef: account.mirror"), pins={"addonTag": "other:5000/harness/ci-addon:1"}
        )
    )
    assert isinstance(found["addonTag"].error, ImageNotPlaceableError)


@pytest.mark.parametrize("names", [("nobody",), ("build", "nobody")])
def test_asking_for_a_stage_that_is_not_there_names_those_that_are(
    stage: Document, plan: Planner, names: tuple[str, ...]
) -> None:
    with pytest.raises(StageNotFoundError, match="no CI stage 'nobody'") as caught:
        plan(stage(), stages=names)
    assert caught.value.hint == "its CI stages are build"


def test_a_reference_and_an_error_exclude_each_other(stage: Document, plan: Planner) -> None:
    image = images(plan(stage()))["addonTag"]
    with pytest.raises(ValueError, match="either a reference or an error"):
        PlannedImage(image.need, image.platform, image.pull_policy, "", "")


# Connector: stage, else account, else built in


def test_without_override_the_account_connector_is_used(stage: Document, plan: Planner, connect: Connect) -> None:
    account = connect("harnessImage", "https://us-docker.pkg.dev/gar-prod-setup/harness-public")
    image = images(plan(stage(), there=(account,)))["addonTag"]
    assert str(image.reference) == f"us-docker.pkg.dev/gar-prod-setup/harness-public/{ADDON}"
    assert image.connector is not None
    assert (image.connector.connector, image.connector.source) == (account, ConnectorSource.ACCOUNT)
    assert chosen(image)[0] == "account"
    assert image.access == account


def test_without_override_and_account_connector_the_built_in_default_is_used_with_a_warning(
    stage: Document, plan: Planner
) -> None:
    found = plan(stage(), there=())
    image = images(found)["addonTag"]
    assert str(image.reference) == f"docker.io/{ADDON}"
    assert image.connector is not None
    assert image.connector.source is ConnectorSource.BUILT_IN
    assert chosen(image)[0] == "built-in"
    assert (image.access, image.pull_secret_key) == (None, None)
    assert any("account.harnessImage" in warning for warning in found.stages[0].warnings)


@pytest.mark.parametrize("has_account", [True, False])
def test_an_override_wins_whether_or_not_there_is_an_account_connector(
    stage: Document, plan: Planner, connect: Connect, has_account: bool
) -> None:
    mirror = connect("mirror", "https://mirror.corp:5000/ci")
    there = (mirror, connect("harnessImage", "https://index.docker.io/v2/")) if has_account else (mirror,)
    image = images(plan(stage(infra="harnessImageConnectorRef: account.mirror"), there=there))["addonTag"]
    assert str(image.reference) == f"mirror.corp:5000/ci/{ADDON}"
    assert image.connector is not None
    assert image.connector.source is ConnectorSource.STAGE
    assert chosen(image)[0] == "stage"


@pytest.mark.parametrize(
    ("reference", "scope"),
    [
        ("mirror", Scope("acc", "default", "shop")),
        ("org.mirror", Scope("acc", "default")),
        ("account.mirror", Scope("acc")),
    ],
)
def test_an_override_may_come_from_any_scope_above_the_stage(
    stage: Document, plan: Planner, connect: Connect, reference: str, scope: Scope
) -> None:
    mirror = connect("mirror", "https://mirror.corp", scope=scope)
    found = plan(stage(infra=f"harnessImageConnectorRef: {reference}"), there=(mirror,)).stages[0]
    assert found.connector is not None
    assert found.connector.connector == mirror


def test_a_machine_has_its_override_too(stage: Document, plan: Planner) -> None:
    spec = "infrastructure: {type: VM, spec: {type: Pool, spec: {harnessImageConnectorRef: account.mirror}}}"
    image = images(plan(stage(spec=spec, clone=True), infra=Infra.VM))["gitCloneTag"]
    assert str(image.reference) == "mirror.corp:5000/ci/harness/drone-git:1.6.9"


def test_a_used_infrastructure_overrides_too(plan: Planner, example: Callable[[str], str]) -> None:
    scan = plan(example("user-images")).stages[1]
    assert str(scan.images[0].reference) == f"mirror.corp:5000/ci/{ADDON}"
    assert str(scan.images[0].platform) == "linux/arm64"


# Version: pin, else default; name; secret key


def test_a_pin_wins_over_the_default_and_says_whose_it_is(stage: Document, plan: Planner) -> None:
    image = images(plan(stage(), pins={"addonTag": "harness/ci-addon:1.15.0"}))["addonTag"]
    assert str(image.reference) == "docker.io/harness/ci-addon:1.15.0"
    assert "pin" in chosen(image)
    assert any("ada" in reason.text for reason in image.trail)


def test_a_pin_of_the_other_infrastructure_does_not_count(stage: Document, plan: Planner) -> None:
    image = images(plan(stage(clone=True), pins={"gitCloneTag": "harness/drone-git:0.1"}, infra=Infra.VM))[
        "gitCloneTag"
    ]
    assert str(image.reference) == "docker.io/harness/drone-git:1.6.9-rootless"


def test_a_pin_that_is_too_old_is_warned_about_and_used(stage: Document, plan: Planner) -> None:
    image = images(plan(stage(), pins={"addonTag": "harness/ci-addon:1.2.0"}))["addonTag"]
    assert str(image.reference) == "docker.io/harness/ci-addon:1.2.0"
    assert any("no longer supported" in warning for warning in image.warnings)


def test_a_pin_to_a_digest_is_kept(stage: Document, plan: Planner) -> None:
    image = images(plan(stage(), pins={"addonTag": f"harness/ci-addon@{DIGEST}"}))["addonTag"]
    assert str(image.reference) == f"docker.io/harness/ci-addon@{DIGEST}"
    assert image.warnings == ()


def test_the_release_line_decides_the_defaults(stage: Document, plan: Planner) -> None:
    assert str(images(plan(stage(), line="1.14"))["addonTag"].reference) == "docker.io/harness/ci-addon:1.14.4"


def test_the_trail_tells_every_decision_in_order(stage: Document, plan: Planner) -> None:
    image = images(plan(stage(infra="harnessImageConnectorRef: account.mirror, os: Linux")))["addonTag"]
    assert [(reason.rule, reason.chosen) for reason in image.trail] == [
        ("stage", True),
        ("account", False),
        ("built-in", False),
        ("pin", False),
        ("default", True),
        ("name", True),
        ("path", True),
        ("pull-policy", True),
        ("platform", True),
    ]
    assert all(reason.text for reason in image.trail)


@pytest.mark.parametrize(
    ("connector", "key"),
    [
        ("account.mirror", "mirror.corp:5000/ci"),
        ("account.hub", "https://index.docker.io/v1/"),
        ("account.harnessImage", None),
    ],
)
def test_the_pull_secret_key_is_what_a_node_looks_up(
    stage: Document, plan: Planner, connector: str, key: str | None
) -> None:
    image = images(plan(stage(infra=f"harnessImageConnectorRef: {connector}")))["addonTag"]
    assert image.pull_secret_key == key


# Scanners


def test_a_scanner_comes_through_the_stage_at_the_tag_of_the_catalogue(stage: Document, plan: Planner) -> None:
    image = images(plan(stage("type: AquaTrivy", infra="harnessImageConnectorRef: account.mirror")))["aqua-trivy"]
    assert str(image.reference) == "mirror.corp:5000/ci/harness/aqua-trivy-job-runner:latest"
    assert "default" in chosen(image)


def test_a_scanner_step_overrides_connector_and_tag(stage: Document, plan: Planner) -> None:
    image = images(plan(stage("type: AquaTrivy, spec: {connectorRef: account.mirror, imageTag: '1.2'}")))["aqua-trivy"]
    assert str(image.reference) == "mirror.corp:5000/ci/harness/aqua-trivy-job-runner:1.2"
    assert image.connector is not None
    assert image.connector.source is ConnectorSource.STEP
    assert "pipeline" in chosen(image)


# Images that users name


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("golang:1.22", "docker.io/library/golang:1.22"),
        ("acme/app:1", "docker.io/acme/app:1"),
        ("registry.hub.docker.com/acme/app:1", "docker.io/acme/app:1"),
        ("GCR.io/acme/app:1", "gcr.io/acme/app:1"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
    ],
)
def test_an_image_without_connector_is_pulled_by_its_own_name_and_anonymously(
    stage: Document, plan: Planner, image: str, reference: str
) -> None:
    found = images(
        plan(stage(f"type: Run, spec: {{image: '{image}'}}", infra="harnessImageConnectorRef: account.mirror"))
    )
    assert str(found["s0"].reference) == reference
    assert (found["s0"].access, found["s0"].pull_secret_key) == (None, None)
    assert found["s0"].connector is not None
    assert found["s0"].connector.source is ConnectorSource.NONE


@pytest.mark.parametrize(
    ("image", "reference", "key"),
    [
        ("app:1", "mirror.corp:5000/ci/app:1", "mirror.corp:5000/ci"),
        ("mirror.corp:5000/ci/app:1", "mirror.corp:5000/ci/app:1", "mirror.corp:5000/ci"),
        ("mirror.corp:5000/other/app:1", "mirror.corp:5000/other/app:1", "mirror.corp:5000"),
        ("MIRROR.corp:5000/cities/app:1", "mirror.corp:5000/cities/app:1", "mirror.corp:5000"),
    ],
)
def test_a_step_connector_gives_its_place_and_credentials(
    stage: Document, plan: Planner, image: str, reference: str, key: str
) -> None:
    found = images(plan(stage(f"type: Run, spec: {{image: '{image}', connectorRef: account.mirror}}")))["s0"]
    assert str(found.reference) == reference
    assert found.access is not None
    assert found.access.identifier == "mirror"
    assert found.pull_secret_key == key


@pytest.mark.parametrize(
    ("connector", "image", "reference"),
    [
        ("account.mirror", "gcr.io/acme/app:1", "gcr.io/acme/app:1"),
        ("account.mirror", "mirror.corp/ci/app:1", "mirror.corp/ci/app:1"),
        ("account.mirror", "mirror.corp:5001/ci/app:1", "mirror.corp:5001/ci/app:1"),
        ("account.mirror", "mirror.corp.evil.example:5000/app:1", "mirror.corp.evil.example:5000/app:1"),
        ("account.mirror", "docker.io/acme/app:1", "docker.io/acme/app:1"),
        ("account.mirror", "index.docker.io/acme/app:1", "docker.io/acme/app:1"),
        ("account.hub", "gcr.io/acme/app:1", "gcr.io/acme/app:1"),
        ("account.hub", "mirror.corp:5000/ci/app:1", "mirror.corp:5000/ci/app:1"),
    ],
)
def test_credentials_do_not_follow_an_image_to_another_registry(
    stage: Document, plan: Planner, connector: str, image: str, reference: str
) -> None:
    found = images(plan(stage(f"type: Run, spec: {{image: '{image}', connectorRef: {connector}}}")))["s0"]
    assert str(found.reference) == reference
    assert (found.access, found.pull_secret_key) == (None, None)
    assert any(f"without the connector {connector}" in warning for warning in found.warnings)


def test_credentials_do_not_follow_a_pin_to_another_registry(stage: Document, plan: Planner) -> None:
    found = images(
        plan(stage(infra="harnessImageConnectorRef: account.hub"), pins={"addonTag": "gcr.io/acme/ci-addon:1"})
    )["addonTag"]
    assert str(found.reference) == "gcr.io/acme/ci-addon:1"
    assert (found.access, found.pull_secret_key) == (None, None)
    assert len(found.warnings) == 1


# Warnings


@pytest.mark.parametrize(
    ("image", "words"),
    [("golang", "golang has no tag"), ("golang:latest", "the tag of golang:latest moves"), ("golang:1.22", None)],
)
def test_a_tag_that_moves_is_warned_about(stage: Document, plan: Planner, image: str, words: str | None) -> None:
    warnings = images(plan(stage(f"type: Run, spec: {{image: '{image}'}}")))["s0"].warnings
    assert [words in warning for warning in warnings if words] == ([True] if words else [])


def test_anonymous_docker_hub_is_warned_about_once_for_a_stage(stage: Document, plan: Planner) -> None:
    found = plan(stage("type: S3Upload", "type: Run, spec: {image: 'a:1'}")).stages[0]
    assert found.warnings == ("4 images come from Docker Hub without credentials, where pulls are limited per address",)


@pytest.mark.parametrize("connector", ["account.hub", "account.mirror"])
def test_with_credentials_or_elsewhere_docker_hub_is_not_warned_about(
    stage: Document, plan: Planner, connector: str
) -> None:
    found = plan(stage(infra=f"harnessImageConnectorRef: {connector}")).stages[0]
    assert not any("limited" in warning for warning in found.warnings)


def test_a_password_over_http_is_warned_about(stage: Document, plan: Planner) -> None:
    warnings = plan(stage(infra="harnessImageConnectorRef: account.plain")).stages[0].warnings
    assert any(warning.startswith("connector account.plain: http:// is not encrypted") for warning in warnings)
    assert any("connector account.plain sends its password over http" in warning for warning in warnings)


def test_what_needs_and_infrastructure_say_is_warned_about(stage: Document, plan: Planner) -> None:
    found = plan(stage("type: Teleport", infra="volumes: []")).stages[0]
    assert any("Teleport" in warning for warning in found.warnings)
    assert any("volumes" in warning for warning in found.warnings)


# The whole


def test_only_the_stages_asked_for_are_planned(plan: Planner, example: Callable[[str], str]) -> None:
    found = plan(example("user-images"), stages=("scan",))
    assert [stage.stage for stage in found.stages] == ["scan"]
    assert found.skipped == ()


def test_skipped_stages_are_part_of_the_plan(plan: Planner, example: Callable[[str], str]) -> None:
    assert [skipped.identifier for skipped in plan(example("user-images")).skipped] == ["deploy"]


def test_a_pipeline_without_ci_stages_says_so(plan: Planner) -> None:
    found = plan("stages: [{stage: {identifier: d, type: Deployment}}]")
    assert found.stages == ()
    assert found.warnings == ("the pipeline has no CI stage: there is nothing to prepare",)


@pytest.mark.parametrize(
    ("head", "title"), [("identifier: p, name: N", "p"), ("name: N", "N"), ("tags: {}", "pipeline")]
)
def test_a_plan_is_called_after_its_pipeline(plan: Planner, head: str, title: str) -> None:
    assert plan(f"pipeline: {{{head}, stages: []}}").pipeline == title


def test_each_connector_is_asked_for_once(stage: Document, example: Callable[[str], str], connect: Connect) -> None:
    asked: list[str] = []

    def find(scope: Scope, identifier: str) -> Connector | None:
        asked.append(identifier)
        return connect(identifier, "https://mirror.corp", scope=scope)

    pipeline: Pipeline = parse_pipeline(example("user-images"))
    resolve(pipeline, scope=Scope("acc"), find_connector=find, catalogue=Catalogue.load(), pins={})
    assert sorted(asked) == ["hub", "mirror"]
