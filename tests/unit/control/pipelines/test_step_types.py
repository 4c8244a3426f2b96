"""The table of step types, held against the catalogue it points into."""

import pytest

from pierhead.control.catalogue import Catalogue, Infra
from pierhead.control.pipelines.step_types import StepKind, step_types


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("GitClone", "gitCloneTag"),
        ("BuildAndPushDockerRegistry", "buildAndPushDockerRegistryTag"),
        ("BuildAndPushECR", "buildAndPushECRTag"),
        ("BuildAndPushGCR", "buildAndPushGCRTag"),
        ("BuildAndPushGAR", "buildAndPushGARTag"),
        ("BuildAndPushACR", "buildAndPushACRTag"),
        ("GCSUpload", "gcsUploadTag"),
        ("S3Upload", "s3UploadTag"),
        ("ArtifactoryUpload", "artifactoryUploadTag"),
        ("SaveCacheGCS", "cacheGCSTag"),
        ("RestoreCacheGCS", "cacheGCSTag"),
        ("SaveCacheS3", "cacheS3Tag"),
        ("RestoreCacheS3", "cacheS3Tag"),
        ("Security", "securityTag"),
        ("SscaOrchestration", "sscaOrchestrationTag"),
        ("SscaEnforcement", "sscaEnforcementTag"),
        ("provenance", "provenanceTag"),
        ("SlsaVerification", "slsaVerificationTag"),
        ("AquaTrivy", "aqua-trivy"),
        ("Grype", "grype"),
        ("Semgrep", "semgrep"),
        ("Gitleaks", "gitleaks"),
        ("Snyk", "snyk"),
        ("Sonarqube", "sonarqube-agent"),
    ],
)
def test_a_step_type_has_its_image(name: str, image: str) -> None:
    assert step_types()[name].image == image


@pytest.mark.parametrize("name", ["Run", "Plugin", "Background", "RunTests", "Test", "Service"])
def test_users_name_the_images_of_these_types(name: str) -> None:
    assert step_types()[name].kind is StepKind.USER


@pytest.mark.parametrize("name", ["provenance", "SlsaVerification"])
@pytest.mark.parametrize(("source", "is_google"), [("gcr", True), ("Gcr", True), ("docker", False), (None, False)])
def test_images_in_google_registries_have_attestation_images_of_their_own(
    name: str, source: str | None, is_google: bool
) -> None:
    assert step_types()[name].image_for(source).endswith("GcrTag") is is_google


def test_every_field_in_the_table_is_in_the_catalogue() -> None:
    fields = Catalogue.load().fields
    wanted = [
        image
        for each in step_types().values()
        if each.kind is StepKind.CATALOGUE
        for image in (each.image, *each.by_source.values())
    ]
    assert [image for image in wanted if image not in fields] == []


def test_every_scanner_in_the_table_is_in_the_catalogue_and_none_is_left_out() -> None:
    named = {each.image for each in step_types().values() if each.kind is StepKind.SCANNER}
    assert named == set(Catalogue.load().scanners)


def test_every_common_field_of_the_seed_is_reached_by_a_step_or_by_the_stage() -> None:
    reached = {each.image for each in step_types().values()} | {"addonTag", "liteEngineTag"}
    assert set(Catalogue.load().defaults(Infra.K8, "1.14")) <= reached
