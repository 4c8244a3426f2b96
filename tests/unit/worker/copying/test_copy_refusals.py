"""What a copy refuses, and whom it names: nothing half done gets a tag, and credentials stay where they belong."""

import threading

import pytest

from pierhead.oci.digest import Digest
from pierhead.protocol.tasks import CopyTask, FailedResult
from pierhead.testing.fake_registry import BasicLogin, BlobFault, FakeRegistry, Scripted, Then, TokenLogin
from pierhead.testing.images import image, index, layer, multi_platform
from pierhead.testing.scripted_registry import ScriptedRegistry
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute


def tags(registry, name):
    return registry.content.tags(name) or []


def test_what_is_not_at_the_source_is_named_with_the_sources_connector(copier, source, target):
    outcome = copier.one("team/none:1")
    assert (outcome.state, outcome.error.code) == ("failed", "manifest-unknown")
    assert source.host in outcome.error.hint
    assert copier.one("team/none:1", left=None).error.exchange.url.startswith(source.url)
    assert target.content.tags("team/none") is None


@pytest.mark.parametrize("login", [BasicLogin({"robot": "right"}), TokenLogin({"robot": "right"})])
def test_wrong_credentials_of_the_target_are_named_with_the_targets_connector(copier, source, small, login):
    source.add("team/tool", "1", image([small]))
    with FakeRegistry(login) as closed:
        copier.target = closed
        outcome = copier.one(copier.image("team/tool:1", to_login=("robot", "wrong")))
        assert (outcome.state, outcome.error.category) == ("failed", "unauthenticated")
        assert "account.to" in outcome.error.hint
        assert closed.content.tags("team/tool") is None


def test_who_may_not_push_is_told_to_get_that_right(copier, source, target, small):
    source.add("team/tool", "1", image([small]))
    target.faults.script(Scripted("POST", "uploads/", 403, b'{"errors":[{"code":"DENIED"}]}', times=100))
    outcome = copier.one("team/tool:1")
    assert (outcome.error.code, outcome.error.retryable) == ("registry-denied", False)
    assert "right to push" in outcome.error.hint
    assert "account.to" in outcome.error.hint


def test_a_target_that_wants_a_login_has_it_asked_for(copier, source, small):
    source.add("team/tool", "1", image([small]))
    with FakeRegistry(BasicLogin({"robot": "right"})) as closed:
        copier.target = closed
        outcome = copier.one("team/tool:1")
    assert (outcome.error.category, "account.to" in outcome.error.hint) == ("unauthenticated", True)
    assert "pushing" in outcome.error.hint


def test_a_repository_that_must_be_made_first_is_named(copier, source, target, small):
    source.add("team/tool", "1", image([small]))
    target.faults.script(Scripted("POST", "uploads/", 404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}', times=100))
    outcome = copier.one("team/tool:1")
    assert outcome.error.code == "repository-unknown"
    assert "create the repository" in outcome.error.hint


def test_wrong_bytes_never_become_a_blob_of_the_target(copier, source, target, small, large):
    for name, each in (("small", small), ("large", large)):
        source.add(f"team/{name}", "1", image([each]))
        source.faults.hit_blob(each.digest, BlobFault(Then.FLIP, after_bytes=50, times=100))
        outcome = copier.one(f"team/{name}:1")
        assert (outcome.state, outcome.error.code) == ("failed", "digest-mismatch")
        assert source.host in outcome.error.hint
        assert target.content.find_blob(f"team/{name}", each.digest) is None
        assert tags(target, f"team/{name}") == []
    assert target.uploads.sessions == {}


def test_a_large_blob_in_one_request_is_held_back_as_well(copier, source, target, large):
    source.add("team/tool", "1", image([large]))
    source.faults.hit_blob(large.digest, BlobFault(Then.FLIP, after_bytes=50, times=100))
    target.faults.script(Scripted("PATCH", "", 405, times=100))
    assert copier.one("team/tool:1").error.code == "digest-mismatch"
    assert target.content.find_blob("team/tool", large.digest) is None


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_upload_that_shall_go_elsewhere_gets_neither_bytes_nor_credentials(copier, source, large, small, method):
    source.add("team/tool", "1", image([large if method == "PATCH" else small]))
    with ScriptedRegistry() as elsewhere, FakeRegistry(BasicLogin({"robot": "right"})) as target:
        copier.target = target
        location = {"Location": f"{elsewhere.url}/v2/team/tool/blobs/uploads/1"}
        target.faults.script(Scripted("POST", "uploads/", 202, headers=location, times=100))
        outcome = copier.one(copier.image("team/tool:1", to_login=("robot", "right")))
        assert elsewhere.requests == []
    assert (outcome.error.code, outcome.error.category) == ("upload-elsewhere", "denied")
    assert elsewhere.authority in outcome.error.message


def test_a_piece_whose_next_place_is_elsewhere_ends_the_upload(copier, source, target, large):
    source.add("team/tool", "1", image([large]))
    with ScriptedRegistry() as elsewhere:
        headers = {"Location": f"{elsewhere.url}/on", "Range": "0-65535"}
        target.faults.script(Scripted("PATCH", "", 202, headers=headers))
        assert copier.one("team/tool:1").error.code == "upload-elsewhere"
        assert elsewhere.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_nothing_that_changes_the_target_is_redirected(copier, source, target, large, method, status):
    source.add("team/tool", "1", image([large]))
    with ScriptedRegistry() as elsewhere:
        headers = {"Location": f"{elsewhere.url}/on"}
        target.faults.script(Scripted(method, "", status, headers=headers, times=100))
        assert copier.one("team/tool:1").error.code == "redirect-refused"
        assert elsewhere.requests == []


def test_a_registry_that_says_it_stored_something_else_is_not_believed(copier, source, target, small):
    source.add("team/tool", "1", image([small]))
    headers = {"Docker-Content-Digest": str(Digest.of(b"other"))}
    target.faults.script(Scripted("PUT", "", 201, headers=headers, times=100))
    outcome = copier.one("team/tool:1")
    assert (outcome.error.code, outcome.error.category) == ("stored-otherwise", "integrity")
    assert tags(target, "team/tool") == []


def test_a_manifest_that_the_target_finds_incomplete_may_be_tried_again(copier, source, target, small):
    made = image([small])
    source.add("team/tool", "1", made)
    body = b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}'
    target.faults.script(Scripted("PUT", "manifests/1", 400, body, times=100))
    outcome = copier.one("team/tool:1")
    assert (outcome.error.code, outcome.error.retryable) == ("target-incomplete", True)


def test_several_platforms_are_refused_for_they_would_change_the_digest(copier, source, small):
    source.add("team/tool", "1", multi_platform([small], "tool"))
    wanted = ("linux/amd64", "linux/arm64")
    outcome = copier.one(copier.image("team/tool:1", platforms=wanted))
    assert (outcome.error.code, outcome.error.category) == ("several-platforms", "unsupported")


def test_a_platform_that_the_image_is_not_for_is_refused(copier, source, target, small):
    source.add("team/index", "1", multi_platform([small], "tool"))
    source.add("team/plain", "1", image([small]))
    for name in ("index", "plain"):
        outcome = copier.one(copier.image(f"team/{name}:1", platforms=("windows/amd64",)))
        assert outcome.error.category == "not-found"
        assert target.content.tags(f"team/{name}") is None


def test_a_target_named_by_another_digest_is_refused(copier, source, small):
    source.add("team/tool", "1", image([small]))
    outcome = copier.one(copier.image("team/tool:1", f"team/tool@{Digest.of(b'other')}"))
    assert outcome.error.code == "target-digest"


def test_an_index_that_is_wrong_about_a_member_is_refused(copier, source, target, small):
    made = index([image([small])])
    wrong = made.raw.replace(b'"size": ', b'"size": 1')
    source.add("team/tool", "1", image([small]))
    source.content.put_manifest("team/tool", "2", made.descriptor.media_type, wrong)
    assert copier.one("team/tool:2").state == "failed"
    assert target.content.tags("team/tool") is None


def test_one_image_that_cannot_be_understood_fails_alone(copier, source, small):
    source.add("team/tool", "1", image([small]))
    bad = [
        copier.image("NOT A REFERENCE", "team/tool:1", key="reference"),
        copier.image("team/tool:1", key="digest", digest="md5:0"),
        copier.image("team/tool:1", key="platform", platforms=("linux",)),
    ]
    outcomes = {outcome.key: outcome for outcome in copier.copy(*bad, copier.image("team/tool:1", key="good"))}
    assert {key: outcome.state.value for key, outcome in outcomes.items()} == {
        "reference": "failed",
        "digest": "failed",
        "platform": "failed",
        "good": "copied",
    }


def test_two_images_with_one_key_fail_the_task(copier):
    task = CopyTask(images=(copier.image("team/a:1", key="1"), copier.image("team/b:1", key="1")))
    result = execute(task, transport=copier.transport)
    assert isinstance(result, FailedResult)


def test_a_cancelled_copy_says_so_and_ends_at_once(copier, source, target, small, large):
    source.add("team/tool", "1", image([small, large]))
    fault = source.faults.hit_blob(large.digest, BlobFault(Then.HOLD, after_bytes=100_000))
    cancel = CancelToken()
    threading.Thread(target=lambda: fault.reached.wait(30) and cancel.cancel(), daemon=True).start()
    outcome = copier.one("team/tool:1", cancel=cancel)
    assert outcome.error.code == "copy-cancelled"
    assert tags(target, "team/tool") == []


def test_a_fault_of_our_own_is_reported_for_its_image(copier, source, small, monkeypatch):
    source.add("team/tool", "1", image([small]))
    monkeypatch.setattr("pierhead.registry.uploads.Uploads.has", lambda *_: 1 / 0)
    assert copier.one("team/tool:1").error.code == "unexpected-failure"


def test_one_image_that_fails_does_not_stop_another_that_shares_its_layer(copier, source, small, large):
    source.add("team/good", "1", image([small, large]))
    other = layer({"other": "other"})
    source.add("team/bad", "1", image([small, large, other]))
    source.content.remove_blob("team/bad", other.digest)
    good, bad = copier.copy("team/good:1", "team/bad:1")
    assert (good.state, bad.state, bad.error.code) == ("copied", "failed", "blob-unknown")


def test_secrets_are_in_no_event(copier, source, small):
    source.add("team/tool", "1", image([small]))
    with FakeRegistry(BasicLogin({"robot": "right"})) as closed:
        copier.target = closed
        copier.copy(copier.image("team/tool:1", to_login=("robot", "very-wrong-password")))
    assert "very-wrong-password" not in repr(copier.events)
