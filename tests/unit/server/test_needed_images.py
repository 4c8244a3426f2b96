"""A connection test asks for what pipelines will want from the connector."""

import pytest

from pierhead.control.catalogue import Infra
from pierhead.control.connectors import parse_connector
from pierhead.server.jobs.needed_images import MAX_REPOSITORIES, images_to_try
from pierhead.testing.application import MemoryApplication, memory_application


@pytest.fixture
def application(tmp_path) -> MemoryApplication:
    return memory_application(tmp_path)


def saved(application: MemoryApplication, identifier: str, url: str = "https://registry.example/ci"):
    spec = {"dockerRegistryUrl": url, "providerType": "Other", "auth": {"type": "Anonymous"}}
    document = {"identifier": identifier, "name": "n", "type": "DockerRegistry", "spec": spec}
    draft = parse_connector({"connector": document}, application.account.id)
    if identifier == "harnessImage":
        return application.connectors.update(draft).connector
    return application.connectors.create(draft).connector


def test_the_default_connector_is_asked_for_each_repository_once_and_not_for_all(application) -> None:
    images = images_to_try(saved(application, "harnessImage"), application.catalogue)
    assert len(images) == len({image.rpartition(":")[0] for image in images}) == MAX_REPOSITORIES
    assert all(image.startswith("registry.example/ci/") for image in images)


def test_pins_are_asked_for_in_place_of_defaults(application) -> None:
    account = application.account.id
    application.catalogue.update_config(account, Infra.K8, [("addonTag", "harness/ci-addon:0.0.1-pinned")], "me")
    images = images_to_try(saved(application, "harnessImage"), application.catalogue)
    assert "registry.example/ci/harness/ci-addon:0.0.1-pinned" in images


def test_an_image_of_another_registry_is_not_asked_for_here(application) -> None:
    account = application.account.id
    fields = application.catalogue.default_config(Infra.K8)
    application.catalogue.update_config(account, Infra.K8, [(f, "other.example:5000/x/y:1") for f in fields], "me")
    images = images_to_try(saved(application, "harnessImage"), application.catalogue)
    assert not any("other.example" in image for image in images)


def test_a_connector_that_nothing_comes_through_by_default_is_asked_for_one_image(application) -> None:
    assert len(images_to_try(saved(application, "mirror"), application.catalogue)) == 1
