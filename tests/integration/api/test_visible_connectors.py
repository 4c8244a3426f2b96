"""Lists of connectors hold what the caller may see, at every scope that they look at."""

from collections.abc import Callable

from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.access import ResourceSelector
from pierhead.control.scopes import ResourceType
from pierhead.testing.application import MemoryApplication

URL = "/ng/api/connectors"
Someone = Callable[..., TestClient]


def connector(identifier: str, **place: str) -> dict[str, object]:
    spec = {
        "dockerRegistryUrl": "https://registry.example",
        "providerType": "Other",
        "auth": {"type": "Anonymous"},
    }
    return {"connector": {"name": "n", "identifier": identifier, "type": "DockerRegistry", "spec": spec, **place}}


def test_lists_hold_what_the_caller_may_see_and_count_only_that(
    client: TestClient, application: MemoryApplication, someone: Someone
) -> None:
    project = application.place("o", "p")
    for name in ("a", "b", "c"):
        client.post(URL, json=connector(name))
        below = connector(name, orgIdentifier="o", projectIdentifier="p")
        assert client.post(URL, json=below).status_code == 200
    some = (ResourceSelector(ResourceType.CONNECTOR, frozenset({"a", "b", "nope"})),)
    here = {"orgIdentifier": "o", "projectIdentifier": "p"}

    def seen(who: TestClient, **query: str) -> list[str]:
        page = who.post(f"{URL}/listV2", params=query).json()["data"]
        names = [item["connector"]["identifier"] for item in page["content"]]
        old = who.get(URL, params=query).json()["data"]
        assert page["totalItems"] == old["totalItems"] == len(names)
        return sorted(names)

    at_account, in_project = someone(P.CONNECTOR_VIEW, only=some), someone(P.CONNECTOR_VIEW, scope=project, only=some)
    everything = {**here, "includeAllConnectorsAvailableAtScope": "true"}
    assert seen(at_account) == ["a", "b"]
    assert at_account.post(f"{URL}/listV2", params=here).status_code == 404
    assert seen(in_project) == []
    assert seen(in_project, **everything) == ["a", "b"]
    assert seen(client, **everything) == ["a", "a", "b", "b", "c", "c", "harnessImage"]
    assert someone().post(f"{URL}/listV2", params=everything).status_code == 404
    assert seen(someone(P.CONNECTOR_EDIT)) == []
