"""What the Terraform provider sends for each of its resources, and reads of the answers (harness-api §10.2).

Each resource goes through its life: created, read, read again without a difference, changed, imported by its
identifier, destroyed, and gone.
"""

from typing import Any

import pytest

from .clients import Client


@pytest.fixture
def terraform(server: Any) -> Client:
    agent = {"User-Agent": "terraform-provider-harness"}
    return Client(server.url, server.application.account.id, server.application.key.reveal(), agent=agent)


PLACES = [{}, {"orgIdentifier": "o"}, {"orgIdentifier": "o", "projectIdentifier": "p"}]


def _secret(identifier: str, value: str = "s3cret", **place: str) -> dict[str, Any]:
    spec = {"type": "SecretTextSpec", "secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline"}
    return {
        "secret": {
            "type": "SecretText", "identifier": identifier, "name": identifier, "description": "test",
            "tags": {"foo": "bar"}, "spec": {**spec, "value": value}, **place,
        }
    }  # fmt: skip


def _connector(identifier: str, auth: dict[str, Any], **more: Any) -> dict[str, Any]:
    url = more.pop("url", "https://hub.docker.com")
    spec = {"dockerRegistryUrl": url, "providerType": more.pop("provider", "DockerHub"), "auth": auth}
    spec |= {"executeOnDelegate": more.pop("on_delegate", True), **more.pop("spec", {})}
    return {
        "connector": {
            "identifier": identifier, "name": identifier, "description": "test", "tags": {"foo": "bar"},
            "type": "DockerRegistry", "spec": spec, **more,
        }
    }  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_docker_connector_with_a_login(terraform: Client, place: dict[str, str]) -> None:
    terraform.data("POST", "/ng/api/v2/secrets", _secret("dockerPw"))
    login = {"type": "UsernamePassword", "spec": {"username": "admin", "passwordRef": "account.dockerPw"}}
    sent = _connector("docker", login, spec={"delegateSelectors": ["harness-delegate"]}, **place)
    made = terraform.data("POST", "/ng/api/connectors", sent)
    assert made["connector"] is not None
    for _ in range(2):
        read = terraform.data("GET", "/ng/api/connectors/docker", **place)["connector"]
        assert read["spec"]["dockerRegistryUrl"] == "https://hub.docker.com"
        assert read["spec"]["auth"]["spec"]["username"] == "admin"
        assert read["spec"]["auth"]["spec"]["passwordRef"] == "account.dockerPw"
        assert read["spec"]["delegateSelectors"] == ["harness-delegate"]
        assert read["tags"] == {"foo": "bar"}
    sent["connector"]["name"] = "docker_updated"
    assert terraform.data("PUT", "/ng/api/connectors", sent)["connector"]["name"] == "docker_updated"
    assert terraform.data("DELETE", "/ng/api/connectors/docker", forceDelete=False, **place) is True
    assert terraform.ask("GET", "/ng/api/connectors/docker", **place).is_gone


def test_a_docker_connector_without_a_login_or_a_delegate(terraform: Client) -> None:
    sent = _connector("docker", {"type": "Anonymous"}, on_delegate=False)
    assert terraform.data("POST", "/ng/api/connectors", sent)["connector"]["spec"]["executeOnDelegate"] is False
    read = terraform.data("GET", "/ng/api/connectors/docker")["connector"]["spec"]
    assert read["executeOnDelegate"] is False
    assert read["auth"] == {"type": "Anonymous"}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_text(terraform: Client, place: dict[str, str]) -> None:
    assert terraform.data("POST", "/ng/api/v2/secrets", _secret("text", **place), **place)["secret"]["name"] == "text"
    read = terraform.data("GET", "/ng/api/v2/secrets/text", **place)["secret"]
    assert (read["spec"]["value"], read["spec"]["valueType"]) == (None, "Inline")
    changed = _secret("text", "another", **place)
    changed["secret"]["name"] = "updated"
    assert terraform.data("PUT", "/ng/api/v2/secrets/text", changed, **place)["secret"]["name"] == "updated"
    assert terraform.data("DELETE", "/ng/api/v2/secrets/text", **place) is True
    assert terraform.ask("GET", "/ng/api/v2/secrets/text", **place).is_gone


def test_default_images(terraform: Client) -> None:
    """The lifecycle of the acceptance test: a pattern, two overrides, a reset that leaves nothing."""
    default = terraform.data("GET", "/ci/execution-config/get-default-config", infra="K8")
    assert default["liteEngineTag"].startswith("harness/ci-lite-engine:")
    for tag in ("TeethyTiger", "RunningFox"):
        wanted = [{"field": "liteEngineTag", "value": f"harness/ci-lite-engine:{tag}"}]
        assert terraform.data("POST", "/ci/execution-config/update-config", wanted, infra="K8") is True
        now = terraform.data("GET", "/ci/execution-config/get-customer-config", infra="K8", overridesOnly=True)
        assert now["liteEngineTag"] == f"harness/ci-lite-engine:{tag}"
    assert terraform.data("POST", "/ci/execution-config/reset-config", [{"field": "liteEngineTag"}], infra="K8") is True
    now = terraform.data("GET", "/ci/execution-config/get-customer-config", infra="K8", overridesOnly=True)
    assert now.get("liteEngineTag", "") == ""


def test_an_organization_and_a_project_in_it(terraform: Client) -> None:
    organization = {"organization": {"identifier": "tf", "name": "TF", "description": "d", "tags": {"foo": "bar"}}}
    assert terraform.data("POST", "/ng/api/organizations", organization)["organization"]["identifier"] == "tf"
    project = {"project": {"identifier": "pr", "name": "Pr", "orgIdentifier": "tf", "color": "#0063F7", "modules": []}}
    made = terraform.data("POST", "/ng/api/projects", project, orgIdentifier="tf")["project"]
    assert (made["identifier"], made["orgIdentifier"], made["color"]) == ("pr", "tf", "#0063F7")
    read = terraform.data("GET", "/ng/api/projects/pr", orgIdentifier="tf")["project"]
    assert read["name"] == "Pr"
    project["project"]["name"] = "Renamed"
    assert terraform.data("PUT", "/ng/api/projects/pr", project, orgIdentifier="tf")["project"]["name"] == "Renamed"
    organization["organization"]["name"] = "Renamed"
    assert terraform.data("PUT", "/ng/api/organizations/tf", organization)["organization"]["name"] == "Renamed"
    assert terraform.data("DELETE", "/ng/api/projects/pr", orgIdentifier="tf") is True
    assert terraform.ask("GET", "/ng/api/projects/pr", orgIdentifier="tf").is_gone
    assert terraform.data("DELETE", "/ng/api/organizations/tf") is True
    assert terraform.ask("GET", "/ng/api/organizations/tf").is_gone


def test_a_service_account_with_a_key_and_a_token(terraform: Client) -> None:
    account = terraform.account
    sent = {"identifier": "ci", "name": "ci", "email": "ci@service.harness.io", "accountIdentifier": account}
    sent |= {"description": "test", "tags": {"foo": "bar"}}
    assert terraform.data("POST", "/ng/api/serviceaccount", sent)["identifier"] == "ci"
    listed = terraform.data("GET", "/ng/api/serviceaccount", identifiers="ci")
    assert [one["identifier"] for one in listed] == ["ci"]
    of = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "ci"}
    key = {
        "identifier": "key",
        "name": "key",
        "accountIdentifier": account,
        "defaultTimeToExpireToken": 2592000000,
        **of,
    }
    assert terraform.data("POST", "/ng/api/apikey", key)["identifier"] == "key"
    assert [one["identifier"] for one in terraform.data("GET", "/ng/api/apikey", **of)] == ["key"]
    token = {"identifier": "tok", "name": "tok", "accountIdentifier": account, "apiKeyIdentifier": "key", **of}
    text = terraform.data("POST", "/ng/api/token", token)
    assert text.startswith(f"sat.{account}.")
    as_robot = Client(terraform.url, account, text)
    assert as_robot.data("POST", "/ng/api/connectors/listV2", {"filterType": "Connector"})["content"] == []
    listed_tokens = terraform.data("GET", "/ng/api/token/aggregate", apiKeyIdentifier="key", **of)
    assert text not in str(listed_tokens)
    assert terraform.data("DELETE", "/ng/api/token/tok", apiKeyIdentifier="key", **of) is True
    assert as_robot.ask("GET", "/ng/api/connectors/catalogue").status == 401
    assert terraform.data("DELETE", "/ng/api/apikey/key", **of) is True
    assert terraform.data("DELETE", "/ng/api/serviceaccount/ci") is True


def test_a_role_a_resource_group_and_an_assignment(terraform: Client) -> None:
    account = terraform.account
    role = {"identifier": "viewers", "name": "viewers", "permissions": ["core_connector_view"], "description": ""}
    role |= {"allowedScopeLevels": ["account"], "tags": {}}
    assert terraform.data("POST", "/authz/api/roles", role)["role"]["identifier"] == "viewers"
    role["permissions"] = ["core_connector_view", "core_secret_view"]
    assert set(terraform.data("PUT", "/authz/api/roles/viewers", role)["role"]["permissions"]) == set(
        role["permissions"]
    )
    assert terraform.data("GET", "/authz/api/roles/viewers")["role"]["name"] == "viewers"
    group = {
        "identifier": "hubs", "name": "hubs", "accountIdentifier": account, "color": "#0063F7", "tags": {},
        "allowedScopeLevels": ["account"],
        "includedScopes": [{"filter": "EXCLUDING_CHILD_SCOPES", "accountIdentifier": account}],
        "resourceFilter": {
            "includeAllResources": False, "resources": [{"resourceType": "CONNECTOR", "identifiers": ["harnessImage"]}]
        },
    }  # fmt: skip
    groups = "/resourcegroup/api/v2/resourcegroup"
    assert terraform.data("POST", groups, {"resourceGroup": group})["resourceGroup"]["identifier"] == "hubs"
    read = terraform.data("GET", f"{groups}/hubs")["resourceGroup"]
    assert read["resourceFilter"]["resources"][0]["identifiers"] == ["harnessImage"]
    terraform.data("POST", "/ng/api/serviceaccount", {"identifier": "ci", "name": "ci", "email": "ci@x.io"})
    assignment = {
        "identifier": "ci_views", "roleIdentifier": "viewers", "resourceGroupIdentifier": "hubs", "disabled": False,
        "managed": False, "principal": {"identifier": "ci", "type": "SERVICE_ACCOUNT", "scopeLevel": "account"},
    }  # fmt: skip
    made = terraform.data("POST", "/authz/api/roleassignments", assignment)["roleAssignment"]
    assert (made["identifier"], made["principal"]["identifier"]) == ("ci_views", "ci")
    assert terraform.data("DELETE", "/authz/api/roleassignments/ci_views")["roleAssignment"]["identifier"] == "ci_views"
    terraform.data("DELETE", f"{groups}/hubs")
    terraform.data("DELETE", "/authz/api/roles/viewers")
    assert terraform.ask("GET", "/authz/api/roles/viewers").is_gone
    assert terraform.ask("GET", f"{groups}/hubs").is_gone
