"""A directory of documents as the wanted state: applied, applied again, exported, applied elsewhere, pruned."""

from pathlib import Path
from typing import Any

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
pins: {infra: K8, fields: {gitCloneTag: "harness/drone-git:1.6.9"}}
"""


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
    assert again.pop("secret tok") == "updated"  # its value is given, and cannot be compared
    assert set(again.values()) == {"unchanged"}


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


def test_a_document_that_cannot_be_meant_changes_nothing(home: Any) -> None:
    home.write("bad.yaml", "connectors: {}\n")
    done = home.run("apply", "-f", "bad.yaml")
    assert done.code == 2
    assert "a document has exactly one of the keys" in done.err
    home.write("unset.yaml", "secret: {identifier: s, name: s, type: SecretText, spec: {valueFrom: {env: NOT_SET}}}\n")
    assert "the variable NOT_SET is not set" in home.run("apply", "-f", "unset.yaml").err


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())
