"""Full names of images behind a connector: the rule of harness-api §5.4 and the pitfalls it had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.connectors import (
    ImageNotPlaceableError,
    image_name,
    normalise_url,
    preview,
)
from pierhead.kit.errors import AppError
from pierhead.oci.errors import InvalidImageReferenceError

ADDON = "harness/ci-addon:1.16"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    "image", ["", "  ", "/", "harness/CI-addon", "https://x/y", "a b", "x@sha256:12", "x:", "a" * 300]
)
@pytest.mark.parametrize("url", [None, "https://index.docker.io/v2/", "https://my.registry/path"])
def test_a_text_that_is_no_image_is_refused(url: str | None, image: str) -> None:
    with pytest.raises(InvalidImageReferenceError):
        image_name(normalise_url(url) if url else None, image)


def test_an_image_of_another_registry_with_a_port_cannot_become_a_path() -> None:
    with pytest.raises(ImageNotPlaceableError, match="other:5000 has a port") as refusal:
        image_name(normalise_url("https://my.registry"), "other:5000/harness/ci-addon:1")
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("url", "image", "name"),
    [
        # the rows of the reference
        ("https://index.docker.io/v2/", ADDON, "docker.io/harness/ci-addon:1.16"),
        ("https://my.registry/path", ADDON, "my.registry/path/harness/ci-addon:1.16"),
        ("https://my.registry:5000", "plugins/cache:1.9.8", "my.registry:5000/plugins/cache:1.9.8"),
        (
            "https://us-docker.pkg.dev/gar-prod-setup/harness-public",
            "harness/drone-git:1.6.9",
            "us-docker.pkg.dev/gar-prod-setup/harness-public/harness/drone-git:1.6.9",
        ),
        ("https://public.ecr.aws/harness", ADDON, "public.ecr.aws/harness/harness/ci-addon:1.16"),
        # /v2 is the API's path and no part of a name
        ("https://my.registry/v2/", ADDON, "my.registry/harness/ci-addon:1.16"),
        ("https://my.registry/path/v2/", ADDON, "my.registry/path/harness/ci-addon:1.16"),
        # all aliases of Docker Hub, not two of them
        ("https://docker.io", ADDON, "docker.io/harness/ci-addon:1.16"),
        ("https://hub.docker.com", ADDON, "docker.io/harness/ci-addon:1.16"),
        ("https://registry.hub.docker.com", ADDON, "docker.io/harness/ci-addon:1.16"),
        ("https://registry.hub.docker.com/v2/", ADDON, "docker.io/harness/ci-addon:1.16"),
        ("https://registry-1.docker.io", ADDON, "docker.io/harness/ci-addon:1.16"),
        # begins with the host, not: has it somewhere
        ("https://mirror.io", "harness/mirror.io-agent:1", "mirror.io/harness/mirror.io-agent:1"),
        ("https://my.registry", "my.registry.evil.example/x/y:1", "my.registry/my.registry.evil.example/x/y:1"),
        ("https://my.registry/path", "my.registry/path/harness/ci-addon:1", "my.registry/path/harness/ci-addon:1"),
        ("https://my.registry/path", "my.registry/elsewhere/ci-addon:1", "my.registry/elsewhere/ci-addon:1"),
        ("https://my.registry", "MY.registry/harness/ci-addon:1", "my.registry/harness/ci-addon:1"),
        ("https://my.registry", "my.registry:443/harness/ci-addon:1", "my.registry/harness/ci-addon:1"),
        # no scheme, upper-case host, web page of ECR
        ("gcr.io/gcr-prod", ADDON, "gcr.io/gcr-prod/harness/ci-addon:1.16"),
        ("https://My.Registry/path", ADDON, "my.registry/path/harness/ci-addon:1.16"),
        ("https://gallery.ecr.aws", ADDON, "public.ecr.aws/harness/harness/ci-addon:1.16"),
        ("https://gallery.ecr.aws", "public.ecr.aws/mine/x:1", "public.ecr.aws/mine/x:1"),
        ("https://public.ecr.aws/harness", "gallery.ecr.aws/mine/x:1", "public.ecr.aws/mine/x:1"),
        # tags and digests stay
        ("https://my.registry/p", f"harness/x@{DIGEST}", f"my.registry/p/harness/x@{DIGEST}"),
        ("https://my.registry/p", f"harness/x:1@{DIGEST}", f"my.registry/p/harness/x:1@{DIGEST}"),
        ("https://my.registry/p", "/harness/x:1", "my.registry/p/harness/x:1"),
        # one-segment names: library/ belongs to Docker Hub only
        ("https://index.docker.io/v2/", "golang:1.22", "docker.io/library/golang:1.22"),
        ("https://my.registry", "golang:1.22", "my.registry/golang:1.22"),
        # other registries in the name
        ("https://index.docker.io/v2/", "ghcr.io/acme/x:1", "ghcr.io/acme/x:1"),
        ("https://index.docker.io/v2/", "index.docker.io/harness/x:1", "docker.io/harness/x:1"),
        ("https://my.registry/proxy", "ghcr.io/acme/x:1", "my.registry/proxy/ghcr.io/acme/x:1"),
        # hosts without a dot keep a port, or they would read as an account of Docker Hub
        ("https://registry", ADDON, "registry:443/harness/ci-addon:1.16"),
        ("http://localhost", ADDON, "localhost/harness/ci-addon:1.16"),
        ("http://[::1]:5000/p", ADDON, "[::1]:5000/p/harness/ci-addon:1.16"),
    ],
)
def test_the_full_name_is_made_by_registry_and_path_of_the_connector(url: str, image: str, name: str) -> None:
    made = image_name(normalise_url(url), image)
    assert str(made.reference) == name
    assert made.reason
    assert "\n" not in made.reason


@pytest.mark.parametrize(
    ("image", "name"), [("golang", "docker.io/library/golang"), ("ghcr.io/acme/x:1", "ghcr.io/acme/x:1")]
)
def test_without_a_connector_the_name_says_it_all(image: str, name: str) -> None:
    assert str(image_name(None, image).reference) == name


def test_a_docker_hub_connector_says_when_its_credentials_are_not_used() -> None:
    made = image_name(normalise_url("https://index.docker.io/v2/"), "ghcr.io/acme/x:1")
    assert "its credentials are not used there" in made.reason


def test_a_preview_shows_names_warnings_and_the_key_of_the_pull_secret() -> None:
    shown = preview(normalise_url("https://gallery.ecr.aws/harness"), [ADDON, "other:5000/x/y"])
    assert [str(name.reference) for name in shown.names] == ["public.ecr.aws/harness/harness/ci-addon:1.16", "None"]
    assert "has a port" in shown.names[1].reason
    assert shown.pull_secret_key == "public.ecr.aws/harness"
    assert shown.warnings == ("gallery.ecr.aws is a web page for people; images are pulled from public.ecr.aws",)


REGISTRIES = st.sampled_from(
    [
        "https://index.docker.io/v2/",
        "https://my.registry/path",
        "http://127.0.0.1:5000",
        "https://public.ecr.aws/harness",
    ]
)
IMAGES = st.from_regex(r"([a-z]{1,6}(\.[a-z]{2})?(:[0-9]{1,4})?/)?[a-z0-9._/-]{1,20}(:[a-z0-9.]{1,5})?", fullmatch=True)


@given(REGISTRIES, st.text() | IMAGES)
def test_any_text_is_refused_or_gets_a_name_that_stays_the_same_when_asked_again(url: str, image: str) -> None:
    address = normalise_url(url)
    try:
        made = image_name(address, image)
    except AppError:
        return
    assert image_name(address, str(made.reference)).reference == made.reference


@given(st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}:[0-9]{1,3}", fullmatch=True))
def test_a_bare_name_never_leaves_the_connectors_registry(image: str) -> None:
    for url in ("https://my.registry/path", "https://registry:5000", "https://gallery.ecr.aws"):
        address = normalise_url(url)
        assert image_name(address, image).reference.registry == address.registry
