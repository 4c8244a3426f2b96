import json
import signal
from pathlib import Path

import pytest

from pierhead.oci.platform import Platform
from pierhead.testing.fake_registry import BasicLogin, BlobFault, FakeRegistry, Then
from pierhead.testing.images import Image, layer, multi_platform, noise
from pierhead.worker.runtimes.oci_layout import OciLayout

NAME = "harness/ci-addon"
SHARED = layer({"a": noise(200_000)})


@pytest.fixture
def image() -> Image:
    return multi_platform([SHARED, layer({"b": noise(100_000, 1)})], "addon")


def test_a_pulled_image_stands_whole_in_a_layout(home, image) -> None:
    with FakeRegistry() as registry:
        digest = registry.add(NAME, "1", image)
        reference = f"{registry.host}/{NAME}:1"
        done = home.run("image", "pull", reference, "--plain-http", "--output", "out", "--platform", "linux/arm64")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"{reference} pulled {digest}, ")
        layout = OciLayout(home.root / "out")
        assert layout.find(reference, Platform.parse("linux/arm64")) is not None
        assert layout.verify().is_sound
        registry.forget_requests()
        again = home.run("image", "pull", reference, "--plain-http", "--output", "out", "--platform", "linux/arm64")
        assert f"{reference} present {digest}" in again.out
        assert registry.count("GET") == 0


def test_all_platforms_are_the_whole_index(home, image) -> None:
    with FakeRegistry() as registry:
        registry.add(NAME, "1", image)
        done = home.run(
            "image", "pull", f"{registry.host}/{NAME}:1", "--plain-http", "--output", "o", "--all-platforms", "--json"
        )
    assert done.code == 0
    assert done.json["state"] == "pulled"
    assert done.json["digest"] == str(image.descriptor.digest)
    blobs = {path.name for path in (home.root / "o" / "blobs" / "sha256").iterdir()}
    assert {digest.encoded for digest in image.blobs} <= blobs


def test_a_password_comes_from_standard_input(home, image) -> None:
    with FakeRegistry(BasicLogin({"user": "pass word"})) as registry:
        registry.add(NAME, "1", image)
        pull = ("image", "pull", f"{registry.host}/{NAME}:1", "--plain-http", "--output", "o", "--quiet")
        right = home.run(*pull, "--username", "user", "--password-stdin", stdin="pass word\n")
        assert (right.code, right.out) == (0, f"{image.descriptor.digest}\n")
        wrong = home.run(*pull, "--username", "user", "--password-stdin", stdin="pass\n")
        assert wrong.code == 3
        assert "hint: " in wrong.err
        assert home.run(*pull).code == 3
        assert home.run(*pull, "--username", "user").code == 2


def test_what_is_missing_is_told_with_the_exchange_and_a_remedy(home, image) -> None:
    with FakeRegistry() as registry:
        registry.add(NAME, "1", image)
        done = home.run("image", "pull", f"{registry.host}/{NAME}:2", "--plain-http", "--output", "o")
    assert done.code == 5
    assert f"/v2/{NAME}/manifests/2 -> 404" in done.err
    assert "hint: list the tags" in done.err


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("127.0.0.1:9/a/b:1", "--plain-http"), 10),
        (("127.0.0.1:9/A/b:1",), 2),
        (("127.0.0.1:9/a:1", "--platform", "linux"), 2),
        (("127.0.0.1:9/a:1", "--ca-file", "nope.pem"), 2),
        (("127.0.0.1:9/a:1", "--platform", "linux/amd64", "--all-platforms"), 2),
        ((), 2),
    ],
)
def test_a_pull_that_cannot_be_says_so_by_its_exit_code(home, argv: tuple[str, ...], code: int) -> None:
    done = home.run("image", "pull", *argv, "--output", "o")
    assert done.code == code
    assert "Traceback" not in done.err


def test_the_registry_is_never_asked_in_the_clear_unless_told(home, image) -> None:
    with FakeRegistry() as registry:
        registry.add(NAME, "1", image)
        assert home.run("image", "pull", f"{registry.host}/{NAME}:1", "--output", "o").code != 0
        assert registry.count() == 0


def test_ctrl_c_ends_a_pull_that_hangs(home, image) -> None:
    with FakeRegistry() as registry:
        registry.add(NAME, "1", image)
        held = registry.faults.hit_blob(SHARED.digest, BlobFault(Then.HOLD, after_bytes=1000))
        process = home.start("image", "pull", f"{registry.host}/{NAME}:1", "--plain-http", "--output", "o")
        assert held.reached.wait(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    index = Path(home.root / "o" / "index.json")
    assert json.loads(index.read_text())["manifests"] == []
