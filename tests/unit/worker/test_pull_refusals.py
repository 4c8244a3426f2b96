"""What must not be pulled is not, says why, and keeps nobody else from being pulled."""

import json
import threading

import pytest

from pierhead.kit.errors import InvalidInputError
from pierhead.kit.redact import SecretValue
from pierhead.oci.digest import Digest
from pierhead.oci.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from pierhead.oci.platform import Platform
from pierhead.registry.endpoint import UsernamePassword
from pierhead.testing.fake_registry import BasicLogin, BlobFault, FakeRegistry, Scripted, Then, TokenLogin
from pierhead.testing.images import image, index, layer, multi_platform, noise
from pierhead.worker.cancel import CancelToken
from pierhead.worker.errors import PullTimeoutError
from pierhead.worker.progress import ImageState
from pierhead.worker.pull import PullPolicy
from pierhead.worker.runtimes.oci_layout import OciLayout

ALWAYS = 10**6


@pytest.fixture
def good(fake, base):
    fake.add("team/good", "1", image([base]))
    return "team/good:1"


def bad(fake, *layers, name="team/bad"):
    made = image(layers)
    fake.add(name, "1", made)
    return made


def assert_sound(layout: OciLayout, *names: str) -> None:
    report = layout.verify()
    assert report.problems == ()
    assert sorted(held.name.rpartition("/team/")[2] for held in layout.images()) == sorted(names)


@pytest.mark.parametrize("size", [1000, 600_000])
def test_a_layer_with_a_wrong_byte_is_not_stored(puller, fake, good, size):
    wrong = layer({"bytes": noise(size)})
    bad(fake, wrong)
    fake.faults.hit_blob(wrong.digest, BlobFault(Then.FLIP, after_bytes=size // 2, times=ALWAYS))
    outcomes = puller.pull("team/bad:1", good)
    failure = outcomes["team/bad:1"].error
    assert (failure.code, failure.category) == ("digest-mismatch", "integrity")
    assert "do not use" in failure.hint
    assert outcomes[good].state is ImageState.PULLED
    assert not puller.layout.blobs.path(wrong.digest).exists()
    assert not [path for path in puller.layout.blobs.partials.iterdir() if wrong.digest.encoded in path.name]
    assert_sound(puller.layout, "good:1")


def test_a_layer_that_always_breaks_off_is_not_stored(puller, fake, good):
    short = layer({"bytes": noise(50_000)})
    bad(fake, short)
    fake.faults.hit_blob(short.digest, BlobFault(Then.CUT, after_bytes=0, times=ALWAYS))
    outcomes = puller.pull("team/bad:1", good)
    assert outcomes["team/bad:1"].error.code in ("short-body", "connection-lost")
    assert outcomes["team/bad:1"].error.retryable
    assert outcomes[good].is_pulled
    assert_sound(puller.layout, "good:1")


@pytest.mark.parametrize("all_platforms", [False, True])
@pytest.mark.parametrize(
    ("change", "code"),
    [({"size": 7}, "size-mismatch"), ({"mediaType": DOCKER_MANIFEST}, "confused-document")],
)
def test_an_index_that_is_wrong_about_its_members_is_not_kept(puller, fake, good, all_platforms, change, code):
    made = bad(fake, layer({"a": "a"}))
    entry = {**made.descriptor.to_json(), **change}
    wrong = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    fake.content.put_manifest("team/bad", "1", OCI_INDEX, json.dumps(wrong).encode())
    outcomes = puller.pull("team/bad:1", good, all_platforms=all_platforms)
    assert outcomes["team/bad:1"].error.code == code
    assert_sound(puller.layout, "good:1")


@pytest.mark.parametrize("change", [b"longer", None])
def test_a_layer_of_another_length_is_not_stored(puller, fake, good, change):
    wrong = layer({"bytes": noise(50_000)})
    bad(fake, wrong)
    fake.content.put_blob("team/bad", wrong.digest, wrong.content + change if change else wrong.content[:-1])
    outcomes = puller.pull("team/bad:1", good)
    assert outcomes["team/bad:1"].error.code == "size-mismatch"
    assert_sound(puller.layout, "good:1")


def test_a_manifest_of_another_digest_is_not_used(puller, fake, good):
    made = bad(fake, layer({"a": "a"}))
    fake.content.put_manifest("team/bad", str(made.descriptor.digest), OCI_MANIFEST, made.raw + b" ")
    outcomes = puller.pull("team/bad:1", good)
    assert outcomes["team/bad:1"].error.code == "digest-mismatch"
    assert_sound(puller.layout, "good:1")


def test_a_manifest_over_the_cap_is_not_read(puller, fake, good):
    huge = b'{"schemaVersion": 2, "x": "' + b"x" * (5 << 20) + b'"}'
    fake.content.put_manifest("team/bad", "1", OCI_MANIFEST, huge)
    outcomes = puller.pull("team/bad:1", good)
    assert outcomes["team/bad:1"].error.category == "too-large"
    assert_sound(puller.layout, "good:1")


def test_a_document_that_is_both_manifest_and_index_is_refused(puller, fake, good):
    made = image([layer({"a": "a"})])
    confused = json.dumps({**json.loads(made.raw), "manifests": []}).encode()
    fake.content.put_manifest("team/bad", "1", OCI_MANIFEST, confused)
    outcomes = puller.pull("team/bad:1", good)
    assert outcomes["team/bad:1"].error.code == "confused-document"
    assert_sound(puller.layout, "good:1")


def test_an_image_that_is_not_there_for_the_platform_is_refused(puller, fake, base):
    fake.add("team/tool", "1", multi_platform([base], "tool"))
    outcome = puller.one(puller.request("team/tool:1", platform=Platform("linux", "riscv64")))
    assert outcome.error.code == "platform-not-found"
    assert "linux/amd64, linux/arm64/v8" in outcome.error.hint
    assert outcome.digest is not None


def test_indexes_nested_without_end_are_refused(puller, fake, base):
    made = image([base])
    for _ in range(6):
        made = index([made])
    fake.add("team/deep", "1", made)
    outcome = puller.one("team/deep:1", all_platforms=True)
    assert outcome.error.code == "index-too-deep"


def test_a_missing_tag_is_reported_with_exchange_and_remedy(puller, fake, good):
    outcomes = puller.pull("team/good:2", good)
    failure = outcomes["team/good:2"].error
    assert (failure.code, failure.exchange.status) == ("manifest-unknown", 404)
    assert f"{fake.host}/team/good:2" in failure.message + failure.hint
    assert "list the tags" in failure.hint
    assert outcomes[good].is_pulled


@pytest.mark.parametrize("login", [BasicLogin({"robot": "right"}), TokenLogin({"robot": "right"})])
def test_wrong_credentials_are_reported_with_the_connector(layout, base, login, puller):
    with FakeRegistry(login) as fake:
        fake.add("team/tool", "1", image([base]))
        credential = UsernamePassword("robot", SecretValue("wr0ng-secret"))
        outcome = puller.one(puller.request("team/tool:1", fake=fake, credential=credential))
    failure = outcome.error
    assert failure.category == "unauthenticated"
    assert "connector account.test" in failure.hint
    assert failure.exchange.status == 401
    assert "wr0ng-secret" not in repr(outcome)


def test_a_private_image_without_credentials_says_so(puller, base):
    with FakeRegistry(TokenLogin({"robot": "right"})) as fake:
        fake.add("team/tool", "1", image([base]))
        failure = puller.one(puller.request("team/tool:1", fake=fake)).error
    assert failure.category == "unauthenticated"
    assert "give the connector account.test a user name" in failure.hint


def test_a_used_up_rate_limit_is_reported_with_what_is_left(puller, base):
    with FakeRegistry(rate_limit=0) as fake:
        fake.add("team/tool", "1", image([base]))
        outcome = puller.one(puller.request("team/tool:1", fake=fake))
    assert outcome.error.code == "registry-rate-limited"
    assert "mirror" in outcome.error.hint
    assert outcome.error.exchange.status == 429
    assert outcome.rate_limit.remaining == 0


def test_a_rate_limit_beyond_the_deadline_fails_at_once(puller, base):
    with FakeRegistry(rate_limit=0) as fake:
        fake.rate.retry_after = "3600"
        fake.add("team/tool", "1", image([base]))
        outcome = puller.one(puller.request("team/tool:1", fake=fake, timeout_s=60))
    assert outcome.error.code == "registry-rate-limited"
    assert fake.count("GET", "manifests") == 1


def test_a_registry_that_is_down_keeps_nobody_else_waiting(puller, fake, other, good):
    other.stop()
    outcomes = puller.pull(puller.request("team/tool:1", fake=other), good)
    assert outcomes["team/tool:1"].error.code == "connect-refused"
    assert other.host in outcomes["team/tool:1"].error.hint
    assert outcomes[good].is_pulled


def test_a_registry_in_trouble_is_not_taken_for_a_missing_image(puller, fake, good):
    bad(fake, layer({"a": "a"}))
    fake.faults.script(Scripted("HEAD", "team/bad/manifests/1", 503, times=ALWAYS))
    fake.faults.script(Scripted("GET", "team/bad/manifests/1", 503, times=ALWAYS))
    outcomes = puller.pull("team/bad:1", good)
    assert (outcomes["team/bad:1"].error.category, outcomes["team/bad:1"].error.retryable) == ("unavailable", True)


def test_the_policy_never_asks_nobody(puller, fake, good):
    outcome = puller.one(puller.request(good, policy=PullPolicy.NEVER))
    assert outcome.error.code == "image-not-present"
    assert fake.requests == ()


def test_a_reference_and_another_digest_contradict_each_other(puller):
    digest, another = Digest.of(b"1"), Digest.of(b"2")
    with pytest.raises(InvalidInputError):
        puller.request(f"team/tool@{digest}", digest=another)


def test_two_images_with_one_key_are_refused(puller, good):
    with pytest.raises(InvalidInputError):
        puller.pull(puller.request(good), puller.request(good))


def test_a_layout_that_cannot_be_used_fails_every_image(puller, fake, good):
    puller.layout.root.write_text("a file")
    outcome = puller.one(good)
    assert outcome.error.code == "not-a-layout"
    assert fake.requests == ()


def test_a_full_disk_fails_the_image_and_stores_nothing(puller, fake, good, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pierhead.worker.runtimes.blob_ingest.write_all", full)
    outcome = puller.one(good)
    assert outcome.error.code == "layout-io-failed"
    assert "free space" in outcome.error.hint
    assert puller.layout.images() == ()


def test_a_fault_of_our_own_is_reported_for_its_image_only(puller, fake, good, monkeypatch):
    bad(fake, layer({"a": "a"}))
    real = OciLayout.look_up

    def faulty(self, name, *rest, **more):
        if "team/bad" in name:
            raise ZeroDivisionError
        return real(self, name, *rest, **more)

    monkeypatch.setattr(OciLayout, "look_up", faulty)
    outcomes = puller.pull("team/bad:1", good)
    assert outcomes["team/bad:1"].error.code == "unexpected-failure"
    assert outcomes[good].is_pulled


def test_a_cancelled_pull_ends_and_keeps_only_what_it_proved(puller, fake, good, base):
    held = layer({"bytes": noise(2_000_000)})
    bad(fake, base, held)
    fault = fake.faults.hit_blob(held.digest, BlobFault(Then.HOLD, after_bytes=1_000_000))
    cancel = CancelToken()
    threading.Thread(target=lambda: fault.reached.wait(30) and cancel.cancel(), daemon=True).start()
    outcome = puller.one("team/bad:1", cancel=cancel)
    assert (outcome.state, outcome.error.code) == (ImageState.FAILED, "pull-cancelled")
    assert puller.layout.images() == ()
    assert puller.layout.verify().is_sound
    assert not puller.layout.blobs.has(held.digest)


def test_a_pull_cancelled_before_it_began_asks_nobody_for_blobs(puller, fake, good):
    cancel = CancelToken()
    cancel.cancel()
    assert puller.one(good, cancel=cancel).error.code == "pull-cancelled"
    assert fake.count(kind="blobs") == 0


def test_an_image_out_of_time_fails_and_the_others_go_on(puller, fake, good):
    held = layer({"bytes": noise(2_000_000)})
    bad(fake, held)
    fault = fake.faults.hit_blob(held.digest, BlobFault(Then.HOLD, after_bytes=1_000_000))
    threading.Thread(target=lambda: fault.reached.wait(30) and puller.clock.advance(61), daemon=True).start()
    outcomes = puller.pull(puller.request("team/bad:1", timeout_s=60), good)
    failure = outcomes["team/bad:1"].error
    assert (failure.code, failure.retryable) == (PullTimeoutError.code, True)
    assert "initTimeout" in failure.hint
    assert outcomes[good].is_pulled
    assert_sound(puller.layout, "good:1")


def test_an_attestation_is_never_taken_for_an_image(puller, fake, base):
    made = multi_platform([base], "tool")
    only = json.loads(made.raw)
    only["manifests"] = [entry for entry in only["manifests"] if entry["platform"]["os"] == "unknown"]
    fake.content.put_manifest("team/tool", "1", OCI_INDEX, json.dumps(only).encode())
    assert puller.one("team/tool:1").error.code == "platform-not-found"
