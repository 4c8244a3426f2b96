"""Row 10 of the checklist and fault 11: redirects are followed by hand, few, never down, never with credentials."""

from collections.abc import Callable, Iterator

import pytest

from pierhead.oci.descriptor import Descriptor
from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import (
    AddressRefusedError,
    RedirectRefusedError,
    RegistryDeniedError,
    StorageRefusedError,
)
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
Described = Callable[[bytes], Descriptor]
MANIFEST = "/v2/app/manifests/1"
BASIC = Reply.challenge('Basic realm="x"')


@pytest.fixture
def storage() -> Iterator[ScriptedRegistry]:
    with ScriptedRegistry() as storage:
        yield storage


def path(descriptor: Descriptor) -> str:
    return f"/v2/app/blobs/{descriptor.digest}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_blob_is_fetched_from_where_the_registry_points(
    registry, storage, client_of, blob, described, status
) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/bucket/x?sig=abc", status))
    storage.expect("GET", "/bucket/x?sig=abc", Reply(200, blob))
    assert client_of(registry).get_blob("app", wanted, 1 << 20) == blob


def test_credentials_stay_with_the_registry(registry, storage, client_of: ClientOf, blob, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), BASIC).expect("GET", path(wanted), Reply.redirect(f"{storage.url}/x"))
    storage.expect("GET", "/x", Reply(200, blob))
    client_of(registry, user="ann").get_blob("app", wanted, 1 << 20)
    assert registry.authorizations() == [None, "Basic YW5uOnMzY3JldC1wYXNz"]
    assert storage.authorizations() == [None]


def test_the_range_goes_along(registry, storage, client_of: ClientOf, blob, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/x"))
    storage.expect("GET", "/x", Reply(206, blob[99:], {"Content-Range": f"bytes 99-10239/{len(blob)}"}))
    with client_of(registry).open_blob("app", wanted, 99) as body:
        assert body.readinto(memoryview(bytearray(10))) == 10
    assert storage.requests[0].header("range") == "bytes=99-"


def test_relative_locations_are_meant_from_where_they_were_said(registry, storage, client_of, blob, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/a/b/c"))
    storage.expect("GET", "/a/b/c", Reply.redirect("../d#fragment")).expect("GET", "/a/d", Reply(200, blob))
    assert client_of(registry).get_blob("app", wanted, 1 << 20) == blob


def test_a_redirect_within_the_registry_goes_bare_and_authenticates_when_asked(
    registry, client_of, blob, described
) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), BASIC).expect("GET", path(wanted), Reply.redirect("/blobs/x"))
    registry.expect("GET", "/blobs/x", BASIC).expect("GET", "/blobs/x", Reply(200, blob))
    client_of(registry, user="ann").get_blob("app", wanted, 1 << 20)
    assert registry.authorizations() == [None, "Basic YW5uOnMzY3JldC1wYXNz"] * 2


def test_an_expired_address_in_the_middle_is_replaced_by_the_registry(
    registry, storage, client_of, blob, described
) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/first"))
    storage.expect("GET", "/first", Reply(200, blob, cut_at=4000))
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/second"))
    storage.expect("GET", "/second", Reply(206, blob[4000:], {"Content-Range": f"bytes 4000-10239/{len(blob)}"}))
    assert client_of(registry).get_blob("app", wanted, 1 << 20) == blob
    assert [request.header("range") for request in registry.requests] == [None, "bytes=4000-"]


def test_an_address_expired_from_the_start_is_replaced_too(registry, storage, client_of, blob, described) -> None:
    wanted = described(blob)
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/stale"))
    storage.expect("GET", "/stale", Reply(403, b"<Error><Code>AccessDenied</Code></Error>"))
    registry.expect("GET", path(wanted), Reply.redirect(f"{storage.url}/fresh"))
    storage.expect("GET", "/fresh", Reply(200, blob))
    assert client_of(registry).get_blob("app", wanted, 1 << 20) == blob


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_storage_that_refuses_is_named_and_gets_no_credentials(
    registry, storage, client_of, blob, described, status
) -> None:
    wanted = described(blob)
    registry.whenever("GET", path(wanted), Reply.redirect(f"{storage.url}/x"))
    storage.whenever("GET", "/x", Reply(status, headers={"WWW-Authenticate": f'Bearer realm="{storage.url}/token"'}))
    with pytest.raises(StorageRefusedError, match=f"{storage.authority}.* status {status}"):
        client_of(registry, user="ann").open_blob("app", wanted)
    assert set(storage.authorizations()) == {None}


def test_a_manifest_may_be_redirected_but_without_credentials(registry, storage, client_of: ClientOf, manifest) -> None:
    registry.expect("GET", MANIFEST, BASIC).expect("GET", MANIFEST, Reply.redirect(f"{storage.url}/m"))
    storage.expect("GET", "/m", manifest.reply())
    assert client_of(registry, user="ann").get_manifest("app", "1").raw == manifest.raw
    assert storage.authorizations() == [None]


def test_a_401_from_elsewhere_is_never_answered_with_credentials(registry, storage, client_of: ClientOf) -> None:
    registry.expect("GET", MANIFEST, Reply.redirect(f"{storage.url}/m"))
    storage.expect("GET", "/m", BASIC)
    with pytest.raises(RegistryDeniedError, match="only for"):
        client_of(registry, user="ann").get_manifest("app", "1")


def test_a_redirect_with_head_stays_head(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("HEAD", MANIFEST, Reply.redirect("/v2/library/app/manifests/1", 301))
    registry.expect("HEAD", "/v2/library/app/manifests/1", manifest.reply())
    assert client_of(registry).resolve("app", "1").digest == manifest.digest


def test_a_circle_ends_after_five_redirects(registry, client_of: ClientOf) -> None:
    registry.whenever("GET", MANIFEST, Reply.redirect(MANIFEST))
    with pytest.raises(RedirectRefusedError, match="without end") as caught:
        client_of(registry).get_manifest("app", "1")
    assert len(registry.requests) == 6
    assert caught.value.exchange.status == 307


@pytest.mark.parametrize(
    "location",
    [
        "data:text/plain,x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
        "http://user:pw@127.0.0.1/x",
        "http://",
        "http://127.0.0.1:0/x",
        "http://127.0.0.1:99999/x",
        "http://[::1/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://0177.0.0.1/x",
        "//evil example/x",
        "http:\\\\evil\\x",
        "http://[fe80::1%25eth0]/x",
        "http://xn--\u00e9/x",
        "http://.../x",
        "http://a..b/x",
    ],
)
def test_a_location_that_is_no_plain_url_is_refused(registry, client_of: ClientOf, location: str) -> None:
    registry.expect("GET", MANIFEST, Reply.redirect(location))
    with pytest.raises(RedirectRefusedError):
        client_of(registry).get_manifest("app", "1")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
        "metadata.google.internal",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "[fd00::1]",
        "192.0.2.1",
    ],
)
def test_a_redirect_to_an_address_of_another_kind_is_refused(registry, client_of, blob, described, host: str) -> None:
    registry.expect("GET", path(described(blob)), Reply.redirect(f"http://{host}/latest/meta-data/"))
    with pytest.raises(AddressRefusedError) as caught:
        client_of(registry, user="ann").open_blob("app", described(blob))
    assert caught.value.exchange.status is None
