"""The example pipelines, planned against connectors of the names they use."""

from collections.abc import Callable

from pierhead.control.pipelines import Plan

Planner = Callable[..., Plan]
Example = Callable[[str], str]


def shown(plan: Plan) -> dict[str, list[str]]:
    return {stage.stage: [str(image.reference) for image in stage.images] for stage in plan.stages}


def test_two_stages_one_of_which_overrides_its_connector(plan: Planner, example: Example) -> None:
    assert shown(plan(example("two-stages"))) == {
        "build": [
            "docker.io/harness/ci-addon:1.16.92",
            "docker.io/harness/ci-lite-engine:1.16.92",
            "docker.io/harness/drone-git:1.6.9-rootless",
            "docker.io/plugins/cache:1.9.8",
            "docker.io/plugins/kaniko:1.10.6",
        ],
        "publish": [
            "mirror.corp:5000/ci/harness/ci-addon:1.16.92",
            "mirror.corp:5000/ci/harness/ci-lite-engine:1.16.92",
            "mirror.corp:5000/ci/plugins/s3:1.5.3",
            "mirror.corp:5000/ci/plugins/gcs:1.6.3",
        ],
    }


def test_machines(plan: Planner, example: Example) -> None:
    found = plan(example("virtual-machine"))
    assert shown(found) == {
        "machine": [
            "mirror.corp:5000/ci/harness/drone-git:1.6.9",
            "mirror.corp:5000/ci/plugins/ecr:20.18.7",
            "mirror.corp:5000/ci/plugins/artifactory:1.7.6",
        ],
        "local": ["docker.io/harness/drone-git:1.6.9", "docker.io/plugins/cache:1.9.8"],
    }
    assert [stage.init_timeout_s for stage in found.stages] == [900.0, 480.0]
    assert [str(stage.images[0].platform) for stage in found.stages] == ["linux/amd64", "linux/arm64"]


def test_images_of_users(plan: Planner, example: Example) -> None:
    found = plan(example("user-images"))
    assert shown(found) == {
        "test": [
            "mirror.corp:5000/ci/harness/ci-addon:1.16.92",
            "mirror.corp:5000/ci/harness/ci-lite-engine:1.16.92",
            "mirror.corp:5000/ci/harness/drone-git:1.6.9-rootless",
            "docker.io/library/postgres:16.4",
            "docker.io/library/golang:1.22",
            "docker.io/plugins/slack:1.4.1",
        ],
        "scan": [
            "mirror.corp:5000/ci/harness/ci-addon:1.16.92",
            "mirror.corp:5000/ci/harness/ci-lite-engine:1.16.92",
            "mirror.corp:5000/ci/harness/aqua-trivy-job-runner:latest",
            "mirror.corp:5000/ci/harness/drone-git:1.6.9-rootless",
        ],
    }
    golang = found.stages[0].images[4]
    assert golang.need.used_by == ("checks.unit", "checks.vet")
    assert golang.pull_policy == "Always"
    assert found.stages[0].images[5].pull_secret_key is None
