"""Images come whole, each blob once, with as few requests as can be."""

import json
import ssl
import threading

import pytest
import trustme

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.media_types import DOCKER_FOREIGN_LAYER, OCI_MANIFEST
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint, TlsSettings
from pierhead.testing.fake_registry import BlobFault, FakeRegistry, Then, TokenLogin
from pierhead.testing.images import LINUX_AMD64, LINUX_ARM64, Image, image, index, layer, multi_platform, noise
from pierhead.worker.cancel import CancelToken
from pierhead.worker.progress import ImageState
from pierhead.worker.pull import ImageRequest, PullPolicy, data_threads_for
from pierhead.worker.runtimes.blob_store import BlobStore, Held
from pierhead.worker.runtimes.oci_layout import OciLayout


@pytest.fixture
def tool(fake, base):
    """An index over two platforms and an attestation, at ``team/tool:1``."""
    made = multi_platform([base], "tool")
    fake.add("team/tool", "1", made)
    return made


def kept(puller, name: str) -> Descriptor:
    (held,) = [held for held in puller.layout.images() if held.name == f"{puller.fake.host}/{name}"]
    return held.descriptor


def with_layers(made: Image, *extra: Descriptor) -> Image:
    document = json.loads(made.raw)
    document["layers"] += [descriptor.to_json() for descriptor in extra]
    raw = json.dumps(document).encode()
    top = Descriptor(OCI_MANIFEST, Digest.of(raw), len(raw), LINUX_AMD64)
    return Image(made.blobs, ((top, raw),), (top,))


# --- what is stored


def test_one_platform_of_an_index_is_pulled_and_named(puller, fake, tool):
    outcome = puller.one(puller.request("team/tool:1", platform=LINUX_ARM64))
    assert outcome.state is ImageState.PULLED
    assert (outcome.digest, outcome.manifest_digest) == (tool.descriptor.digest, tool.manifests[1].digest)
    assert outcome.warnings == ()
    assert puller.layout.verify().is_sound
    held = puller.layout.find(f"{fake.host}/team/tool:1", LINUX_ARM64)
    assert held.descriptor.platform == LINUX_ARM64
    assert held.digest == tool.descriptor.digest


def test_the_platform_of_the_machine_is_the_default(puller, tool):
    outcome = puller.one("team/tool:1")
    expected = next(entry for entry in tool.manifests if entry.platform.satisfies(Platform.host()))
    assert outcome.manifest_digest == expected.digest


def test_both_platforms_of_a_name_are_kept_side_by_side(puller, fake, tool):
    for platform in (LINUX_AMD64, LINUX_ARM64):
        assert puller.one(puller.request("team/tool:1", platform=platform)).is_pulled
    name = f"{fake.host}/team/tool:1"
    assert puller.layout.find(name, LINUX_AMD64).descriptor.digest == tool.manifests[0].digest
    assert puller.layout.find(name, LINUX_ARM64).descriptor.digest == tool.manifests[1].digest


def test_all_platforms_keep_the_whole_index_with_its_attestation(puller, fake, tool):
    outcome = puller.one("team/tool:1", all_platforms=True)
    assert outcome.digest == outcome.manifest_digest == tool.descriptor.digest
    for digest, data in tool.blobs.items():
        assert puller.layout.blobs.read(digest) == data
    for descriptor, raw in tool.documents:
        assert puller.layout.blobs.read(descriptor.digest) == raw
    assert puller.layout.verify().is_sound


def test_docker_documents_are_kept_byte_for_byte(puller, fake, base):
    made = index([image([base], docker=True)], docker=True)
    fake.add("team/docker", "1", made)
    outcome = puller.one("team/docker:1")
    assert puller.layout.blobs.read(outcome.manifest_digest) == made.documents[0][1]
    assert kept(puller, "team/docker:1").media_type == made.documents[0][0].media_type


def test_a_nested_index_is_followed(puller, fake, base):
    inner = index([image([base])])
    entry = Descriptor(inner.descriptor.media_type, inner.descriptor.digest, inner.descriptor.size, LINUX_AMD64)
    outer = index([Image(inner.blobs, (*inner.documents[:-1], (entry, inner.raw)))])
    fake.add("team/nested", "1", outer)
    outcome = puller.one(puller.request("team/nested:1", platform=LINUX_AMD64))
    assert outcome.manifest_digest == inner.documents[0][0].digest


def test_embedded_data_is_used_instead_of_a_request(puller, fake):
    made = image([])
    document = json.loads(made.raw)
    config = next(iter(made.blobs.values()))
    document["config"] |= Descriptor("x/y", Digest.of(config), len(config), data=config).to_json() | {
        "mediaType": document["config"]["mediaType"]
    }
    raw = json.dumps(document).encode()
    top = Descriptor(OCI_MANIFEST, Digest.of(raw), len(raw))
    fake.add("team/embedded", "1", Image({}, ((top, raw),)))
    assert puller.one("team/embedded:1").is_pulled
    assert fake.count(kind="blobs") == 0


def test_an_image_for_another_platform_is_pulled_with_a_warning(puller, fake, base):
    fake.add("team/single", "1", image([base], platform=LINUX_ARM64))
    outcome = puller.one(puller.request("team/single:1", platform=LINUX_AMD64))
    assert outcome.is_pulled
    assert [text for text in outcome.warnings if "linux/arm64/v8, not for linux/amd64" in text]
    again = puller.one(puller.request("team/single:1", platform=LINUX_AMD64))
    assert again.state is ImageState.PRESENT
    assert again.warnings == outcome.warnings


# --- foreign layers


def foreign(data: bytes) -> Descriptor:
    return Descriptor(DOCKER_FOREIGN_LAYER, Digest.of(data), len(data), urls=("https://elsewhere.example/layer",))


def test_a_foreign_layer_that_the_registry_lacks_is_left_out_with_a_warning(puller, fake, base):
    fake.add("team/windows", "1", with_layers(image([base]), foreign(b"somewhere else")))
    outcome = puller.one(puller.request("team/windows:1", platform=LINUX_AMD64))
    assert outcome.is_pulled
    assert "https://elsewhere.example/layer" in outcome.warnings[0]
    assert puller.layout.verify().is_sound
    assert puller.one(puller.request("team/windows:1", platform=LINUX_AMD64)).state is ImageState.PRESENT


def test_a_foreign_layer_that_the_registry_has_is_pulled(puller, fake, base):
    data = b"kept here after all"
    fake.add("team/windows", "1", with_layers(image([base]), foreign(data)))
    fake.content.put_blob("team/windows", Digest.of(data), data)
    outcome = puller.one(puller.request("team/windows:1", platform=LINUX_AMD64))
    assert outcome.warnings == ()
    assert puller.layout.blobs.read(Digest.of(data)) == data


# --- how many requests


def test_a_second_pull_costs_one_head_for_each_tag(puller, fake, base):
    names = []
    for name in ("a", "b", "c"):
        fake.add(f"team/{name}", "1", multi_platform([base], name))
        names.append(f"team/{name}:1")
    puller.pull(*names)
    fake.forget_requests()
    outcomes = puller.pull(*names)
    assert {outcome.state for outcome in outcomes.values()} == {ImageState.PRESENT}
    assert (fake.count("HEAD"), fake.count("GET")) == (3, 0)


def test_a_second_pull_by_digest_costs_nothing(puller, fake, tool):
    request = puller.request("team/tool:1", digest=tool.descriptor.digest)
    first = puller.one(request)
    assert first.digest == tool.descriptor.digest
    assert fake.count("HEAD") == 0
    fake.forget_requests()
    assert puller.one(request).state is ImageState.PRESENT
    assert puller.one(f"team/tool@{tool.descriptor.digest}").is_pulled
    assert fake.requests == ()


def test_a_second_tag_of_the_same_image_costs_one_head(puller, fake, tool):
    puller.one("team/tool:1")
    fake.add("team/tool", "latest", tool)
    fake.forget_requests()
    outcome = puller.one("team/tool:latest")
    assert (outcome.state, outcome.bytes_fetched) == (ImageState.PULLED, 0)
    assert [(seen.method, seen.kind) for seen in fake.requests] == [("HEAD", "manifests")]
    assert kept(puller, "team/tool:latest").digest == kept(puller, "team/tool:1").digest


def test_a_shared_blob_is_fetched_once(puller, fake, base):
    names = []
    for name in "abcdef":
        fake.add(f"team/{name}", "1", image([base, layer({name: name})]))
        names.append(f"team/{name}:1")
    outcomes = puller.pull(*names)
    assert all(outcome.is_pulled for outcome in outcomes.values())
    blobs = [seen.target for seen in fake.requests if seen.kind == "blobs"]
    assert len(blobs) == len(set(blobs)) == 1 + 2 * 6
    assert sum(outcome.bytes_fetched for outcome in outcomes.values()) == sum(
        path.stat().st_size for path in (puller.layout.root / "blobs" / "sha256").iterdir()
    )


def test_a_token_is_fetched_once_for_each_repository(puller, base):
    with FakeRegistry(TokenLogin({}, public=frozenset({"team/tool"}))) as fake:
        fake.add("team/tool", "1", multi_platform([base], "tool"))
        assert puller.one(puller.request("team/tool:1", fake=fake)).is_pulled
        assert fake.count(kind="token") == 1


def test_images_come_over_tls_with_the_connectors_authority(puller, base):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
    with FakeRegistry(tls=context) as fake:
        fake.add("team/tool", "1", image([base, layer({"bytes": noise(3_000_000)})]))
        reference = Reference.parse(f"{fake.host}/team/tool:1")
        trusted = ImageRequest("trusted", Endpoint.for_url(fake.url, tls=trusting), reference)
        unknown = ImageRequest("unknown", Endpoint.for_url(fake.url), reference)
        outcomes = puller.pull(unknown, trusted)
    assert outcomes["trusted"].is_pulled
    assert outcomes["unknown"].error.code == "tls-failed"
    assert puller.layout.verify().is_sound


def test_the_tag_is_the_last_thing_written(puller, fake, base):
    held = layer({"bytes": noise(400_000)})
    fake.add("team/tool", "1", image([base, held]))
    fault = fake.faults.hit_blob(held.digest, BlobFault(Then.HOLD, after_bytes=1))
    seen = []

    def look() -> None:
        if fault.reached.wait(30):
            seen.append(OciLayout(puller.layout.root).images())
        fault.released.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    assert puller.one("team/tool:1").is_pulled
    watcher.join()
    assert seen == [()]


# --- policies and moving tags


def test_always_follows_a_tag_that_moved(puller, fake, base, tool):
    puller.one("team/tool:1")
    newer = image([base, layer({"new": "new"})])
    fake.add("team/tool", "1", newer)
    fake.forget_requests()
    outcome = puller.one("team/tool:1")
    assert (outcome.state, outcome.digest) == (ImageState.PULLED, newer.descriptor.digest)
    assert kept(puller, "team/tool:1").digest == newer.descriptor.digest
    assert str(base.digest) not in [seen.target for seen in fake.requests]


def test_if_not_present_asks_nobody_for_what_is_there(puller, fake, base, tool):
    puller.one("team/tool:1")
    fake.add("team/tool", "1", image([base]))
    fake.forget_requests()
    outcome = puller.one(puller.request("team/tool:1", policy=PullPolicy.IF_NOT_PRESENT))
    assert (outcome.state, outcome.digest) == (ImageState.PRESENT, tool.descriptor.digest)
    assert fake.requests == ()


@pytest.mark.parametrize("policy", [PullPolicy.IF_NOT_PRESENT, PullPolicy.NEVER])
def test_what_is_there_is_enough_for_the_other_policies(puller, fake, tool, policy):
    puller.one("team/tool:1")
    fake.stop()
    assert puller.one(puller.request("team/tool:1", policy=policy)).state is ImageState.PRESENT


def test_if_not_present_pulls_what_is_missing(puller, fake, tool, base):
    puller.one("team/tool:1")
    puller.layout.blobs.path(base.digest).unlink()
    outcome = puller.one(puller.request("team/tool:1", policy=PullPolicy.IF_NOT_PRESENT))
    assert outcome.is_pulled
    assert puller.layout.verify().is_sound


def test_if_not_present_with_another_digest_pulls_that(puller, fake, base, tool):
    puller.one("team/tool:1")
    newer = image([base])
    fake.add("team/tool", "1", newer)
    request = puller.request("team/tool:1", policy=PullPolicy.IF_NOT_PRESENT, digest=newer.descriptor.digest)
    assert puller.one(request).digest == newer.descriptor.digest


def test_a_damaged_manifest_is_fetched_again(puller, fake, tool):
    outcome = puller.one("team/tool:1")
    path = puller.layout.blobs.path(outcome.manifest_digest)
    path.write_bytes(bytes(path.stat().st_size))
    assert puller.one("team/tool:1").is_pulled
    assert puller.layout.verify().is_sound


# --- several sources, interruptions


def test_a_blob_that_one_registry_lacks_is_taken_from_another(puller, fake, other, base):
    made = image([base])
    for registry in (fake, other):
        registry.add("team/tool", "1", made)
    fake.content.remove_blob("team/tool", base.digest)
    outcomes = puller.pull(
        puller.request("team/tool:1", key="lacks"), puller.request("team/tool:1", fake=other, key="has")
    )
    assert {key: outcome.state for key, outcome in outcomes.items()} == {"lacks": "pulled", "has": "pulled"}


def test_a_blob_that_one_registry_spoiled_is_taken_from_another(puller, fake, other, base):
    made = image([base])
    for registry in (fake, other):
        registry.add("team/tool", "1", made)
    fake.faults.hit_blob(base.digest, BlobFault(Then.FLIP, after_bytes=10, times=10**6))
    outcomes = puller.pull(
        puller.request("team/tool:1", key="bad"), puller.request("team/tool:1", fake=other, key="good")
    )
    assert all(outcome.is_pulled for outcome in outcomes.values())
    assert puller.layout.verify().is_sound


def test_a_blob_that_no_registry_has_fails_each_image_with_its_own_registrys_answer(puller, fake, other, base):
    made = image([base])
    for registry in (fake, other):
        registry.add("team/tool", "1", made)
        registry.content.remove_blob("team/tool", base.digest)
    outcomes = puller.pull(
        puller.request("team/tool:1", key="one"), puller.request("team/tool:1", fake=other, key="two")
    )
    assert fake.host in outcomes["one"].error.exchange.url
    assert other.host in outcomes["two"].error.exchange.url


def test_a_connection_that_breaks_is_taken_up_where_it_broke(puller, fake, base):
    big = layer({"bytes": noise(3_000_000)})
    fake.add("team/tool", "1", image([base, big]))
    fake.faults.hit_blob(big.digest, BlobFault(Then.CUT, after_bytes=1_000_000, times=2))
    outcome = puller.one("team/tool:1")
    assert outcome.is_pulled
    ranges = [seen.range for seen in fake.requests if seen.target == str(big.digest)]
    assert ranges == ["", "bytes=1000000-", "bytes=2000000-"]
    assert outcome.bytes_fetched == outcome.bytes_total


def test_a_cancelled_pull_is_taken_up_where_it_ended(puller, fake, base):
    big = layer({"bytes": noise(3_000_000)})
    fake.add("team/tool", "1", image([base, big]))
    fault = fake.faults.hit_blob(big.digest, BlobFault(Then.HOLD, after_bytes=2_000_000))
    cancel = CancelToken()
    threading.Thread(target=lambda: fault.reached.wait(30) and cancel.cancel(), daemon=True).start()
    assert not puller.one("team/tool:1", cancel=cancel).is_pulled
    (partial,) = puller.layout.blobs.partials.iterdir()
    left = partial.stat().st_size
    fake.forget_requests()
    outcome = puller.one("team/tool:1")
    assert outcome.is_pulled
    assert puller.layout.verify().is_sound
    asked = [seen.range for seen in fake.requests if seen.target == str(big.digest)]
    assert asked == [f"bytes={left}-" if left else ""]


def test_a_partial_file_of_other_bytes_is_noticed_and_fetched_anew(puller, fake, base):
    big = layer({"bytes": noise(3_000_000)})
    fake.add("team/tool", "1", image([base, big]))
    puller.layout.create()
    (puller.layout.blobs.partials / f"sha256-{big.digest.encoded}").write_bytes(bytes(1_000_000))
    assert puller.one("team/tool:1").is_pulled
    assert puller.layout.verify().is_sound


def test_a_blob_that_somebody_else_is_fetching_is_waited_for(puller, fake, base, monkeypatch):
    fake.add("team/tool", "1", image([base]))
    puller.layout.create()
    theirs = puller.layout.blobs.claim(base.digest, base.size)
    theirs.write(memoryview(base.content))
    real, refused = BlobStore.claim, []

    def claim(self, digest, size):
        found = real(self, digest, size)
        if found is Held.ELSEWHERE:
            refused.append(digest)
            if len(refused) == 3:
                with theirs:
                    theirs.commit()
        return found

    monkeypatch.setattr(BlobStore, "claim", claim)
    assert puller.one("team/tool:1").is_pulled
    assert refused == [base.digest] * 3
    assert str(base.digest) not in [seen.target for seen in fake.requests]


# --- what is told


def test_events_lead_in_order_to_the_outcome(puller, fake, tool):
    outcome = puller.one("team/tool:1")
    assert puller.listener.states("team/tool:1") == ["resolving", "resolved", "pulling", "pulled"]
    assert puller.listener.events[-1] == outcome
    assert (outcome.bytes_done, outcome.bytes_total) == (outcome.bytes_total, outcome.bytes_done)


def test_events_come_on_the_thread_that_asked(puller, fake, base):
    threads = set()

    class Where:
        def event(self, progress) -> None:
            threads.add(threading.current_thread())

    puller.listener = Where()
    fake.add("team/tool", "1", image([base]))
    puller.one("team/tool:1")
    assert threads == {threading.current_thread()}


def test_the_rate_limit_left_is_told(puller, base):
    with FakeRegistry(rate_limit=100) as fake:
        fake.add("team/tool", "1", image([base]))
        outcome = puller.one(puller.request("team/tool:1", fake=fake))
    assert (outcome.rate_limit.limit, outcome.rate_limit.remaining) == (100, 99)


def test_a_reporter_that_fails_stops_the_pull(puller, fake, tool):
    class Broken:
        def event(self, progress) -> None:
            if progress.state is ImageState.PULLING:
                raise RuntimeError("the reporter's own fault")

    puller.listener = Broken()
    with pytest.raises(RuntimeError):
        puller.one("team/tool:1")
    assert puller.layout.images() == ()


def test_nothing_to_pull_is_no_work(puller):
    assert puller.pull() == {}


def test_many_images_come_at_once(puller, fake, base):
    names = []
    for number in range(60):
        fake.add(f"team/tool-{number}", "1", image([base, layer({"n": str(number)})]))
        names.append(f"team/tool-{number}:1")
    outcomes = puller.pull(*names)
    assert [outcome.state.value for outcome in outcomes.values()] == ["pulled"] * 60
    assert puller.layout.verify().is_sound
    assert len(puller.layout.images()) == 60


def test_threads_for_bytes_follow_the_cores(puller, monkeypatch):
    plain = puller.request("team/tool:1")
    for cores, threads in ((1, 2), (2, 3), (3, 4), (64, 4)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, n=cores: set(range(n)))
        assert data_threads_for([plain]) == threads
