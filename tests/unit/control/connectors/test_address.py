"""What typed registry URLs mean."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pierhead.control.connectors import (
    InvalidRegistryUrlError,
    ProviderType,
    RegistryAddress,
    known_host,
    normalise_url,
    registry_hosts,
)
from pierhead.oci.reference import Reference, is_docker_hub

HUB_KEY = "https://index.docker.io/v1/"


def codes(address: RegistryAddress) -> set[str]:
    return {note.code for note in address.notes}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "cannot be empty"),
        ("   ", "cannot be empty"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("/path", "no host"),
        ("https://a_b.example", "no host"),
        ("https://-a.example", "no host"),
        ("https://a..example", "no host"),
        ("https://registry.example.", "no host"),
        ("https://registry.example:", "no host"),
        ("https://registry.example:0", "no host"),
        ("https://registry.example:65536", "no host"),
        ("https://registry.example:5000:5000", "no host"),
        ("https://[::1", "no host"),
        ("https://[zz]:5000", "no host"),
        ("ftp://registry.example", "has the scheme ftp"),
        ("docker://registry.example", "has the scheme docker"),
        ("file:///etc/passwd", "has the scheme file"),
        ("https://registry.example?x=1", "query or fragment"),
        ("https://registry.example/p#x", "query or fragment"),
        ("https://registry.example\\@evil.example", "user name or password"),
        ("https://registry.example\\evil", "characters no registry URL has"),
        ("https://registry.exa mple", "characters no registry URL has"),
        ("https://registry.example/\tp", "characters no registry URL has"),
        ("https://registry.example/\r\nHost: x", "characters no registry URL has"),
        ("https://реестр.example", "characters no registry URL has"),
        ("https://registry.example/" + "a" * 2048, "characters no registry URL has"),
        ("https://registry.example/Team", "cannot be part of an image name"),
        ("https://registry.example/a/../b", "cannot be part of an image name"),
        ("https://registry.example/a%2fb", "cannot be part of an image name"),
        ("https://registry.example/v2/_catalog", "cannot be part of an image name"),
        ("https://registry.example/v1/", "v1 API"),
        ("https://registry.example/v1", "v1 API"),
        ("registry.example:5000/mirror/V1/", "v1 API"),
        ("https://index.docker.io/myorg", "Docker Hub has none"),
        ("https://hub.docker.com/r/harness/ci-addon", "Docker Hub has none"),
    ],
)
def test_a_url_that_cannot_be_a_registry_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(InvalidRegistryUrlError, match=reason) as refusal:
        normalise_url(url)
    assert refusal.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@registry.example/p",
        "user:hunter2@registry.example",
        "https://user:hun/ter2@registry.example",
        "https://hunter2@registry.example?x",
        "ftp://user:hunter2@registry.example",
        "https:user:hunter2@registry.example",
    ],
)
def test_a_password_in_a_url_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(InvalidRegistryUrlError, match="user name or password") as refusal:
        normalise_url(url)
    assert "hunter2" not in refusal.value.message + refusal.value.hint
    assert "hun/ter2" not in refusal.value.message
    assert "user:" not in refusal.value.message


def test_a_token_in_a_query_is_never_repeated() -> None:
    with pytest.raises(InvalidRegistryUrlError) as refusal:
        normalise_url("https://registry.example/p?token=hunter2")
    assert "hunter2" not in refusal.value.message + refusal.value.hint


def test_a_v1_url_is_answered_with_what_to_type_instead() -> None:
    with pytest.raises(InvalidRegistryUrlError) as refusal:
        normalise_url("http://registry.example:5000/mirror/v1/")
    assert refusal.value.hint.endswith("http://registry.example:5000/mirror/v2/")


@pytest.mark.parametrize("scheme", ["", "https://", "HTTPS://", "http://"])
@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v2", "/v2/", "//v2//"])
@pytest.mark.parametrize(
    "host",
    [
        "docker.io",
        "index.docker.io",
        "registry-1.docker.io",
        "registry.hub.docker.com",
        "hub.docker.com",
        "Index.Docker.IO",
    ],
)
def test_every_way_to_write_docker_hub_is_docker_hub(scheme: str, host: str, path: str) -> None:
    address = normalise_url(f"{scheme}{host}{path}")
    assert (address.registry, address.scheme, address.path_prefix) == ("docker.io", "https", "")
    assert address.pull_secret_key == HUB_KEY
    assert ("api-v1" in codes(address)) == ("v1" in path)
    assert ("web-page" in codes(address)) == (host == "hub.docker.com")
    assert ("https-used" in codes(address)) == (scheme == "http://")


@pytest.mark.parametrize(
    ("url", "registry", "scheme", "prefix", "key", "expected"),
    [
        ("https://index.docker.io/v2/", "docker.io", "https", "", HUB_KEY, set()),
        ("index.docker.io/v1/", "docker.io", "https", "", HUB_KEY, {"api-v1"}),
        ("https://registry.hub.docker.com", "docker.io", "https", "", HUB_KEY, set()),
        (
            "https://gallery.ecr.aws",
            "public.ecr.aws",
            "https",
            "harness",
            "public.ecr.aws/harness",
            {"web-page", "path-assumed"},
        ),
        ("https://gallery.ecr.aws/mine", "public.ecr.aws", "https", "mine", "public.ecr.aws/mine", {"web-page"}),
        ("https://public.ecr.aws/harness", "public.ecr.aws", "https", "harness", "public.ecr.aws/harness", set()),
        ("https://public.ecr.aws", "public.ecr.aws", "https", "", "public.ecr.aws", {"path-missing"}),
        ("https://gcr.io/gcr-prod", "gcr.io", "https", "gcr-prod", "gcr.io/gcr-prod", {"registry-deprecated"}),
        ("gcr.io/gcr-prod", "gcr.io", "https", "gcr-prod", "gcr.io/gcr-prod", {"registry-deprecated"}),
        (
            "https://us-docker.pkg.dev/gar-prod-setup/harness-public",
            "us-docker.pkg.dev",
            "https",
            "gar-prod-setup/harness-public",
            "us-docker.pkg.dev/gar-prod-setup/harness-public",
            set(),
        ),
        ("https://eu-docker.pkg.dev/p", "eu-docker.pkg.dev", "https", "p", "eu-docker.pkg.dev/p", {"path-missing"}),
        (
            "https://app.harness.io/registry",
            "app.harness.io",
            "https",
            "registry",
            "app.harness.io/registry",
            {"dead-registry"},
        ),
        ("https://ghcr.io/acme", "ghcr.io", "https", "acme", "ghcr.io/acme", set()),
        ("https://mycompany.jfrog.io", "mycompany.jfrog.io", "https", "", "mycompany.jfrog.io", set()),
        ("MY.Registry.Example:5000", "my.registry.example:5000", "https", "", "my.registry.example:5000", set()),
        ("https://my.registry:443/p/", "my.registry", "https", "p", "my.registry/p", set()),
        ("https://my.registry/p/v2/", "my.registry", "https", "p", "my.registry/p", set()),
        ("https://my.registry/v2/p", "my.registry", "https", "p", "my.registry/p", {"api-path"}),
        ("http://my.registry", "my.registry", "http", "", "my.registry", {"plain-http"}),
        ("http://my.registry:80", "my.registry:80", "http", "", "my.registry:80", {"plain-http"}),
        ("http://127.0.0.1:5000", "127.0.0.1:5000", "http", "", "127.0.0.1:5000", {"plain-http"}),
        ("localhost:5000/mirror", "localhost:5000", "https", "mirror", "localhost:5000/mirror", set()),
        ("http://localhost", "localhost", "http", "", "localhost", {"plain-http"}),
        ("https://registry", "registry:443", "https", "", "registry:443", {"port-added"}),
        ("http://registry", "registry:80", "http", "", "registry:80", {"plain-http", "port-added"}),
        ("registry:5000", "registry:5000", "https", "", "registry:5000", set()),
        ("https://[::1]:5000/p", "[::1]:5000", "https", "p", "[::1]:5000/p", set()),
        ("docker.io:5000", "docker.io:5000", "https", "", "docker.io:5000", set()),
        ("  https://my.registry/p  ", "my.registry", "https", "p", "my.registry/p", set()),
    ],
)
def test_a_url_is_read_as_its_writer_meant_it(
    url: str, registry: str, scheme: str, prefix: str, key: str, expected: set[str]
) -> None:
    address = normalise_url(url)
    assert (address.registry, address.scheme, address.path_prefix) == (registry, scheme, prefix)
    assert address.pull_secret_key == key
    assert codes(address) == expected


def test_the_warnings_name_what_to_use_instead() -> None:
    assert "https://index.docker.io/v2/" in normalise_url("https://app.harness.io/registry").warnings[0]
    assert "15 May 2024" in normalise_url("https://app.harness.io/registry").warnings[0]
    assert "https://public.ecr.aws/harness" in " ".join(normalise_url("https://gallery.ecr.aws").warnings)
    assert "gar-prod-setup/harness-public" in normalise_url("https://gcr.io/gcr-prod").warnings[0]


def test_a_provider_type_that_contradicts_the_host_is_said() -> None:
    assert codes(normalise_url("https://my.registry", ProviderType.DOCKER_HUB)) == {"provider-mismatch"}
    assert codes(normalise_url("https://index.docker.io", ProviderType.DOCKER_HUB)) == set()
    assert codes(normalise_url("https://my.registry", ProviderType.HARBOR)) == set()


def test_every_known_alias_of_docker_hub_is_one_for_references_too() -> None:
    hub = known_host("docker.io")
    assert hub is not None
    assert all(is_docker_hub(host) for host in (*hub.hosts, *hub.web_pages))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "Amazon ECR"),
        ("europe-docker.pkg.dev", "Google Artifact Registry"),
        ("app.harness.io", "app.harness registry"),
    ],
)
def test_hosts_are_known_by_name_and_by_pattern(host: str, name: str) -> None:
    entry = known_host(host)
    assert entry is not None
    assert entry.name == name


def test_look_alike_hosts_are_not_known() -> None:
    for host in ("xdocker.io", "docker.io.evil.example", "evil-docker.pkg.dev.example", "example.com"):
        assert known_host(host) is None


def test_each_entry_of_the_host_table_is_usable() -> None:
    for entry in registry_hosts():
        assert entry.hosts
        assert entry.use
        if entry.use.startswith("https://") and "<" not in entry.use:
            assert normalise_url(entry.use).registry


URLS = st.from_regex(
    r"(https?://)?[a-zA-Z0-9.-]{1,20}(\.io|\.aws|\.dev)?(:[0-9]{1,5})?(/[a-z0-9._-]{1,8}){0,3}(/v[12])?/?",
    fullmatch=True,
)


@given(st.text() | URLS)
@example("https://v2.example/v2/v2/a/v2/v2")
def test_any_text_is_refused_or_read_into_an_address_that_reads_the_same_again(text: str) -> None:
    try:
        address = normalise_url(text)
    except InvalidRegistryUrlError:
        return
    again = normalise_url(address.url)
    assert (again.registry, again.scheme, again.path_prefix) == (address.registry, address.scheme, address.path_prefix)
    assert again.pull_secret_key == address.pull_secret_key


@given(URLS)
def test_every_address_makes_names_that_name_its_registry(url: str) -> None:
    try:
        address = normalise_url(url)
    except InvalidRegistryUrlError:
        return
    prefix = f"{address.path_prefix}/" if address.path_prefix else ""
    assert Reference.parse(f"{address.registry}/{prefix}harness/ci-addon:1").registry == address.registry
