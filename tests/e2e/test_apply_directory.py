"""A directory of documents as the wanted state: applied, applied again, exported, applied elsewhere, pruned."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCUMENTS = """\
organization: {identifier: acme, name: Acme}
---
project: {identifier: web, name: Web, orgIdentifier: acme}
---
secret: {identifier: tok, name: tok, type: SecretText, spec: {valueFrom: {file: tok.txt}}}
---
connector:
  identifier: mirror
  name: Mirror
  type: DockerRegistry
  spec:
    dockerRegistryUrl: https://registry.example.com
    providerType: Other
    auth: {type: UsernamePassword, spec: {username: robot, passwordRef: account.tok}}
---
serviceAccount: {identifier: ci, name: ci, email: ci@example.com}
---
role: {identifier: puller, name: puller, permissions: [core_connector_view, core_connector_access],
  allowedScopeLevels: [account]}
---
resourceGroup:
  identifier: mirrors
  name: mirrors
  allowedScopeLevels: [account]
  includedScopes: [{filter: EXCLUDING_CHILD_SCOPES}]
  resourceFilter: {includeAllResources: false, resources: [{resourceType: CONNECTOR, identifiers: [mirror]}]}
---
roleAssignment: {identifier: ci_pulls, roleIdentifier: puller, resourceGroupIdentifier: mirrors,
  principal: {type: SERVICE_ACCOUNT, identifier: ci, scopeLevel: account}}
---
mirror:
  identifier: nightly
  name: nightly
  spec:
    sourceRef: account.harnessImage
    targetRef: account.mirror
    preset: ci-images
    repositories:
    - repository: team/app
      tags: {exact: ["1.10"], regex: ['1\\.\\d+', '0\\.\\d+'], exclude: ["*-rc*"], newest: 3}
    - {repository: team/base, tags: {semver: "^2"}}
    platforms: [linux/arm64, linux/amd64]
    copies: sparse
    evidence: false
    schedule: 0 3 * * *
    timeZone: Europe/Berlin
    immutable: ["*-final"]
    backup: "{tag}-before-{date}"
    reserve: 50
---
pins: {infra: K8, fields: {gitCloneTag: "harness/drone-git:1.6.9"}}
"""
# Things below the account, and as little said of each as can be.
BELOW = """\
organization: {identifier: acme, name: Acme}
---
project: {identifier: web, name: Web, orgIdentifier: acme}
---
user: {email: Ada@Example.com, name: Ada}
---
secret: {identifier: tok, name: tok, type: SecretText, spec: {value: a-value}, orgIdentifier: acme,
  projectIdentifier: web}
---
serviceAccount: {identifier: ci, name: ci, email: CI@example.com, orgIdentifier: acme, projectIdentifier: web}
---
role: {identifier: editor, name: editor, permissions: [core_connector_view, core_connector_edit], orgIdentifier: acme,
  projectIdentifier: web}
---
role: {identifier: editor, name: editor of all, permissions: [core_connector_view]}
---
mirror: {identifier: apps, name: apps, orgIdentifier: acme, projectIdentifier: web, enabled: false,
  spec: {sourceRef: account.harnessImage, targetRef: account.other, preset: ci-images}}
---
connector: {identifier: other, name: other, type: DockerRegistry, spec: {dockerRegistryUrl: "https://r.example.com",
  providerType: Other, auth: {type: Anonymous}}}
---
resourceGroup: {identifier: own, name: own, orgIdentifier: acme, projectIdentifier: web,
  resourceFilter: {resources: [{resourceType: SECRET}, {resourceType: CONNECTOR, identifiers: [b, a]}]}}
---
resourceGroup: {identifier: webs, name: webs, orgIdentifier: acme,
  includedScopes: [{orgIdentifier: acme, projectIdentifier: web}], resourceFilter: {includeAllResources: true}}
---
roleAssignment: {identifier: ci_edits, roleIdentifier: editor, resourceGroupIdentifier: own, orgIdentifier: acme,
  projectIdentifier: web, principal: {type: SERVICE_ACCOUNT, identifier: ci}}
---
roleAssignment: {identifier: ada_edits, roleIdentifier: editor, orgIdentifier: acme, projectIdentifier: web,
  principal: {type: USER, identifier: ada@example.com}}
"""


@pytest.fixture
def home(home: Any) -> Iterator[Any]:
    """With a server on its data directory, so that commands are quick."""
    with home.server() as server:
        server.wait()
        yield home


def _wanted(home: Any) -> Path:
    directory: Path = home.root / "platform"
    directory.mkdir()
    (directory / "all.yaml").write_text(DOCUMENTS)
    (directory / "tok.txt").write_text("a-value-of-its-own\n")
    return directory


def _actions(done: Any) -> dict[str, str]:
    assert done.code == 0, done.err
    return {f"{each['kind']} {each['identifier']}": each["action"] for each in done.json}


def test_a_directory_is_made_true_in_an_order_that_works(home: Any) -> None:
    _wanted(home)
    planned = home.run("apply", "-f", "platform", "--dry-run", "--json")
    assert set(_actions(planned).values()) == {"created", "updated"}
    assert home.run("connector", "get", "mirror").code == 5  # a dry run makes nothing
    assert _actions(home.run("apply", "-f", "platform", "--json")) == _actions(planned)
    again = _actions(home.run("apply", "-f", "platform", "--json"))
    assert set(again.values()) == {"unchanged"}
    planned = home.run("apply", "-f", "platform", "--dry-run")
    assert planned.out == "secret tok: its value is from file platform/tok.txt and is not compared\n"
    (home.root / "platform" / "tok.txt").write_text("another value")
    assert home.run("apply", "-f", "platform", "-q").out == ""
    assert home.run("apply", "-f", "platform").out == "nothing to do\n"


def test_what_is_exported_makes_the_same_elsewhere_and_holds_no_secret(home: Any) -> None:
    _wanted(home)
    assert home.run("apply", "-f", "platform").code == 0
    assert home.run("export", "exported").code == 0
    texts = {path.relative_to(home.root / "exported"): path.read_text() for path in _files(home.root / "exported")}
    assert "a-value-of-its-own" not in "".join(texts.values())
    home.environment |= {"PIERHEAD_DATA": str(home.root / "other"), "PIERHEAD_VALUE_TOK": "another-value"}
    done = home.run("apply", "-f", "exported")
    assert done.code == 0, done.err
    assert home.run("export", "again").code == 0
    assert {path.relative_to(home.root / "again"): path.read_text() for path in _files(home.root / "again")} == texts


def test_pruning_takes_what_is_not_described_of_the_described_kinds_and_nothing_else(home: Any) -> None:
    directory = _wanted(home)
    assert home.run("apply", "-f", "platform").code == 0
    kept = DOCUMENTS.partition("---\nconnector:")
    other = kept[2].replace("identifier: mirror\n", "identifier: other\n", 1).partition("---\n")[0]
    (directory / "all.yaml").write_text(f"connector:{other}")
    refused = home.run("apply", "-f", "platform", "--prune")
    assert refused.code == 2  # nobody to ask
    assert home.run("connector", "get", "mirror").code == 0
    actions = _actions(home.run("apply", "-f", "platform", "--prune", "--yes", "--json"))
    assert actions == {"connector other": "created", "connector mirror": "deleted"}
    assert home.run("connector", "get", "harnessImage").code == 0
    assert home.run("secret", "get", "tok").code == 0


def test_pruning_takes_a_mirror_that_is_not_described_any_more(home: Any) -> None:
    directory = _wanted(home)
    assert home.run("apply", "-f", "platform").code == 0
    (directory / "all.yaml").write_text(
        "mirror: {identifier: weekly, name: weekly, spec: {sourceRef: account.mirror, targetRef: account.harnessImage,"
        " repositories: [{repository: a, tags: {exact: [b]}}]}}\n"
    )
    planned = home.run("apply", "-f", "platform", "--prune", "--dry-run", "--json")
    assert _actions(planned) == {"mirror weekly": "created", "mirror nightly": "deleted"}
    assert home.run("mirror", "show", "nightly").code == 0
    assert _actions(home.run("apply", "-f", "platform", "--prune", "--yes", "--json")) == _actions(planned)
    assert home.run("mirror", "show", "nightly").code == 5
    assert home.run("connector", "get", "mirror").code == 0


def test_a_document_that_cannot_be_meant_changes_nothing(home: Any) -> None:
    home.write("bad.yaml", "connectors: {}\n")
    done = home.run("apply", "-f", "bad.yaml")
    assert done.code == 2
    assert "a document has exactly one of the keys" in done.err
    home.write("unset.yaml", "secret: {identifier: s, name: s, type: SecretText, spec: {valueFrom: {env: NOT_SET}}}\n")
    assert "--allow-env NOT_SET" in home.run("apply", "-f", "unset.yaml").err
    assert "the variable NOT_SET is not set" in home.run("apply", "-f", "unset.yaml", "--allow-env", "NOT_SET").err


def test_what_is_below_the_account_is_exported_with_its_place_and_its_people(home: Any) -> None:
    home.write("below.yaml", BELOW)
    assert home.run("apply", "-f", "below.yaml").code == 0
    again = home.run("apply", "-f", "below.yaml")
    assert again.out == "nothing to do\n", again
    assert home.run("export", "exported").code == 0
    texts = {path.relative_to(home.root / "exported"): path.read_text() for path in _files(home.root / "exported")}
    assert "identifier: ada@example.com" in texts[Path("acme/web/roleAssignment-ada_edits.yaml")]
    home.environment["PIERHEAD_VALUE_ACME_WEB_TOK"] = "a-value"
    same = home.run("apply", "-f", "exported", "--prune")
    assert (same.code, same.out) == (0, "nothing to do\n"), same
    home.environment["PIERHEAD_DATA"] = str(home.root / "other")
    made = _actions(home.run("apply", "-f", "exported", "--json"))
    assert made["roleAssignment ada_edits"] == made["serviceAccount ci"] == made["user ada@example.com"] == "created"
    assert home.run("export", "again").code == 0
    assert {path.relative_to(home.root / "again"): path.read_text() for path in _files(home.root / "again")} == texts


def test_a_person_who_is_missing_is_named_before_anything_is_changed(home: Any) -> None:
    home.write(
        "grants.yaml",
        "role: {identifier: r, name: r, permissions: [core_connector_view]}\n---\n"
        "roleAssignment: {identifier: g, roleIdentifier: r, principal: {type: USER, identifier: bob@example.com}}\n",
    )
    refused = home.run("apply", "-f", "grants.yaml")
    assert refused.code == 2
    assert "there is no user 'bob@example.com', to whom roleAssignment g gives a role" in refused.err
    assert home.run("role", "show", "r").code == 5


def test_an_error_names_the_document_and_says_what_was_done_before(home: Any) -> None:
    home.write(
        "roles.yaml",
        "role: {identifier: good, name: good, permissions: [core_connector_view]}\n---\n"
        "role: {identifier: bad, name: bad, permissions: [core_nonsense_view]}\n",
    )
    refused = home.run("apply", "-f", "roles.yaml")
    assert refused.code == 2
    assert refused.err.startswith("error: role bad (roles.yaml): ")
    assert "1 step had been done before" in refused.err


WRONG = """\
connector: {identifier: mirror, name: Mirror, type: DockerRegistry, spec: {dockerRegistryUrl: "https://r.example.com",
  providerType: Other, auth: {type: UsernamePassword, spec: {username: robot, passwordRef: account.gone}}}}
---
role: {identifier: r, name: r, permissions: [core_nonsense_view], nmae: r}
---
roleAssignment: {identifier: g, roleIdentifier: r, principal: {type: USER, identifier: bob@example.com}}
---
roleAssignment: {identifier: h, roleIdentifier: gone, principal: {type: SERVICE_ACCOUNT, identifier: nobody}}
---
serviceAccount: {identifier: ci, name: ci, orgIdentifier: nowhere}
---
mirror: {identifier: m, name: m, spec: {sourceRef: account.mirror, targetRef: account.gone, preset: ci-images,
  scedule: 0 3 * * *}}
---
conector: {}
---
pins: {infra: K8, fields: {gitClone: "harness/drone-git:1.6.9"}}
"""


def test_a_dry_run_tells_all_that_would_stop_the_real_one(home: Any) -> None:
    home.write("wrong.yaml", WRONG)
    planned = home.run("apply", "-f", "wrong.yaml", "--dry-run", "--json")
    assert planned.code == 2
    error = json.loads(planned.err)["error"]
    assert error["code"] == "plan-refused"
    found = {(each["document"], each["code"]) for each in error["details"]["problems"]}
    assert found == {
        ("", "malformed-document"),
        ("", "person-missing"),
        ("connector mirror", "secret-missing"),
        ("role r", "invalid-fields"),
        ("roleAssignment h", "role-missing"),
        ("roleAssignment h", "service-account-missing"),
        ("serviceAccount ci", "place-not-found"),
        ("mirror m", "invalid-fields"),
        ("mirror m", "connector-missing"),
        ("pins K8", "unknown-field"),
    }


def test_a_dry_run_tells_the_rights_that_are_lacking(home: Any) -> None:
    assert home.run("service-account", "create", "viewer").code == 0
    given = ("--role", "_account_viewer", "--service-account", "viewer")
    assert home.run("role-assignment", "create", *given).code == 0
    key = home.run("api-key", "create", "k", "--service-account", "viewer")
    assert key.code == 0, key.err
    _wanted(home)
    home.environment["PIERHEAD_API_KEY"] = key.out.strip()
    planned = home.run("apply", "-f", "platform", "--dry-run", "--json")
    assert planned.code == 2, planned.err
    problems = json.loads(planned.err)["error"]["details"]["problems"]
    lacking = {(each["document"], each["message"]) for each in problems if each["code"] == "access-denied"}
    assert ("connector mirror", "you lack core_connector_edit in account") in lacking
    assert ("pins K8", "you lack core_account_edit in account") in lacking
    assert {each["document"] for each in problems} == {f"{each['kind']} {each['identifier']}" for each in planned.json}


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())
