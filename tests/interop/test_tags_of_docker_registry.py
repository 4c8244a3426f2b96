"""What we say of tags in Debian's docker-registry is what skopeo says, in all of its ways to log in."""

import json
import subprocess
from typing import Any

import pytest
from pydantic import SecretStr

from pierhead.protocol.tasks import ListTagsTask, ReadTagsTask, RegistryAccess, TagFactsResult, TagsResult
from pierhead.registry.endpoint import UsernamePassword
from pierhead.registry.transport import Transport
from pierhead.testing.images import LINUX_AMD64, image, layer, multi_platform
from pierhead.testing.peers import require_program
from pierhead.testing.push import push_image
from pierhead.worker.execute import execute

pytestmark = pytest.mark.interop

REPOSITORY = "sources/tool"
MADE = {
    "1.9": image([layer({"a": "9"})], labels={"org.opencontainers.image.version": "1.9"}),
    "1.10": multi_platform([layer({"a": "10"})], "tool"),
    "latest": image([layer({"a": "9"})], platform=LINUX_AMD64, docker=True),
}


@pytest.fixture(scope="module", autouse=True)
def pushed(peer: Any) -> None:
    for tag, made in MADE.items():
        authorization = peer.push_authorization(REPOSITORY)
        push_image(peer.registry.url, REPOSITORY, tag, made, authorization=authorization)


@pytest.fixture
def access(peer: Any) -> RegistryAccess:
    given = peer.credential
    login = (
        {"username": given.username, "password": SecretStr(given.password.reveal())}
        if isinstance(given, UsernamePassword)
        else {}
    )
    trusted = (peer.tokens.host,) if peer.tokens else ()
    return RegistryAccess(url=peer.registry.url, allow_private=True, trusted_realm_hosts=trusted, **login)


def skopeo(peer: Any, access: RegistryAccess, tag: str) -> dict[str, Any]:
    require_program("skopeo")
    login = [] if access.password is None else ["--creds", f"{access.username}:{access.password.get_secret_value()}"]
    name = f"docker://{peer.registry.host}/{REPOSITORY}:{tag}"
    said = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", *login, name],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def test_every_tag_is_listed(access: RegistryAccess) -> None:
    with Transport() as transport:
        found = execute(ListTagsTask(registry=access, repository=REPOSITORY), transport=transport)
    assert isinstance(found, TagsResult)
    assert (set(found.tags), found.truncated) == (set(MADE), False)


def test_digests_dates_and_labels_are_those_that_skopeo_tells(peer: Any, access: RegistryAccess) -> None:
    task = ReadTagsTask(registry=access, repository=REPOSITORY, tags=(*MADE, "none"), with_configs=True)
    with Transport() as transport:
        found = execute(task, transport=transport)
    assert isinstance(found, TagFactsResult), found
    facts = {each.tag: each for each in found.tags}
    assert facts.pop("none").problem_code == "manifest-unknown"
    for tag, each in facts.items():
        assert each.digest == str(MADE[tag].descriptor.digest)
        other = skopeo(peer, access, tag)
        assert (each.created or "")[:19] == other["Created"][:19]
        assert each.labels == (other["Labels"] or {})
        assert each.config_platform == f"{other['Os']}/{other['Architecture']}"
        assert (tag == "1.10") == bool(each.platforms)
    bare = execute_digests(access)
    assert bare == {tag: str(made.descriptor.digest) for tag, made in MADE.items()}


def execute_digests(access: RegistryAccess) -> dict[str, str | None]:
    task = ReadTagsTask(registry=access, repository=REPOSITORY, tags=tuple(MADE))
    with Transport() as transport:
        found = execute(task, transport=transport)
    assert isinstance(found, TagFactsResult)
    return {each.tag: each.digest for each in found.tags}
