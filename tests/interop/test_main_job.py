"""The main job with real peers: by command line and by API, from docker-registry in its three ways to log in."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pierhead.control.catalogue import Catalogue, Infra
from pierhead.demo.server_process import ServerProcess
from pierhead.testing.images import layer, multi_platform, noise
from pierhead.testing.push import push_image

pytestmark = pytest.mark.interop

USER, PASSWORD = "robot", "right-password"
BASE = layer({"usr/lib/base": noise(300_000, seed=11)})
DEFAULTS = Catalogue.load().defaults(Infra.K8)
FIELDS = ("addonTag", "liteEngineTag", "gitCloneTag", "cacheS3Tag")
PIPELINE = """\
pipeline:
  identifier: shop
  stages:
    - stage:
        identifier: plain
        type: CI
        spec:
          cloneCodebase: true
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.k8s, namespace: ci, os: Linux}}
          execution:
            steps:
              - step: {identifier: restore, type: RestoreCacheS3, spec: {bucket: b, key: k}}
    - stage:
        identifier: override
        type: CI
        spec:
          cloneCodebase: false
          infrastructure:
            type: KubernetesDirect
            spec: {connectorRef: account.k8s, namespace: ci, harnessImageConnectorRef: account.other, os: Linux}
          execution: {steps: []}
"""


class Cli:
    """``pierhead`` on a data directory of its own, with a server holding it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIERHEAD_")}
        private = {"PIERHEAD_PRIVATE_ADDRESSES": "allow"}  # the registry is on loopback
        self.environment = {**kept, **private, "PIERHEAD_DATA": str(root / "data"), "HOME": str(root)}

    def __call__(self, *arguments: str, code: int = 0, text: str = "") -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "pierhead", *arguments, "--json"],
            cwd=self.root, env=self.environment, input=text, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout or done.stderr)


@pytest.fixture(scope="module")
def cli(peer, tmp_path_factory) -> Iterator[Cli]:
    for field in FIELDS:
        repository, _, tag = DEFAULTS[field].rpartition(":")
        made = multi_platform([BASE], repository.rpartition("/")[2])
        push_image(peer.registry.url, repository, tag, made, authorization=peer.push_authorization(repository))
    cli = Cli(tmp_path_factory.mktemp("main-job"))
    with ServerProcess(cli.root / "data", cli.root / "server.log", cli.environment) as server:
        server.wait()
        cli("secret", "apply", "registryToken", "--from-stdin", text=PASSWORD)
        for identifier in ("harnessImage", "other"):
            (cli.root / "connector.json").write_text(json.dumps({"connector": connector(peer, identifier)}))
            cli("connector", "apply", "-f", "connector.json")
        (cli.root / "pipeline.yaml").write_text(PIPELINE)
        yield cli


def connector(peer, identifier: str) -> dict[str, object]:
    login = {"type": "UsernamePassword", "spec": {"username": USER, "passwordRef": "account.registryToken"}}
    is_open = peer.tokens is None and not peer.skopeo_options
    trusted = {"trustedRealmHosts": [peer.tokens.host]} if peer.tokens else {}
    spec = {
        "dockerRegistryUrl": f"{peer.registry.url}/v2/",
        "providerType": "Other",
        "auth": {"type": "Anonymous"} if is_open else login,
        "executeOnDelegate": False,
        **trusted,
    }
    return {"identifier": identifier, "name": identifier, "type": "DockerRegistry", "spec": spec}


def images(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [image | {"stage": stage["identifier"]} for stage in document["stages"] for image in stage["images"]]


def test_the_connector_test_succeeds_and_its_outcome_is_kept(cli) -> None:
    assert cli("connector", "test", "harnessImage")["status"] == "SUCCESS"
    assert cli("connector", "get", "harnessImage")["status"]["status"] == "SUCCESS"


def test_init_pulls_what_skopeo_then_finds_sound(cli, peer, skopeo, tmp_path) -> None:
    run = cli("init", "pipeline.yaml", "--output", str(tmp_path / "out"))
    assert run["state"] == "succeeded"
    for image in images(run):
        in_registry = json.loads(
            skopeo("inspect", "--tls-verify=false", *_creds(peer), f"docker://{image['reference']}")
        )
        assert image["manifestDigest"] or image["digest"]
        target = tmp_path / image["reference"].replace("/", "_").replace(":", "_")
        skopeo("copy", "-q", f"oci:{tmp_path / 'out'}:{image['reference']}", f"dir:{target}")
        copied = json.loads((target / "manifest.json").read_text())
        assert [each["digest"] for each in copied["layers"]] == in_registry["Layers"]


def test_explain_and_run_give_the_same_reasons(cli) -> None:
    plan, run = cli("explain", "pipeline.yaml"), cli("init", "pipeline.yaml")
    reasons = [
        [(image["stage"], image["reference"], image["connector"], image["version"]) for image in images(document)]
        for document in (plan, run)
    ]
    assert reasons[0] == reasons[1]
    sources = {(image["stage"], image["connector"]["source"]) for image in images(plan)}
    assert sources == {("plain", "account"), ("override", "stage")}


def test_preflight_finds_what_is_there_with_the_digest_of_the_source_and_what_is_not(cli) -> None:
    there = [f"--set={field}={DEFAULTS[field]}" for field in FIELDS]
    good = cli("image", "preflight", *there, "--no-compare")
    assert {image["state"] for image in good["images"]} == {"present"}
    compared = cli("image", "preflight", there[0], "--source", "account.harnessImage")
    assert [image["targetDigest"] for image in compared["images"]] == [good["images"][0]["targetDigest"]]
    bad = cli("image", "preflight", there[0], "--set", "gitCloneTag=harness/none:1", "--no-compare", code=1)
    assert [image["state"] for image in bad["images"]] == ["present", "absent"]


def test_a_pinned_version_that_is_not_there_fails_alone_and_says_why(cli) -> None:
    missing = ("image", "pin", "gitCloneTag=harness/drone-git:0.0.0-missing")
    assert cli(*missing, "--no-compare", code=6)["error"]["code"] == "preflight-refused"
    assert cli("image", "effective", "--pins-only") == {}
    cli(*missing, "--force", "--reason", "to see it fail")
    try:
        run = cli("init", "pipeline.yaml", code=1)
    finally:
        cli("image", "reset", "gitCloneTag")
    failed = [image for image in images(run) if image["state"] == "failed"]
    assert [image["reference"].rpartition(":")[2] for image in failed] == ["0.0.0-missing"]
    assert failed[0]["failure"]["exchange"]["status"] == 404
    assert failed[0]["failure"]["hint"]
    assert all(image["state"] in ("pulled", "present") for image in images(run) if image not in failed)


@pytest.mark.parametrize("peer", ["htpasswd", "token"], indirect=True)
def test_wrong_credentials_fail_with_the_remedy_and_without_the_password(cli, peer) -> None:
    cli("secret", "apply", "registryToken", "--from-stdin", text="wrong-password-canary")
    try:
        (cli.root / "always.yaml").write_text(
            PIPELINE.replace("namespace: ci", "namespace: ci, imagePullPolicy: Always")
        )
        run = cli("init", "always.yaml", code=1)
        tested = cli("connector", "test", "harnessImage", code=1)
    finally:
        cli("secret", "apply", "registryToken", "--from-stdin", text=PASSWORD)
    assert {image["failure"]["category"] for image in images(run)} == {"unauthenticated"}
    assert "canary" not in json.dumps([run, tested]) + (cli.root / "server.log").read_text()
    assert cli("init", "always.yaml")["state"] == "succeeded"


def _creds(peer) -> list[str]:
    return ["--creds", f"{USER}:{PASSWORD}"] if peer.skopeo_options else []
