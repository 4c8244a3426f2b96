"""Images saved into an archive and loaded from one on the command line, without a server."""

import io
import json

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDraft
from pierhead.kit.redact import SecretValue
from pierhead.testing.application import memory_application
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry
from pierhead.testing.images import image, layer, multi_platform

MADE = multi_platform([layer({"a": "a"})], "tool")


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        registry.add("team/tool", "1", MADE)
        registry.add("team/other", "2", image([layer({"b": "b"})]))
        yield registry


@pytest.fixture
def target():
    with FakeRegistry(BasicLogin({"user": "pass word"})) as registry:
        yield registry


@pytest.fixture
def saved(pierhead, source, tmp_path):
    names = [f"{source.host}/team/tool:1", f"{source.host}/team/other:2"]
    outcome = pierhead(
        "image", "save", *names, "-o", str(tmp_path / "a.tar"), "--lock", str(tmp_path / "a.lock"), "--plain-http"
    )
    assert outcome.code == 0, outcome.err
    return outcome, tmp_path / "a.tar"


def load(pierhead, monkeypatch, path, target, *more, password="pass word"):
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    login = ("--plain-http", "--username", "user", "--password-stdin")
    return pierhead("image", "load", str(path), "--registry", "--to", f"{target.host}/mirror", *login, *more)


def test_an_archive_goes_from_one_registry_into_another(pierhead, saved, target, monkeypatch, tmp_path):
    outcome, path = saved
    assert [line.partition(":")[2].split()[1] for line in outcome.out.splitlines()] == ["saved", "saved"]
    loaded = load(pierhead, monkeypatch, path, target, "--lock", str(tmp_path / "a.lock"))
    assert loaded.code == 0, loaded.out + loaded.err
    assert target.content.find_manifest("mirror/team/tool", "1")[2] == MADE.raw
    assert "copied" in loaded.out
    again = load(pierhead, monkeypatch, path, target, "--json")
    assert [each["state"] for each in again.json] == ["present", "present"]


def test_a_lock_names_what_is_saved(saved, tmp_path):
    listed = json.loads((tmp_path / "a.lock").read_text())["images"]
    assert listed[0]["digest"] == str(MADE.descriptor.digest)


def test_an_archive_that_is_not_the_locked_one_is_not_loaded(pierhead, saved, target, monkeypatch, tmp_path):
    lock = tmp_path / "a.lock"
    lock.write_text(lock.read_text().replace(str(MADE.descriptor.digest), "sha256:" + "0" * 64, 1))
    outcome = load(pierhead, monkeypatch, saved[1], target, "--lock", str(lock))
    assert (outcome.code, "differ in" in outcome.err) == (2, True)
    assert target.content.repositories() == []


def test_a_wrong_password_fails_each_image_with_its_remedy(pierhead, saved, target, monkeypatch):
    outcome = load(pierhead, monkeypatch, saved[1], target, password="wrong")
    assert (outcome.code, outcome.out.count("failed"), "remedy" in outcome.out) == (1, 2, True)


def test_what_is_no_archive_is_said_plainly(pierhead, tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(b"x" * 2000)
    outcome = pierhead("image", "load", str(path), "--registry", "--to", "127.0.0.1:1")
    assert (outcome.code, "is no archive of images" in outcome.err) == (11, True)


def test_some_platforms_make_an_index_of_their_own(pierhead, source, tmp_path):
    platforms = ("--platform", "linux/amd64", "--platform", "linux/arm64")
    name = f"{source.host}/team/tool:1"
    outcome = pierhead("image", "save", name, "-o", str(tmp_path / "b.tar"), "--plain-http", "--json", *platforms)
    (image_,) = outcome.json
    assert image_["sourceDigest"] == str(MADE.descriptor.digest) != image_["digest"]
    assert image_["platforms"] == ["linux/amd64", "linux/arm64/v8"]


def test_an_image_that_is_not_there_leaves_no_file(pierhead, source, tmp_path):
    outcome = pierhead("image", "save", f"{source.host}/no/such:1", "-o", str(tmp_path / "c.tar"), "--plain-http")
    assert outcome.code == 5
    assert not (tmp_path / "c.tar").exists()


def test_a_connector_of_a_running_server_is_told_what_to_do(pierhead, tmp_path):
    outcome = pierhead("image", "save", "a/b:1", "--from", "hub", "-o", str(tmp_path / "d.tar"))
    assert (outcome.code, "keeps its secrets" in outcome.err) == (2, True)
    mixed = pierhead("image", "save", "a/b:1", "--from", "hub", "--plain-http", "-o", str(tmp_path / "d.tar"))
    assert (mixed.code, "--plain-http" in mixed.err) == (2, True)


class Opened:
    """The connection of a command that opened the data directory itself."""

    def __init__(self, application) -> None:
        self.application = application
        self.api = self

    def close(self) -> None:
        """It is the test's."""


@pytest.fixture
def application(tmp_path):
    application = memory_application(tmp_path)
    yield application
    application.close()


def test_connectors_of_ones_own_data_directory_are_used_with_their_login(
    pierhead, api, application, source, target, tmp_path, monkeypatch
):
    account = application.account.id
    application.secrets.create(SecretDraft(Scope(account), "pw", "pw", SecretValue("pass word")))
    login = {"type": "UsernamePassword", "spec": {"username": "user", "passwordRef": "account.pw"}}
    logins = {"from": {"type": "Anonymous"}, "to": login}
    for name, registry in (("from", source), ("to", target)):
        spec = {"dockerRegistryUrl": registry.url, "providerType": "Other", "auth": logins[name]}
        document = {"identifier": name, "name": name, "type": "DockerRegistry", "spec": spec}
        application.connectors.create(parse_connector({"connector": document}, account))
    monkeypatch.setattr(api, "connect", lambda _: Opened(application))
    path = str(tmp_path / "a.tar")
    saved = pierhead("image", "save", "team/tool:1", "--from", "account.from", "-o", path)
    assert saved.code == 0, saved.err
    loaded = pierhead("image", "load", path, "--to", "account.to/mirror")
    assert loaded.code == 0, loaded.out + loaded.err
    assert target.content.find_manifest("mirror/team/tool", "1")[2] == MADE.raw
