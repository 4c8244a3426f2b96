"""What the fake registry can do beyond being a registry: logins, limits, misbehaviour on order, a full record."""

import http.client
import json

import pytest

from pierhead.oci.media_types import OCI_MANIFEST
from pierhead.testing.fake_registry import BasicLogin, BlobFault, FakeRegistry, NoLogin, Scripted, Then, TokenLogin
from pierhead.testing.images import image, layer, noise
from pierhead.testing.push import PushFailedError, basic, push_image

LAYER = layer({"bytes": noise(5000)})
IMAGE = image([LAYER])
MANIFEST, BLOB = "/v2/team/tool/manifests/1", f"/v2/team/tool/blobs/{LAYER.digest}"


def ask(
    fake: FakeRegistry, path: str, method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(fake.host, timeout=20)
    connection.request(method, path, headers={"Accept": OCI_MANIFEST, **headers})
    answer = connection.getresponse()
    try:
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def start(login=None, **more) -> FakeRegistry:
    fake = FakeRegistry(login or NoLogin(), **more)
    fake.add("team/tool", "1", IMAGE)
    return fake


def test_basic_login_keeps_others_out():
    with start(BasicLogin({"robot": "secret"})) as fake:
        status, headers, _ = ask(fake, "/v2/")
        assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="fake registry"')
        assert ask(fake, MANIFEST, Authorization=basic("robot", "wrong"))[0] == 401
        assert ask(fake, MANIFEST, Authorization="Basic not-base64")[0] == 401
        assert ask(fake, MANIFEST, Authorization=basic("robot", "secret"))[0] == 200


def token(fake: FakeRegistry, scope: str, **headers: str) -> str:
    status, _, body = ask(fake, f"/token?service=fake-registry&scope={scope}", **headers)
    return json.loads(body)["token"] if status == 200 else ""


def test_token_login_opens_what_was_asked_for_and_no_more():
    login = TokenLogin({"robot": "secret"}, public=frozenset({"team/public"}))
    with start(login) as fake:
        fake.add("team/public", "1", IMAGE)
        status, headers, _ = ask(fake, MANIFEST)
        assert status == 401
        assert f'realm="{fake.url}/token"' in headers["WWW-Authenticate"]
        assert 'scope="repository:team/tool:pull"' in headers["WWW-Authenticate"]
        anonymous = token(fake, "repository:team/public:pull")
        assert ask(fake, "/v2/team/public/manifests/1", Authorization=f"Bearer {anonymous}")[0] == 200
        status, headers, _ = ask(fake, MANIFEST, Authorization=f"Bearer {anonymous}")
        assert (status, "insufficient_scope" in headers["WWW-Authenticate"]) == (401, True)
        assert token(fake, "repository:team/tool:pull", Authorization=basic("robot", "wrong")) == ""
        known = token(fake, "repository:team/tool:pull", Authorization=basic("robot", "secret"))
        assert ask(fake, MANIFEST, Authorization=f"Bearer {known}")[0] == 200
        fake.door.tokens.forget()
        assert ask(fake, MANIFEST, Authorization=f"Bearer {known}")[0] == 401


def test_pushing_needs_its_own_right():
    with start(BasicLogin({"robot": "secret"})) as fake:
        with pytest.raises(PushFailedError):
            push_image(fake.url, "team/new", "1", IMAGE)
        push_image(fake.url, "team/new", "1", IMAGE, authorization=basic("robot", "secret"))
        assert fake.content.tags("team/new") == ["1"]


def test_gets_of_manifests_use_up_the_limit_and_heads_do_not():
    with start(rate_limit=1) as fake:
        assert ask(fake, MANIFEST, "HEAD")[1]["ratelimit-remaining"] == "1;w=21600"
        assert ask(fake, MANIFEST)[0] == 200
        status, headers, body = ask(fake, MANIFEST)
        assert (status, headers["Retry-After"], headers["ratelimit-remaining"]) == (429, "30", "0;w=21600")
        assert json.loads(body)["errors"][0]["code"] == "TOOMANYREQUESTS"
        assert ask(fake, MANIFEST, "HEAD")[0] == 200
        assert ask(fake, BLOB)[0] == 200


def test_lists_come_in_pages():
    with start(page_cap=2) as fake:
        for tag in ("a", "b", "c"):
            fake.add("team/tool", tag, IMAGE)
        _, headers, body = ask(fake, "/v2/team/tool/tags/list?n=10")
        assert json.loads(body)["tags"] == ["1", "a"]
        following = headers["Link"].partition(">")[0][1:]
        _, headers, body = ask(fake, following)
        assert json.loads(body)["tags"] == ["b", "c"]
        assert headers["Link"] is None


def test_a_cut_body_is_short():
    with start() as fake:
        fault = fake.faults.hit_blob(LAYER.digest, BlobFault(Then.CUT, after_bytes=100))
        with pytest.raises(http.client.IncompleteRead):
            ask(fake, BLOB)
        assert fault.reached.is_set()
        assert ask(fake, BLOB)[2] == LAYER.content


def test_a_flipped_body_has_the_right_length():
    with start() as fake:
        fake.faults.hit_blob(LAYER.digest, BlobFault(Then.FLIP, after_bytes=100))
        body = ask(fake, BLOB)[2]
        assert len(body) == LAYER.size
        assert [place for place in range(LAYER.size) if body[place] != LAYER.content[place]] == [100]


def test_a_held_body_goes_on_when_it_is_released():
    with start() as fake:
        fault = fake.faults.hit_blob(LAYER.digest, BlobFault(Then.HOLD, after_bytes=100))
        fault.released.set()
        assert ask(fake, BLOB)[2] == LAYER.content


def test_any_answer_can_be_scripted():
    with start() as fake:
        fake.faults.script(Scripted("GET", "/manifests/1", 418, b"short and stout", {"X-Kind": "teapot"}))
        status, headers, body = ask(fake, MANIFEST)
        assert (status, headers["X-Kind"], body) == (418, "teapot", b"short and stout")
        assert ask(fake, MANIFEST)[0] == 200


def test_every_request_is_on_record_without_its_secret():
    with start() as fake:
        ask(fake, MANIFEST, "HEAD", Authorization="Bearer s3cret")
        ask(fake, BLOB, Range="bytes=0-9")
        first, second = fake.requests
        assert (first.method, first.kind, first.status, first.authorization) == ("HEAD", "manifests", 200, "Bearer")
        assert (second.kind, second.target, second.status, second.range) == (
            "blobs",
            str(LAYER.digest),
            206,
            "bytes=0-9",
        )
        assert (fake.count("GET"), fake.count(kind="manifests"), fake.count()) == (1, 1, 2)
        assert "s3cret" not in repr(fake.requests)


def test_a_stopped_registry_refuses_connections():
    fake = start()
    fake.stop()
    with pytest.raises(OSError):
        ask(fake, "/v2/")
