"""A mirror asks only the registry of its connector, with the credentials of that."""

from datetime import UTC, datetime

import pytest

from pierhead.control.connectors import Connector, parse_connector
from pierhead.control.mirroring import InvalidMirrorError, MirroredRepository
from pierhead.oci.tag_selection import TagRules
from pierhead.server.jobs.mirror_wants import check_names

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def connector(url: str, provider: str) -> Connector:
    spec = {"dockerRegistryUrl": url, "providerType": provider, "auth": {"type": "Anonymous"}}
    document = {"identifier": "c", "name": "c", "type": "DockerRegistry", "spec": {**spec, "executeOnDelegate": False}}
    draft = parse_connector({"connector": document}, "acct")
    return Connector("id", draft.scope, "c", "c", "", {}, draft.spec, 1, NOW, NOW)


def wanted(repository: str) -> tuple[MirroredRepository, ...]:
    return (
        MirroredRepository("library/alpine", TagRules(newest=1)),
        MirroredRepository(repository, TagRules(newest=1)),
    )


def test_a_repository_at_another_registry_is_refused() -> None:
    with pytest.raises(
        InvalidMirrorError, match=r"ghcr.io/team/app is at ghcr.io, and connector .*c is one for docker"
    ):
        check_names(connector("https://index.docker.io/v1/", "DockerHub"), wanted("ghcr.io/team/app"))


@pytest.mark.parametrize("repository", ["team/app", "docker.io/team/app"])
def test_what_is_at_the_connectors_registry_is_not(repository: str) -> None:
    check_names(connector("https://index.docker.io/v1/", "DockerHub"), wanted(repository))


def test_below_another_registry_a_host_is_a_part_of_the_path() -> None:
    check_names(connector("https://cache.example/proxy", "Other"), wanted("ghcr.io/team/app"))
