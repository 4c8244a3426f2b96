import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.scopes import Scope
from pierhead.control.secrets import (
    InvalidSecretError,
    SecretService,
    SecretTypeUnsupportedError,
    ValueType,
    parse_secret,
    render_secret,
)
from pierhead.kit.errors import AppError

BODY = {
    "secret": {
        "type": "SecretText",
        "name": "Hub token",
        "identifier": "hubToken",
        "tags": {"team": "ci"},
        "orgIdentifier": "",
        "spec": {
            "type": "SecretTextSpec",
            "secretManagerIdentifier": "harnessSecretManager",
            "valueType": "Inline",
            "value": "dckr_pat_1",
        },
    }
}


def changed(**change: object) -> dict[str, object]:
    return {"secret": {**BODY["secret"], **change}}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"secret": None},
        changed(type=None),
        changed(type="Secret"),
        changed(spec=None),
        changed(name=7),
        changed(tags={"a": 1}),
        changed(tags=["a"]),
        changed(spec={"valueType": "CustomSecretManagerValues"}),
        changed(spec={"value": 7}),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(body: object) -> None:
    with pytest.raises(InvalidSecretError):
        parse_secret(body, "acc")


@pytest.mark.parametrize("kind", ["SecretFile", "SSHKey", "WinRmCredentials"])
def test_a_type_that_is_known_but_not_to_be_had_is_named(kind: str) -> None:
    with pytest.raises(SecretTypeUnsupportedError, match=kind):
        parse_secret(changed(type=kind), "acc")


def test_a_body_is_read_with_or_without_its_wrapper() -> None:
    draft = parse_secret(BODY, "acc")
    assert parse_secret(BODY["secret"], "acc") == draft
    assert (draft.scope, draft.identifier, draft.name, draft.tags) == (
        Scope("acc"),
        "hubToken",
        "Hub token",
        {"team": "ci"},
    )
    assert draft.value is not None
    assert draft.value.reveal() == "dckr_pat_1"


@pytest.mark.parametrize("kind", ["SecretTextSpec", "SecretText", None])
def test_whatever_a_client_calls_the_spec_is_accepted(kind: str | None) -> None:
    spec = {"type": kind, "value": "v"}
    assert parse_secret(changed(spec=spec), "acc").value_type is ValueType.INLINE


def test_an_inline_value_is_never_given_back(secrets: SecretService) -> None:
    rendered = render_secret(secrets.create(parse_secret(BODY, "acc")))
    assert rendered["spec"] == {
        "type": "SecretTextSpec",
        "secretManagerIdentifier": "harnessSecretManager",
        "valueType": "Inline",
        "value": None,
        "additionalMetadata": None,
    }
    assert "dckr_pat_1" not in repr(rendered)


def test_the_path_of_a_reference_is_given_back(secrets: SecretService) -> None:
    spec = {"secretManagerIdentifier": "vault", "valueType": "Reference", "value": "ci/docker"}
    metadata = {"values": {"version": 2, "more": "ignored"}}
    rendered = render_secret(
        secrets.create(parse_secret(changed(spec={**spec, "additionalMetadata": metadata}), "acc"))
    )
    assert rendered["spec"]["value"] == "ci/docker"  # type: ignore[index]
    assert rendered["spec"]["additionalMetadata"] == {"values": {"version": "2"}}  # type: ignore[index]


@pytest.mark.parametrize("metadata", ["2", {"values": 2}, {"values": {"version": [2]}}, {"values": {"version": True}}])
def test_a_version_of_no_kind_is_refused(metadata: object) -> None:
    spec = {"secretManagerIdentifier": "vault", "valueType": "Reference", "value": "a", "additionalMetadata": metadata}
    with pytest.raises(InvalidSecretError):
        parse_secret(changed(spec=spec), "acc")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*BODY["secret"], "value", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(body: object) -> None:
    for value in (body, {"secret": body}):
        try:
            parse_secret(value, "acc")
        except AppError:
            continue
