"""The file that names the secret managers: what is taken, and that every fault has its line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierhead.adapters.secret_managers import SecretManagersFileError, read_secret_managers
from pierhead.control.scopes import Scope
from pierhead.testing.clock import FakeClock

GOOD = """
secretManagers:
  - identifier: vault
    type: vault
    name: Main vault
    scopes: all
    address: https://vault.example.com:8200
    mount: ci/kv
    namespace: team
    caFile: /etc/ssl/vault.pem
    appRole: {roleId: role, secretIdFile: /run/secrets/id, mount: approle}
  - {identifier: agent, type: vault, address: "http://127.0.0.1:8200", tokenFile: /run/token}
  - {identifier: env, type: environment}
  - {identifier: files, type: file, root: /run/secrets, scopes: [account, eu, eu/web]}
  - identifier: aws
    type: aws
    region: eu-west-1
    accessKeyIdFile: /run/id
    secretAccessKeyFile: /run/key
"""


def read(path: Path, text: str | bytes) -> list[object]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_secret_managers(path, FakeClock()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "managers.yaml"


def test_all_kinds_are_read(path: Path) -> None:
    managers = {manager.identifier: manager for manager in read(path, GOOD)}
    assert [str(manager.type) for manager in managers.values()] == ["vault", "vault", "environment", "file", "aws"]
    assert managers["vault"].details == {
        "address": "https://vault.example.com:8200", "mount": "ci/kv", "namespace": "team", "login": "AppRole",
    }  # fmt: skip
    assert managers["env"].details == {"prefix": "PIERHEAD_SECRET_"}
    reach = managers["files"].reach
    covered = [reach.covers(Scope("a", *place)) for place in ((), ("eu",), ("eu", "web"), ("us",), ("us", "web"))]
    assert covered == [True, True, True, False, False]
    assert not managers["env"].reach.covers(Scope("a", "eu"))


def one(fields: str) -> str:
    return f"secretManagers:\n  - identifier: m\n    {fields}\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "is empty"),
        ("[]", 1, "must have fields"),
        ("a: 1", 1, "has no field 'a'"),
        ("secretManagers: x", 1, "must be a list"),
        ("secretManagers:\n  - 1", 2, "must have fields"),
        ("secretManagers: [\n", 2, ""),
        (one("type: vaultt"), 3, "none of environment, file, vault, aws"),
        (one("type: file"), 2, "needs the field root"),
        (one("type: file\n    root: /"), 4, "not the whole machine"),
        (one("type: file\n    root: relative"), 4, "absolute path"),
        (one("type: file\n    root: /run/../etc"), 4, "absolute path"),
        (one("type: file\n    root: /run\n    root: /etc"), 5, "occurs twice"),
        (one("type: file\n    root: /run\n    region: x"), 5, "has no field 'region'"),
        (one("type: environment\n    prefix: ''"), 4, "must be a text"),
        (one("type: environment\n    prefix: PIERHEAD_"), 4, "own settings"),
        (one("type: environment\n    prefix: 'a b'"), 4, "letters"),
        (one("type: environment\n    prefix: PIERHEAD_ENC"), 4, "own settings"),
        (one("type: environment\n    prefix: PIER"), 4, "own settings"),
        (one("type: environment\n    scopes: some"), 4, "account, all"),
        (one("type: environment\n    scopes: [a/b/c]"), 4, "none of account"),
        (one("type: vault\n    address: https://v"), 2, "tokenFile or appRole"),
        (one("type: vault\n    tokenFile: /t\n    address: http://vault.example.com"), 5, "must be https"),
        (one("type: vault\n    tokenFile: /t\n    address: https://u:p@v"), 5, "a URL"),
        (one("type: vault\n    tokenFile: /t\n    address: https://v/v1"), 5, "a URL"),
        (one("type: vault\n    tokenFile: /t\n    address: https://v:99999"), 5, "no URL"),
        (one("type: vault\n    tokenFile: /t\n    address: https://v\n    mount: ../sys"), 6, "mount"),
        (one("type: aws\n    region: nowhere"), 4, "region"),
        (one("type: aws\n    region: eu-west-1\n    accessKeyIdFile: /a"), 5, "belong together"),
        ("secretManagers:\n  - {identifier: harnessSecretManager, type: environment}", 2, "built-in"),
        ("secretManagers:\n  - {identifier: a-b, type: environment}", 2, "identifier"),
        ("secretManagers:\n  - {identifier: a, type: environment}\n  - {identifier: a, type: environment}", 3, "two"),
        ("secretManagers:\n  - &x {identifier: a, type: environment}\n  - *x", 2, "anchors"),
        ("secretManagers: !!python/name:os.system []", 1, "tag"),
        (b"\xff", 0, "UTF-8"),
        ("x" * 300_000, 0, "larger"),
    ],
)
def test_a_fault_is_named_with_its_line(path: Path, text: str | bytes, line: int, said: str) -> None:
    with pytest.raises(SecretManagersFileError) as refusal:
        read(path, text)
    assert (refusal.value.line, said in refusal.value.message) == (line, True), refusal.value.message
    assert refusal.value.message.startswith(f"{path}:{line}: " if line else f"{path}: ")


def test_a_file_that_is_not_there_is_one_clear_line(path: Path) -> None:
    with pytest.raises(SecretManagersFileError, match="No such file"):
        read_secret_managers(path, FakeClock())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.text(max_size=40), st.integers(0, 700))
def test_whatever_is_in_it_is_read_or_refused(path: Path, text: str, at: int) -> None:
    message = ""
    try:
        read(path, (GOOD[:at] + text + GOOD[at:]).encode(errors="replace"))
    except SecretManagersFileError as error:
        message = error.message
    assert "\n" not in message
