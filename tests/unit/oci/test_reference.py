import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.oci.digest import Digest
from pierhead.oci.errors import InvalidImageReferenceError
from pierhead.oci.reference import Reference, is_docker_hub

HEX = "a" * 64
SHA256 = f"sha256:{HEX}"
SHA512 = "sha512:" + "b" * 128


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" alpine", "space"),
        ("alpine ", "space"),
        ("al pine", "space"),
        ("alpine\n", "U+000A"),
        ("alpine\r\nHost: x", "U+000D"),
        ("alpine\x00", "U+0000"),
        ("alpine\x1b[31m", "U+001B"),
        ("аlpine", "U+0430"),
        ("ghcr.io/оrg/app", "U+043E"),
        ("ɡhcr.io/org/app", "U+0261"),
        ("ghcr。io/org/app", "U+3002"),
        ("alpine：3", "U+FF1A"),
        ("alpine\u200b", "U+200B"),
        ("\ud800", "U+D800"),
        ("a" * 10_000, "longer than"),
        ("https://ghcr.io/org/app", "scheme"),
        ("docker://alpine", "scheme"),
        (HEX, "image id"),
        (SHA256, "image id"),
        ("/alpine", "empty part"),
        ("alpine/", "empty part"),
        ("org//app", "empty part"),
        ("ghcr.io/", "no repository"),
        ("ghcr.io//app", "empty part"),
        (":3", "no repository"),
        (f"@{SHA256}", "no repository"),
        ("alpine:", "empty tag"),
        ("alpine@", "digest"),
        (f"alpine:@{SHA256}", "empty tag"),
        ("alpine:.3", "tag"),
        ("alpine:-3", "tag"),
        ("alpine:3/4:", "empty tag"),
        ("alpine:" + "t" * 129, "128"),
        ("alpine:3+4", "tag"),
        ("alpine:3:4", "repository"),
        (f"alpine@{SHA256}@{SHA256}", "digest"),
        ("alpine@sha256:abc", "digest"),
        (f"alpine@SHA256:{HEX}", "digest"),
        (f"alpine@sha256:{HEX.upper()}", "digest"),
        ("alpine@sha256:../../x", "digest"),
        (f"alpine@md5:{HEX[:32]}", "algorithm"),
        (f"alpine@{SHA256}:3", "digest"),
        ("Alpine", "capital"),
        ("org/App", "capital"),
        ("MyOrg/app", "capital"),
        ("ghcr.io/Org/app", "capital"),
        ("-alpine", "repository"),
        ("alpine-", "repository"),
        ("_alpine", "repository"),
        ("alpine_", "repository"),
        (".alpine", "repository"),
        ("alpine.", "repository"),
        ("a..b", "repository"),
        ("a___b", "repository"),
        ("a._b", "repository"),
        ("a_-b", "repository"),
        ("../../etc/passwd", "host"),
        ("a/../b", "repository"),
        ("a/./b", "repository"),
        ("a/%2e%2e/b", "repository"),
        ("a%2fb", "repository"),
        ("a/b?x=1", "repository"),
        ("a/b#x", "repository"),
        ("a\\b", "repository"),
        ("ghcr.io./org/app", "host"),
        (".ghcr.io/org/app", "host"),
        ("ghcr..io/org/app", "host"),
        ("-ghcr.io/org/app", "host"),
        ("ghcr-.io/org/app", "host"),
        ("my_registry:5000/app", "host"),
        ("user:pw@ghcr.io/org/app", "login"),
        ("a" * 64 + ".io/org/app", "host"),
        ("ghcr.io:/app", "port"),
        ("ghcr.io:0/app", "port"),
        ("ghcr.io:65536/app", "port"),
        ("ghcr.io:123456/app", "port"),
        ("ghcr.io:0443/app", "port"),
        ("ghcr.io:+443/app", "port"),
        ("ghcr.io:https/app", "port"),
        ("ghcr.io:443:443/app", "host"),
        ("[::1/app", "host"),
        ("::1/app", "host"),
        ("[::1]]/app", "host"),
        ("[::1]5000/app", "host"),
        ("[::1]:/app", "port"),
        ("[::1]:99999/app", "port"),
        ("[1:2:3]/app", "host"),
        ("[:]/app", "host"),
        ("[fe80::1%eth0]/app", "host"),
        ("[::ffff:1.2.3.4]/app", "host"),
        ("[ghcr.io]/app", "host"),
        ("[::1]", "repository"),
        ("ghcr.io/" + "a" * 248, "255"),
        ("a" * 238, "255"),
    ],
)
def test_refuses_what_is_not_a_reference(text: str, says: str) -> None:
    with pytest.raises(InvalidImageReferenceError) as caught:
        Reference.parse(text)
    assert says in caught.value.reason
    assert caught.value.hint
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    ("text", "lowered"), [("MyOrg/App:V1", "myorg/app"), ("ghcr.io/Org/app", "org/app"), ("Alpine", "library/alpine")]
)
def test_capital_letters_are_refused_with_the_lower_case_form(text: str, lowered: str) -> None:
    with pytest.raises(InvalidImageReferenceError) as caught:
        Reference.parse(text)
    assert caught.value.hint.endswith(lowered)
    assert text in caught.value.message


@pytest.mark.parametrize(
    "text", ["me:hunter2@ghcr.io/app", "https://me:hunter2@ghcr.io/app", "me:hunter2@a@b/c", "ftp://me:hunter2@x"]
)
def test_a_login_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidImageReferenceError) as caught:
        Reference.parse(text)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint} {caught.value.text}"


@pytest.mark.parametrize(
    ("registry", "repository", "tag"),
    [
        ("GHCR.io", "org/app", None),
        ("index.docker.io", "library/alpine", None),
        ("docker.io", "alpine", None),
        ("docker.io:443", "library/alpine", None),
        ("ghcr", "org/app", None),
        ("", "org/app", None),
        ("ghcr.io", "", None),
        ("ghcr.io", "org/app:1", None),
        ("ghcr.io", "org/app", ""),
        ("ghcr.io", "org/app", "a/b"),
        ("ghcr.io\n", "org/app", None),
        ("ghcr.io", "org/app\n", None),
        ("ghcr.io", "org/app", "1\n"),
        ("ghcr.io/org", "app", None),
    ],
)
def test_a_constructed_reference_is_valid(registry: str, repository: str, tag: str | None) -> None:
    with pytest.raises(InvalidImageReferenceError):
        Reference(registry, repository, tag)


@pytest.mark.parametrize(
    ("text", "registry", "repository"),
    [
        ("alpine", "docker.io", "library/alpine"),
        ("library/alpine", "docker.io", "library/alpine"),
        ("org/app", "docker.io", "org/app"),
        ("org/team/app", "docker.io", "org/team/app"),
        ("docker.io/alpine", "docker.io", "library/alpine"),
        ("docker.io/org/app", "docker.io", "org/app"),
        ("DOCKER.IO/org/app", "docker.io", "org/app"),
        ("docker.io:443/org/app", "docker.io", "org/app"),
        ("index.docker.io/alpine", "docker.io", "library/alpine"),
        ("index.docker.io/org/app", "docker.io", "org/app"),
        ("registry-1.docker.io/org/app", "docker.io", "org/app"),
        ("registry.hub.docker.com/org/app", "docker.io", "org/app"),
        ("registry.hub.docker.com/alpine", "docker.io", "library/alpine"),
        ("hub.docker.com/org/app", "docker.io", "org/app"),
        ("docker.io:5000/app", "docker.io:5000", "app"),
        ("xdocker.io/app", "xdocker.io", "app"),
        ("docker.io.evil.example/app", "docker.io.evil.example", "app"),
        ("gcr.io/gcr-prod/harness/ci-addon", "gcr.io", "gcr-prod/harness/ci-addon"),
        ("GHCR.io/org/app", "ghcr.io", "org/app"),
        ("localhost/app", "localhost", "app"),
        ("LOCALHOST/app", "localhost", "app"),
        ("localhost", "docker.io", "library/localhost"),
        ("localhost:5000/app", "localhost:5000", "app"),
        ("localhosted/app", "docker.io", "localhosted/app"),
        ("registry:5000/app", "registry:5000", "app"),
        ("registry:65535/app", "registry:65535", "app"),
        ("127.0.0.1/app", "127.0.0.1", "app"),
        ("127.0.0.1:5000/a/b", "127.0.0.1:5000", "a/b"),
        ("[::1]/app", "[::1]", "app"),
        ("[::1]:5000/app", "[::1]:5000", "app"),
        ("[FE80::A]:5000/app", "[fe80::a]:5000", "app"),
        ("[2001:db8:0:0:0:0:0:1]/app", "[2001:db8:0:0:0:0:0:1]", "app"),
        ("xn--bcher-kva.example/app", "xn--bcher-kva.example", "app"),
        ("a-b.c--d.example/app", "a-b.c--d.example", "app"),
        ("ghcr.io/a.b/c_d/e__f/g-h/i--j/k---l", "ghcr.io", "a.b/c_d/e__f/g-h/i--j/k---l"),
        ("ghcr.io/0/1", "ghcr.io", "0/1"),
        ("example.com", "docker.io", "library/example.com"),
        ("docker.io/ghcr.io/app", "docker.io", "ghcr.io/app"),
        ("ghcr.io/" + "a" * 247, "ghcr.io", "a" * 247),
        ("a" * 63 + ".io/app", "a" * 63 + ".io", "app"),
        ("f" * 63, "docker.io", "library/" + "f" * 63),
    ],
)
def test_host_and_repository(text: str, registry: str, repository: str) -> None:
    assert Reference.parse(text) == Reference(registry, repository)


@pytest.mark.parametrize(
    ("text", "tag", "digest"),
    [
        ("alpine", None, None),
        ("alpine:3", "3", None),
        ("alpine:latest", "latest", None),
        ("alpine:V1.2_x-y", "V1.2_x-y", None),
        ("alpine:_", "_", None),
        ("alpine:" + "t" * 128, "t" * 128, None),
        ("localhost:5000", "5000", None),
        ("localhost:5000/a:b", "b", None),
        ("[::1]:5000/a:b", "b", None),
        (f"alpine@{SHA256}", None, SHA256),
        (f"alpine@{SHA512}", None, SHA512),
        (f"alpine:3@{SHA256}", "3", SHA256),
        (f"ghcr.io:443/org/app:{'t' * 128}@{SHA512}", "t" * 128, SHA512),
        (f"alpine:{HEX}", HEX, None),
    ],
)
def test_tag_and_digest(text: str, tag: str | None, digest: str | None) -> None:
    parsed = Reference.parse(text)
    assert parsed.tag == tag
    assert parsed.digest == (Digest.parse(digest) if digest else None)


@pytest.mark.parametrize(
    ("text", "target"),
    [("alpine", "latest"), ("alpine:3", "3"), (f"alpine@{SHA256}", SHA256), (f"alpine:3@{SHA256}", SHA256)],
)
def test_the_digest_decides_then_the_tag_then_latest(text: str, target: str) -> None:
    assert Reference.parse(text).target == target


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("docker.io/library/alpine:3", "alpine:3"),
        (f"docker.io/org/app:1@{SHA256}", f"org/app:1@{SHA256}"),
        ("docker.io/library/team/app", "library/team/app"),
        ("docker.io/localhost/app", "docker.io/localhost/app"),
        ("docker.io/ghcr.io/app", "docker.io/ghcr.io/app"),
        (f"docker.io/library/{HEX}", f"library/{HEX}"),
        (f"docker.io/library/sha256:{HEX}", f"library/sha256:{HEX}"),
        ("ghcr.io/library/app", "ghcr.io/library/app"),
        ("localhost:5000/app", "localhost:5000/app"),
    ],
)
def test_the_familiar_form_is_the_shortest_that_means_the_same(text: str, familiar: str) -> None:
    assert Reference.parse(text).familiar() == familiar


def test_with_tag_drops_the_digest_and_with_digest_keeps_the_tag() -> None:
    reference = Reference.parse("ghcr.io/org/app:1")
    pinned = reference.with_digest(Digest.parse(SHA256))
    assert str(pinned) == f"ghcr.io/org/app:1@{SHA256}"
    assert pinned.with_tag("2") == Reference.parse("ghcr.io/org/app:2")
    with pytest.raises(InvalidImageReferenceError, match="tag"):
        reference.with_tag("no/tag")


@pytest.mark.parametrize(
    ("host", "is_hub"),
    [
        ("docker.io", True),
        ("Index.Docker.io", True),
        ("registry-1.docker.io", True),
        ("registry-1.docker.io:443", True),
        ("registry.hub.docker.com", True),
        ("hub.docker.com", True),
        ("auth.docker.io", False),
        ("docker.io:80", False),
        ("docker.io.evil.example", False),
        ("", False),
    ],
)
def test_names_of_docker_hub(host: str, is_hub: bool) -> None:
    assert is_docker_hub(host) is is_hub


LABEL = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?", fullmatch=True)
PORT = st.integers(1, 65535)
DOTTED = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
V6 = st.ip_addresses(v=6).map(lambda address: f"[{address}]").filter(lambda text: "." not in text)
HOST = st.one_of(DOTTED, st.just("localhost"), V6, st.ip_addresses(v=4).map(str))
WITH_PORT = st.builds(lambda host, port: f"{host}:{port}", HOST | LABEL, PORT)
PART = st.from_regex(r"[a-z0-9]{1,5}((\.|_|__|-|---)[a-z0-9]{1,5}){0,2}", fullmatch=True)
REPOSITORY = st.lists(PART, min_size=1, max_size=4).map("/".join)
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
DIGEST = st.builds(Digest.of, st.binary(max_size=3), st.sampled_from(["sha256", "sha512"]))


@st.composite
def references(draw: st.DrawFn) -> str:
    host = draw(st.none() | HOST | WITH_PORT | st.sampled_from(["docker.io", "index.docker.io"]))
    tag, digest = draw(st.none() | TAG), draw(st.none() | DIGEST)
    name = draw(REPOSITORY.filter(lambda path: "." not in path)) if host is None else f"{host}/{draw(REPOSITORY)}"
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


@given(references())
def test_what_the_grammar_makes_parses_and_keeps_its_meaning(text: str) -> None:
    parsed = Reference.parse(text)
    assert Reference.parse(str(parsed)) == parsed
    assert Reference.parse(parsed.familiar()) == parsed
    assert len(parsed.familiar()) <= len(str(parsed))
    assert is_docker_hub(parsed.registry) == (parsed.registry == "docker.io")


@given(st.text() | st.text(alphabet="aA0.:/@_-[]%\\ \n") | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        parsed = Reference.parse(text)
    except InvalidImageReferenceError:
        return
    assert Reference.parse(str(parsed)) == parsed
    assert ".." not in parsed.repository
    assert str(parsed).isascii()


@given(references(), st.data())
def test_one_changed_character_is_a_reference_or_refused(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.characters()) + text[at + data.draw(st.integers(0, 1)) :]
    try:
        parsed = Reference.parse(changed)
    except InvalidImageReferenceError:
        return
    assert Reference.parse(str(parsed)) == parsed
