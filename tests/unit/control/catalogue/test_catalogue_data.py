"""The data that ships: what is in it, and that every piece of it fits the others."""

import pytest

from pierhead.control.catalogue import (
    Catalogue,
    Infra,
    NoImageError,
    UnknownFieldError,
    UnknownLineError,
    repository_of,
)
from pierhead.oci.reference import Reference

CATALOGUE = Catalogue.load()
LINE_1_14_K8 = {
    "addonTag": "harness/ci-addon:1.14.4",
    "liteEngineTag": "harness/ci-lite-engine:1.14.4",
    "gitCloneTag": "harness/drone-git:1.1.0-rootless",
    "buildAndPushDockerRegistryTag": "plugins/kaniko:1.3.1",
    "buildAndPushECRTag": "plugins/kaniko-ecr:1.3.1",
    "buildAndPushGCRTag": "plugins/kaniko-gcr:1.3.1",
    "gcsUploadTag": "plugins/gcs:1.2.6",
    "s3UploadTag": "plugins/s3:1.0.5",
    "artifactoryUploadTag": "plugins/artifactory:1.0.6",
    "cacheGCSTag": "plugins/cache:1.3.8",
    "cacheS3Tag": "plugins/cache:1.3.8",
    "securityTag": "harness/sto-plugin:latest",
}
K8_2023 = [
    "addonTag",
    "liteEngineTag",
    "gitCloneTag",
    "buildAndPushDockerRegistryTag",
    "buildAndPushECRTag",
    "buildAndPushACRTag",
    "buildAndPushGCRTag",
    "buildAndPushGARTag",
    "gcsUploadTag",
    "s3UploadTag",
    "artifactoryUploadTag",
    "cacheGCSTag",
    "cacheS3Tag",
    "securityTag",
    "sscaOrchestrationTag",
    "sscaEnforcementTag",
    "provenanceTag",
    "provenanceGcrTag",
    "slsaVerificationTag",
    "slsaVerificationGcrTag",
    "cookieCutter",
    "createRepo",
    "directPush",
    "registerCatalog",
    "createCatalog",
    "slackNotify",
]
K8_2025 = [
    "addonTagRootless",
    "liteEngineTagRootless",
    "buildAndPushBuildxDockerRegistryTag",
    "buildAndPushBuildxECRTag",
    "buildAndPushBuildxGARTag",
    "buildAndPushBuildxACRTag",
    "cacheProxyImage",
    "sscaArtifactSigningTag",
    "sscaArtifactVerificationTag",
    "sscaCdxgenOrchestrationTag",
    "sscaComplianceTag",
    "iacmTerraform",
    "iacmTerragrunt",
    "iacmAnsible",
    "iacmOpenTofu",
    "iacmCheckov",
    "iacmTFCompliance",
    "iacmTFLint",
    "iacmTFSec",
    "iacmModuleTest",
    "createOrganisation",
    "createProject",
    "createResource",
    "updateCatalogProperty",
]
VM = [
    "gitCloneTag",
    "buildAndPushDockerRegistryTag",
    "buildAndPushACRTag",
    "buildAndPushECRTag",
    "buildAndPushGCRTag",
    "buildAndPushGARTag",
    "gcsUploadTag",
    "s3UploadTag",
    "artifactoryUploadTag",
    "cacheGCSTag",
    "cacheS3Tag",
    "securityTag",
    "sscaOrchestrationTag",
    "sscaEnforcementTag",
    "cookieCutter",
    "createRepo",
    "directPush",
    "registerCatalog",
    "createCatalog",
    "slackNotify",
]
NINE = [
    "harness/ci-addon",
    "harness/ci-lite-engine",
    "harness/drone-git",
    "plugins/cache",
    "plugins/kaniko",
    "plugins/kaniko-ecr",
    "plugins/kaniko-gcr",
    "plugins/s3",
    "plugins/gcs",
]


def test_a_line_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownLineError, match=r"'9\.9'") as refusal:
        CATALOGUE.defaults(Infra.K8, "9.9")
    assert "1.16, 1.14" in refusal.value.hint


def test_a_field_of_another_infrastructure_is_unknown() -> None:
    with pytest.raises(UnknownFieldError, match=r"^Field addonTag does not exist for infra type: VM$"):
        CATALOGUE.default("addonTag", Infra.VM)


def test_a_field_without_an_image_in_an_older_line_is_named() -> None:
    with pytest.raises(NoImageError, match="addonTagRootless has no default image"):
        CATALOGUE.default("addonTagRootless", Infra.K8, "1.14")


def test_the_older_line_is_that_of_the_published_example() -> None:
    assert dict(CATALOGUE.defaults(Infra.K8, "1.14")) == LINE_1_14_K8
    assert list(CATALOGUE.defaults(Infra.K8, "1.14")) == list(LINE_1_14_K8)


@pytest.mark.parametrize(
    ("field", "image"),
    [
        ("addonTag", "harness/ci-addon:1.16.92"),
        ("liteEngineTag", "harness/ci-lite-engine:1.16.92"),
        ("gitCloneTag", "harness/drone-git:1.6.9-rootless"),
        ("buildAndPushDockerRegistryTag", "plugins/kaniko:1.10.6"),
        ("buildAndPushECRTag", "plugins/kaniko-ecr:1.11.0"),
        ("buildAndPushGCRTag", "plugins/kaniko-gcr:1.10.1"),
        ("gcsUploadTag", "plugins/gcs:1.6.3"),
        ("s3UploadTag", "plugins/s3:1.5.3"),
        ("artifactoryUploadTag", "plugins/artifactory:1.7.6"),
        ("cacheGCSTag", "plugins/cache:1.9.8"),
        ("cacheS3Tag", "plugins/cache:1.9.8"),
        ("securityTag", "harness/sto-plugin:latest"),
    ],
)
def test_the_newest_line_is_the_one_that_is_meant_when_none_is_named(field: str, image: str) -> None:
    assert CATALOGUE.lines()[0] == "1.16"
    assert CATALOGUE.defaults(Infra.K8)[field] == image


def test_every_known_field_is_there_with_its_purpose() -> None:
    assert {field.name for field in CATALOGUE.fields_of(Infra.K8)} == {*K8_2023, *K8_2025}
    assert {*VM} <= {field.name for field in CATALOGUE.fields_of(Infra.VM)} <= {*K8_2023, *K8_2025}
    assert all(field.purpose for field in CATALOGUE.fields.values())


def test_virtual_machines_have_their_own_images_and_no_core_ones() -> None:
    defaults = CATALOGUE.defaults(Infra.VM)
    assert not {"addonTag", "liteEngineTag"} & {field.name for field in CATALOGUE.fields_of(Infra.VM)}
    for kind, name in (("DockerRegistry", "docker"), ("ECR", "ecr"), ("ACR", "acr"), ("GCR", "gcr"), ("GAR", "gar")):
        assert repository_of(defaults[f"buildAndPush{kind}Tag"]) == f"plugins/{name}"
    assert not defaults["gitCloneTag"].endswith("-rootless")


def test_the_newest_line_has_an_image_for_every_field() -> None:
    for infra in Infra:
        assert set(CATALOGUE.defaults(infra)) == {field.name for field in CATALOGUE.fields_of(infra)}


@pytest.mark.parametrize("line", CATALOGUE.lines())
@pytest.mark.parametrize("infra", Infra)
def test_every_default_is_a_reference_to_an_image_whose_purpose_is_known(line: str, infra: Infra) -> None:
    for field, image in CATALOGUE.defaults(infra, line).items():
        CATALOGUE.check_fields((field,), infra)
        assert Reference.parse(image).tag
        assert CATALOGUE.purpose_of(repository_of(image)), image


def test_the_repository_list_has_every_image_of_the_published_examples() -> None:
    repositories = CATALOGUE.repositories()
    assert list(repositories) == sorted(set(repositories))
    assert {*NINE} <= {*repositories}
    assert {repository_of(image) for image in LINE_1_14_K8.values()} <= {*repositories}
    assert all(CATALOGUE.purpose_of(name) for name in repositories)
    assert CATALOGUE.purpose_of("library/golang") is None


def test_scanners_follow_one_pattern() -> None:
    assert len(CATALOGUE.scanners) == 34
    trivy = CATALOGUE.scanner("aqua-trivy")
    assert trivy is not None
    assert trivy.image == "harness/aqua-trivy-job-runner:latest"
    assert trivy.repository in CATALOGUE.repositories()
    assert CATALOGUE.scanner("unknown") is None


def test_samples_are_a_handful_of_real_images() -> None:
    samples = CATALOGUE.samples()
    assert "harness/ci-addon:1.16.92" in samples
    assert 2 <= len(samples) <= 6


def test_the_data_is_read_once_and_cannot_be_changed() -> None:
    assert Catalogue.load() is CATALOGUE
    with pytest.raises(TypeError):
        CATALOGUE.defaults(Infra.K8)["addonTag"] = "x"  # type: ignore[index]
