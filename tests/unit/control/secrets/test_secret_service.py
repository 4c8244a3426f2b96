from pathlib import Path
from typing import Any

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.connectors import (
    ConnectorDraft,
    ConnectorService,
    DockerRegistrySpec,
    ProviderType,
    UsernamePasswordAuth,
)
from pierhead.control.scopes import InvalidIdentifierError, InvalidReferenceError, Scope, ScopedReference
from pierhead.control.secrets import (
    EmptySecretError,
    InvalidSecretError,
    ScopeMismatchError,
    SecretChangeError,
    SecretDraft,
    SecretExistsError,
    SecretInUseError,
    SecretMissingError,
    SecretService,
    UnknownManagerError,
    ValueType,
    WrongKeyError,
    check_same_scope,
)
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ACC = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")


def draft(identifier: str = "token", value: str | None = "v1", scope: Scope = ACC, **more: object) -> SecretDraft:
    return SecretDraft(scope, identifier, "A token", None if value is None else SecretValue(value), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, ""])
def test_a_secret_without_a_value_is_refused(secrets: SecretService, value: str | None) -> None:
    with pytest.raises(EmptySecretError, match=r"^value cannot be empty for a secret text\.$"):
        secrets.create(draft(value=value))


def test_a_bad_identifier_or_name_is_refused(secrets: SecretService) -> None:
    with pytest.raises(InvalidIdentifierError):
        secrets.create(draft("a-b"))
    with pytest.raises(InvalidInputError, match="name"):
        secrets.create(SecretDraft(ACC, "a", "<script>", SecretValue("v")))


def test_a_value_that_is_too_long_or_no_text_is_refused_without_being_repeated(secrets: SecretService) -> None:
    for value in ("x" * 65_537, "pass\ud800word"):
        with pytest.raises(InvalidSecretError) as refusal:
            secrets.create(draft(value=value))
        assert value[:5] not in refusal.value.message


def test_an_inline_secret_needs_the_built_in_manager(secrets: SecretService) -> None:
    with pytest.raises(UnknownManagerError, match="'elsewhere'"):
        secrets.create(draft(secret_manager="elsewhere"))
    assert secrets.create(draft(secret_manager="account.harnessSecretManager")).identifier == "token"


def test_the_same_identifier_twice_in_a_scope_is_refused(secrets: SecretService) -> None:
    secrets.create(draft())
    with pytest.raises(SecretExistsError, match=r"^Secret with identifier token already exists in this scope$"):
        secrets.create(draft())
    assert secrets.create(draft(scope=ORG)).scope == ORG


def test_a_secret_that_is_not_there_is_named_in_each_use_case(secrets: SecretService) -> None:
    with pytest.raises(SecretMissingError, match=r"^Secret with identifier \[x\] is not found in the given scope$"):
        secrets.get(ACC, "x")
    with pytest.raises(
        SecretMissingError, match=r"^Secret with identifier \[x\] does not exist in the specified scope$"
    ):
        secrets.delete(ACC, "x")
    with pytest.raises(
        SecretMissingError, match=r"^No such secret found, please check identifier/scope and try again\.$"
    ):
        secrets.update(draft("x"))
    with pytest.raises(SecretMissingError):
        secrets.reveal("account.x", PROJECT)


def test_what_is_fixed_at_creation_cannot_be_changed(secrets: SecretService) -> None:
    secrets.create(draft())
    for change in ({"value_type": ValueType.REFERENCE}, {"secret_manager": "org.harnessSecretManager"}):
        with pytest.raises(
            SecretChangeError, match="Cannot change organization, project, identifier, type or secret manager"
        ):
            secrets.update(draft(**change))


def test_an_update_with_an_empty_value_is_refused_and_without_one_keeps_it(
    secrets: SecretService, clock: FakeClock
) -> None:
    before = secrets.create(draft())
    with pytest.raises(EmptySecretError):
        secrets.update(draft(value=""))
    clock.advance(5)
    after = secrets.update(draft(value=None, description="renewed monthly"))
    assert (after.description, after.version, after.sealed) == ("renewed monthly", 1, before.sealed)
    assert after.created_at == before.created_at < after.updated_at
    assert secrets.reveal("token", ACC).reveal() == "v1"


def test_a_new_value_is_a_new_version(secrets: SecretService) -> None:
    secrets.create(draft())
    first = secrets.version_of("token", ACC)
    assert secrets.update(draft(value="v2")).version == 2
    assert secrets.reveal("token", ACC).reveal() == "v2"
    assert secrets.version_of("token", ACC) != first


def test_the_same_value_again_changes_nothing(secrets: SecretService, clock: FakeClock) -> None:
    before = secrets.create(draft())
    clock.advance(5)
    assert secrets.update(draft()) == before == secrets.get(ACC, "token")
    renamed = secrets.update(draft(description="renewed monthly"))
    assert (renamed.version, renamed.sealed) == (1, before.sealed)
    assert renamed.updated_at > before.updated_at


def test_the_same_path_again_changes_nothing(secrets: SecretService, clock: FakeClock) -> None:
    elsewhere: dict[str, Any] = {"value_type": ValueType.REFERENCE, "secret_manager": "vault"}
    before = secrets.create(draft(value="kv/pw", **elsewhere))
    clock.advance(5)
    assert secrets.update(draft(value="kv/pw", **elsewhere)) == before
    assert secrets.update(draft(value="kv/pw", reference_version="2", **elsewhere)).version == 2


def test_a_secret_made_again_has_another_version_text(secrets: SecretService) -> None:
    secrets.create(draft())
    first = secrets.version_of("token", ACC)
    secrets.delete(ACC, "token")
    secrets.create(draft())
    assert secrets.version_of("token", ACC) != first


def test_references_reach_the_own_scope_and_above_only(secrets: SecretService) -> None:
    for scope in (ACC, ORG, PROJECT):
        secrets.create(draft(scope=scope, value=f"of {scope.level}"))
    assert secrets.reveal("token", PROJECT).reveal() == "of project"
    assert secrets.reveal("org.token", PROJECT).reveal() == "of org"
    assert secrets.reveal(ScopedReference.parse("account.token"), PROJECT).reveal() == "of account"
    with pytest.raises(InvalidReferenceError):
        secrets.reveal("org.token", ACC)


def test_a_secret_that_a_connector_uses_is_not_deleted(
    secrets: SecretService, store: MemoryStore, clock: FakeClock
) -> None:
    secrets.create(draft())
    auth = UsernamePasswordAuth(ScopedReference.parse("account.token"), username="u")
    spec = DockerRegistrySpec("https://r.example", ProviderType.OTHER, auth)
    connectors = ConnectorService(store, clock)
    connectors.create(ConnectorDraft(PROJECT, "mirror", "Mirror", spec))
    with pytest.raises(SecretInUseError) as refusal:
        secrets.delete(ACC, "token")
    assert refusal.value.message == "Could not delete the secret token as it is referenced by other entities"
    assert refusal.value.users == ((PROJECT, "mirror"),)
    connectors.delete(PROJECT, "mirror")
    secrets.delete(ACC, "token")


def test_lists_are_of_one_scope_and_searched_in_any_case(secrets: SecretService) -> None:
    for identifier in ("hubToken", "quayToken", "ca"):
        secrets.create(SecretDraft(ACC, identifier, identifier, SecretValue("v")))
    secrets.create(draft(scope=ORG))
    assert secrets.list(ACC, PageRequest()).total == 3
    assert {secret.identifier for secret in secrets.list(ACC, PageRequest(), "TOKEN").items} == {
        "hubToken",
        "quayToken",
    }


def test_uniqueness_is_asked_by_scope(secrets: SecretService) -> None:
    secrets.create(draft())
    assert not secrets.validate_unique(ACC, "token")
    assert secrets.validate_unique(ORG, "token")


def test_scopes_of_body_and_query_must_agree() -> None:
    check_same_scope(ORG, ORG)
    with pytest.raises(ScopeMismatchError, match=r"scope in payload and params do not match\.$"):
        check_same_scope(ORG, ACC)


def test_a_start_with_the_wrong_key_is_refused_before_anything_is_used(
    secrets: SecretService, store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    secrets.check_keyring()
    secrets.create(draft())
    secrets.check_keyring()
    with pytest.raises(WrongKeyError):
        SecretService(store, FileKeyring(tmp_path / "other"), clock).check_keyring()


def test_no_stored_secret_shows_its_value(secrets: SecretService) -> None:
    value = "dckr_pat_hidden"
    secret = secrets.create(draft(value=value))
    assert value not in repr(secret)
    assert value not in repr(draft(value=value))
