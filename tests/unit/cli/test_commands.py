import io
import json
from pathlib import Path
from typing import Any

import pytest

MIRROR = {
    "name": "Mirror",
    "identifier": "mirror",
    "type": "DockerRegistry",
    "spec": {"dockerRegistryUrl": "https://m.example", "providerType": "Other", "auth": {"type": "Anonymous"}},
}
ITEM = {"connector": MIRROR, "createdAt": 1, "lastModifiedAt": 1_700_000_000_000, "status": {"status": "SUCCESS"}}


def page(*content: Any, **more: Any) -> dict[str, Any]:
    return {"content": list(content), "totalPages": 1, "totalItems": len(content), "pageIndex": 0, **more}


def stdin(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_connectors_are_listed_as_a_table_or_as_the_apis_data(pierhead, api) -> None:
    api.data("POST", "/ng/api/connectors/listV2", page(ITEM))
    assert pierhead("connector", "list").out.splitlines()[1].split() == [
        "mirror", "Mirror", "account", "https://m.example", "Anonymous", "SUCCESS"
    ]  # fmt: skip
    assert pierhead("connector", "list", "--json").json == page(ITEM)
    assert api.asked[0].json == {"filterType": "Connector"}


def test_pages_that_are_left_are_told_and_can_be_turned(pierhead, api) -> None:
    api.data("POST", "/ng/api/connectors/listV2", page(ITEM, totalPages=3, totalItems=9, pageIndex=1))
    outcome = pierhead("connector", "list", "--page", "2", "--page-size", "4", "--search", "mir")
    assert outcome.err == "page 2 of 3, 9 in all; see --page\n"
    assert api.asked[0].query["pageIndex"] == ["1"]
    assert api.asked[0].query["searchTerm"] == ["mir"]


def test_org_and_project_are_part_of_every_call(pierhead, api) -> None:
    api.data("GET", "/ng/api/connectors/mirror", ITEM)
    assert "project" not in pierhead("connector", "get", "mirror", "--org", "o", "--project", "p").err
    assert (api.asked[0].query["orgIdentifier"], api.asked[0].query["projectIdentifier"]) == (["o"], ["p"])


def test_a_connector_is_shown_without_what_it_does_not_have(pierhead, api) -> None:
    api.data("GET", "/ng/api/connectors/mirror", ITEM)
    out = pierhead("connector", "get", "mirror").out
    assert "registry    https://m.example" in out
    assert "description" not in out


def test_applying_creates_what_is_absent_and_leaves_what_is_equal(pierhead, api, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        f"{json.dumps({'connector': MIRROR})}\n---\n{json.dumps({'connector': {**MIRROR, 'identifier': 'b'}})}"
    )
    api.refuse("GET", "/ng/api/connectors/mirror", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("GET", "/ng/api/connectors/b", {**ITEM, "connector": {**MIRROR, "identifier": "b"}})
    api.data("POST", "/ng/api/connectors", {**ITEM, "warnings": [{"code": "c", "text": "mind the gap"}]})
    outcome = pierhead("connector", "apply", "-f", str(file))
    assert outcome.out == "connector mirror: created\nwarning: mind the gap\nconnector b: unchanged\n"
    assert [asked.json for asked in api.asked if asked.method == "POST"] == [{"connector": MIRROR}]


def test_a_dry_run_tells_the_difference_and_writes_nothing(pierhead, api, monkeypatch) -> None:
    stdin(monkeypatch, json.dumps({"connector": {**MIRROR, "name": "New"}}).encode())
    api.data("GET", "/ng/api/connectors/mirror", ITEM)
    api.data("POST", "/authz/api/acl", {"accessControlList": [{"permitted": True}]})
    outcome = pierhead("connector", "apply", "-f", "-", "--dry-run")
    assert outcome.out == "connector mirror: would be updated\n  - name: Mirror\n  + name: New\n"
    assert api.calls() == [("GET", "/ng/api/connectors/mirror"), ("POST", "/authz/api/acl")]


def test_applied_changes_are_json_when_asked(pierhead, api, monkeypatch) -> None:
    stdin(monkeypatch, json.dumps({"connector": {**MIRROR, "name": "New"}}).encode())
    api.data("GET", "/ng/api/connectors/mirror", ITEM)
    api.data("PUT", "/ng/api/connectors", ITEM)
    [step] = pierhead("connector", "apply", "-f", "-", "--json").json
    assert (step["identifier"], step["action"]) == ("mirror", "updated")
    assert step["changes"] == [{"path": "name", "from": "Mirror", "to": "New"}]


def test_a_file_with_a_mistake_changes_nothing_at_all(pierhead, api, monkeypatch) -> None:
    stdin(monkeypatch, json.dumps([{"connector": MIRROR}, {"oops": 1}]).encode())
    assert pierhead("connector", "apply", "-f", "-").code == 2
    assert api.asked == []


def test_harness_image_is_not_deleted_without_a_word(pierhead, api, monkeypatch) -> None:
    stdin(monkeypatch, b"")
    assert pierhead("connector", "delete", "harnessImage").code == 2
    assert api.asked == []
    api.data("DELETE", "/ng/api/connectors/harnessImage", True)
    assert pierhead("connector", "delete", "harnessImage", "--yes").out == "connector harnessImage: deleted\n"
    assert api.asked[-1].query["forceDelete"] == ["true"]


@pytest.mark.parametrize(("status", "code"), [("SUCCESS", 0), ("FAILURE", 1)])
def test_a_connection_test_tells_its_steps_and_its_outcome_by_exit_code(pierhead, api, status, code) -> None:
    steps = [{"name": "tls", "outcome": "failed", "evidence": "certificate unknown", "advice": "give caPem"}]
    errors = [{"reason": "TLS", "message": "not trusted", "code": 450}]
    api.data("POST", "/ng/api/connectors/testConnection/m", {"status": status, "steps": steps, "errors": errors})
    outcome = pierhead("connector", "test", "m")
    assert outcome.code == code
    assert "failed   tls: certificate unknown" in outcome.out
    assert "do this: give caPem" in outcome.out
    assert "TLS: not trusted" in outcome.out


def test_a_connector_that_is_not_saved_is_tested_as_it_stands_in_a_file(pierhead, api, monkeypatch) -> None:
    stdin(monkeypatch, json.dumps({"connector": MIRROR}).encode())
    api.data("POST", "/pierhead/v1/connectors/test", {"status": "SUCCESS", "steps": []})
    outcome = pierhead("connector", "test", "-f", "-", "--org", "o")
    assert (outcome.code, outcome.out) == (0, "connector mirror (not saved): SUCCESS\n")
    (asked,) = api.asked
    assert asked.json == {"connector": {**MIRROR, "orgIdentifier": "o"}}


@pytest.mark.parametrize("argv", [(), ("m", "-f", "-"), ("-f", "-")])
def test_one_connector_is_tested_at_once(pierhead, api, monkeypatch, argv) -> None:
    stdin(monkeypatch, json.dumps([{"connector": MIRROR}, {"connector": MIRROR}]).encode())
    assert pierhead("connector", "test", *argv).code == 2
    assert api.asked == []


def test_a_url_is_previewed_with_names_and_warnings(pierhead, api) -> None:
    data = {"registry": "docker.io", "scheme": "https", "pathPrefix": "", "pullSecretKey": "k", "warnings": ["beware"]}
    data["images"] = [{"image": "a/b:1", "becomes": None, "reason": "web page"}]
    api.data("POST", "/pierhead/v1/connectors/preview", data)
    out = pierhead("connector", "preview", "https://hub.docker.com", "--provider", "DockerHub").out
    assert api.asked[0].json == {"url": "https://hub.docker.com", "providerType": "DockerHub"}
    assert "no name" in out
    assert "warning: beware" in out


def test_tags_are_one_a_line_and_a_cut_is_told(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/connectors/m/tags", {"name": "a/b", "tags": ["1", "2"], "truncated": True})
    outcome = pierhead("connector", "tags", "m", "a/b", "--limit", "2")
    assert outcome.out == "1\n2\n"
    assert "more tags" in outcome.err


def test_a_secrets_value_comes_from_standard_input_without_its_line_end(pierhead, api, monkeypatch) -> None:
    stdin(monkeypatch, b"to ken\r\n")
    api.refuse("GET", "/ng/api/v2/secrets/hub", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("POST", "/ng/api/v2/secrets", {"secret": {}})
    outcome = pierhead("secret", "apply", "hub", "--from-stdin")
    assert outcome.out == "secret hub: created\n"
    assert api.asked[-1].json["secret"]["spec"]["value"] == "to ken"
    assert api.asked[-1].json["secret"]["name"] == "hub"


def test_a_new_value_keeps_name_and_tags_and_is_never_printed(pierhead, api, tmp_path: Path) -> None:
    (tmp_path / "v").write_text("hunter22")
    now = {
        "identifier": "hub",
        "name": "Docker Hub",
        "type": "SecretText",
        "tags": {"a": "b"},
        "accountIdentifier": "acc",
    }
    now["spec"] = {"type": "SecretTextSpec", "valueType": "Inline", "value": None}
    api.data("GET", "/ng/api/v2/secrets/hub", {"secret": now})
    api.data("PUT", "/ng/api/v2/secrets/hub", {"secret": now})
    outcome = pierhead("secret", "apply", "hub", "--from-file", str(tmp_path / "v"))
    assert "secret hub: updated" in outcome.out
    assert "hunter22" not in outcome.out + outcome.err
    sent = api.asked[-1].json["secret"]
    assert (sent["name"], sent["tags"], sent["spec"]["value"]) == ("Docker Hub", {"a": "b"}, "hunter22")


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("x",),
        ("x", "-f", "f"),
        ("--from-stdin",),
        ("x", "--from-stdin", "--from-file", "f"),
        ("-f", "f", "--from-stdin"),
    ],
)
def test_a_secret_needs_exactly_one_source(pierhead, api, argv: tuple[str, ...]) -> None:
    assert pierhead("secret", "apply", *argv).code == 2
    assert api.asked == []


def test_an_empty_value_is_refused(pierhead, monkeypatch) -> None:
    stdin(monkeypatch, b"\n")
    assert "is empty" in pierhead("secret", "apply", "x", "--from-stdin").err


def test_defaults_and_effective_images_are_maps_of_fields(pierhead, api) -> None:
    api.data("GET", "/ci/execution-config/get-default-config", {"addonTag": "harness/ci-addon:1.14.4"})
    api.data("GET", "/ci/execution-config/get-customer-config", {})
    assert "addonTag  harness/ci-addon:1.14.4" in pierhead("image", "defaults", "--infra", "vm").out
    assert api.asked[0].query["infra"] == ["VM"]
    assert pierhead("image", "effective", "--json").json == {}
    assert api.asked[1].query["overridesOnly"] == ["false"]


def test_pins_are_sent_together(pierhead, api) -> None:
    api.data("POST", "/pierhead/v1/pin-sets", {"number": 4, "orgIdentifier": None, "projectIdentifier": None})
    outcome = pierhead("image", "pin", "gitCloneTag=harness/drone-git:1", "addonTag=a@sha256:1=2")
    assert api.asked[0].json["pins"] == [
        {"field": "gitCloneTag", "value": "harness/drone-git:1", "infra": "K8"},
        {"field": "addonTag", "value": "a@sha256:1=2", "infra": "K8"},
    ]
    assert api.asked[0].json["force"] is False
    assert "pin set 4 of account" in outcome.err
    assert outcome.out.startswith("gitCloneTag: pinned to harness/drone-git:1\n")


@pytest.mark.parametrize("text", ["x", "=y", "x="])
def test_a_pin_that_is_no_pair_is_refused(pierhead, api, text: str) -> None:
    assert pierhead("image", "pin", text).code == 2
    assert api.asked == []


def test_resetting_names_fields_or_all(pierhead, api) -> None:
    api.data("POST", "/ci/execution-config/reset-config", True)
    api.data("DELETE", "/ci/execution-config", True)
    assert pierhead("image", "reset", "addonTag").out == "addonTag: default\n"
    assert pierhead("image", "reset", "--all").code == 0
    assert pierhead("image", "reset").code == pierhead("image", "reset", "x", "--all").code == 2
    assert api.calls()[-1] == ("DELETE", "/ci/execution-config")


def test_pins_from_a_file_are_only_sent_where_they_differ(pierhead, api, monkeypatch) -> None:
    api.data("GET", "/ci/execution-config/get-customer-config", {"a": "x:1", "b": "x:1"})
    api.data("POST", "/ci/execution-config/update-config", True)
    stdin(monkeypatch, b"a: x:1\nb: x:2\n")
    assert pierhead("image", "apply", "-f", "-").out == "a: unchanged\nb: updated\n  - x:1\n  + x:2\n"
    assert api.asked[-1].json == [{"field": "b", "value": "x:2"}]
    stdin(monkeypatch, b"[{field: a, value: x:1}]")
    assert pierhead("image", "apply", "-f", "-", "--dry-run").out == "a: unchanged\n"


def test_an_image_field_that_is_not_there_is_said_so(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/images", [{"field": "addonTag", "default": "a:1", "effective": "a:1"}])
    assert pierhead("image", "get", "nope").code == 2
    assert "addonTag" in pierhead("image", "get", "addonTag").out
