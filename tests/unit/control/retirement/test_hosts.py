"""Which hosts are known to have ended, what a URL or a name there becomes, and what a list of one's own may say."""

from datetime import date
from pathlib import Path

import pytest

from pierhead.control.connectors import known_host
from pierhead.control.retirement import (
    RetiredHost,
    RetiredHosts,
    RetiredHostsFileError,
    Then,
    load_retired_hosts,
    read_retired_hosts,
)

HUB, GAR = "https://index.docker.io/v2/", "https://us-docker.pkg.dev/gar-prod-setup/harness-public"
GOOD = """
[[host]]
id = "acme"
name = "the old registry of Acme"
hosts = ["old.acme.example"]
then = "shut-down"
ends = 2027-01-31
why = "it moves"
use = "https://new.acme.example/ci"
rewrite = [{ from = "docker", to = "https://new.acme.example/ci" }]
"""


@pytest.fixture(scope="module")
def hosts() -> RetiredHosts:
    return load_retired_hosts()


@pytest.mark.parametrize(
    ("url", "entry", "instead"),
    [
        ("https://app.harness.io/registry", "app-harness", HUB),
        ("app.harness.io", "app-harness", HUB),
        ("https://APP.harness.io/registry/v2/", "app-harness", HUB),
        ("https://app.harness.io/registry/team", "app-harness", None),  # Docker Hub has no paths
        ("https://gcr.io/gcr-prod", "gcr-prod", GAR),
        ("gcr.io/gcr-prod/", "gcr-prod", GAR),
        ("https://gcr.io/gcr-prod/sub", "gcr-prod", f"{GAR}/sub"),
        ("https://gcr.io/gcr-production", "gcr", None),
        ("https://eu.gcr.io/team", "gcr", None),
        ("https://gallery.ecr.aws", "ecr-gallery", "https://public.ecr.aws/harness"),
        ("https://gallery.ecr.aws/v2/", "ecr-gallery", "https://public.ecr.aws/harness"),
        ("https://gallery.ecr.aws/acme", "ecr-gallery", "https://public.ecr.aws/acme"),
        ("https://hub.docker.com", "hub-page", HUB),
        ("https://index.docker.io/v1/", "hub-v1", HUB),
        ("https://registry-1.docker.io/v1/", "hub-v1", HUB),
    ],
)
def test_a_url_at_an_ended_host_is_known_and_becomes_another(
    hosts: RetiredHosts, url: str, entry: str, instead: str | None
) -> None:
    match = hosts.of_url(url)
    assert match is not None
    assert (match.host.id, match.instead) == (entry, instead)


@pytest.mark.parametrize(
    "url",
    [
        HUB,
        "https://registry.hub.docker.com",
        "https://public.ecr.aws/harness",
        "https://notgcr.io/x",
        "https://gcr.io:5000/gcr-prod",  # another port is another server
        "https://mirror.example/gcr.io/gcr-prod",
        "http://[::1",
        "",
    ],
)
def test_what_is_alive_elsewhere_or_no_url_is_let_be(hosts: RetiredHosts, url: str) -> None:
    assert hosts.of_url(url) is None


@pytest.mark.parametrize(
    ("image", "instead"),
    [
        ("gcr.io/gcr-prod/harness/ci-addon:1", "us-docker.pkg.dev/gar-prod-setup/harness-public/harness/ci-addon:1"),
        ("app.harness.io/registry/harness/ci-addon:1.2", "docker.io/harness/ci-addon:1.2"),
        ("gallery.ecr.aws/harness/x:1", "public.ecr.aws/harness/x:1"),
        ("gcr.io/team/x@sha256:" + "0" * 64, None),
    ],
)
def test_a_name_at_an_ended_host_becomes_another(hosts: RetiredHosts, image: str, instead: str | None) -> None:
    match = hosts.of_image(image)
    assert match is not None
    assert match.instead == instead


@pytest.mark.parametrize("image", ["harness/ci-addon:1", "gcr/x:1", "docker.io/v1/x:1", "localhost/gcr.io/x", "x"])
def test_a_name_that_says_no_ended_host_is_let_be(hosts: RetiredHosts, image: str) -> None:
    found = hosts.of_image(image)
    assert found is None or found.host.id == "hub-v1"
    assert image == "docker.io/v1/x:1" or found is None


def test_the_connectors_own_table_says_the_same_days(hosts: RetiredHosts) -> None:
    for entry in hosts.entries:
        for host in entry.hosts:
            known = known_host(host.replace("*.", "eu."))
            assert known is not None, f"the connectors' table does not know {host}"
            assert (known.dead_since is not None) == entry.then.breaks
            assert known.dead_since in (None, entry.ends)
    assert {host for entry in hosts.entries for host in entry.hosts} >= {"app.harness.io", "gallery.ecr.aws", "gcr.io"}


def test_every_entry_says_why_what_instead_and_from_where_it_is_known(hosts: RetiredHosts) -> None:
    for entry in hosts.entries:
        assert entry.why
        assert entry.use
        assert entry.source


def test_a_list_of_ones_own_comes_first_and_takes_the_place_of_the_same_id(tmp_path: Path) -> None:
    own = tmp_path / "hosts.toml"
    own.write_text(GOOD.replace('"acme"', '"gcr"'))
    hosts = load_retired_hosts(own)
    assert [entry.id for entry in hosts.entries].count("gcr") == 1
    assert hosts.of_url("https://eu.gcr.io/team") is None
    match = hosts.of_url("https://old.acme.example/docker/team")
    assert match is not None
    assert (match.instead, match.host.is_own) == ("https://new.acme.example/ci/team", True)


def test_the_day_of_the_end_belongs_to_the_time_after_it() -> None:
    entry = RetiredHost("x", "x", ("x.example",), Then.SHUT_DOWN, "w", "u", ends=date(2027, 1, 31))
    assert not entry.has_ended(date(2027, 1, 30))
    assert entry.has_ended(date(2027, 1, 31))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "acme"', "", "id has to be a text"),
        ('then = "shut-down"', 'then = "gone"', "then has to be one of"),
        ("ends = 2027-01-31", 'ends = "soon"', "ends has to be a day"),
        ("ends = 2027-01-31", "ends = 2027-01-31T00:00:00Z", "ends has to be a day"),
        ('hosts = ["old.acme.example"]', "hosts = []", "hosts has to be"),
        ('hosts = ["old.acme.example"]', 'hosts = ["*"]', "hosts has to be"),
        ('hosts = ["old.acme.example"]', 'hosts = ["*.*"]', "hosts has to be"),
        ('hosts = ["old.acme.example"]', 'hosts = ["https://old.acme.example"]', "hosts has to be"),
        ('why = "it moves"', 'why = "it moves"\nwhen = 1', "when is not a field"),
        ('to = "https://new.acme.example/ci"', 'to = "ftp://new.acme.example"', "rewrite to ftp://new.acme.example"),
        ('from = "docker", to', 'form = "docker", to', "rewrite has to be"),
        ("[[host]]", "[host]", "something else than tables"),
        ("[[host]]", "[[host", "no TOML"),
    ],
)
def test_a_list_that_does_not_fit_is_refused_with_the_entry(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RetiredHostsFileError, match=r"own\.toml") as refused:
        read_retired_hosts("own.toml", GOOD.replace(old, new).encode(), is_own=True)
    assert said in refused.value.message


def test_an_id_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(RetiredHostsFileError, match="acme stands there twice"):
        read_retired_hosts("own.toml", (GOOD + GOOD).encode(), is_own=True)


def test_a_list_that_cannot_be_read_or_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetiredHostsFileError, match="cannot be read"):
        load_retired_hosts(tmp_path / "nothing.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 300_000)
    with pytest.raises(RetiredHostsFileError, match="larger than"):
        load_retired_hosts(large)
