"""The connector object of the wire, read strictly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.connectors import (
    AnonymousAuth,
    ConnectorService,
    InvalidConnectorError,
    ProviderType,
    TlsSpec,
    UsernamePasswordAuth,
    parse_connector,
    parse_spec,
    render_connector,
    render_spec,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.errors import AppError

SPEC: dict[str, Any] = {
    "dockerRegistryUrl": "https://my.registry/path",
    "providerType": "Other",
    "auth": {"type": "Anonymous"},
}
CREDENTIALS = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.p"}}


def body(spec: object = SPEC, **change: object) -> dict[str, Any]:
    connector = {"name": "My mirror", "identifier": "mirror", "type": "DockerRegistry", "spec": spec, **change}
    return {"connector": {key: value for key, value in connector.items() if value is not ...}}


def faults(document: object) -> dict[str, str]:
    with pytest.raises(InvalidConnectorError) as refusal:
        parse_connector(document, "acc")
    assert refusal.value.message == ", ".join(f"{error.field}: {error.error}" for error in refusal.value.errors)
    return {error.field: error.error for error in refusal.value.errors}


@pytest.mark.parametrize("document", [None, [], "x", 7, {"connector": None}, {"connector": []}])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert faults(document) == {"connector": "must be an object"}


@pytest.mark.parametrize(
    ("document", "field", "error"),
    [
        (body(type=...), "connector.type", "Connector type cannot be null"),
        (body(type="Github"), "connector.type", "Invalid value: Github"),
        (body(name=""), "connector.name", "cannot be empty"),
        (body(identifier=...), "connector.identifier", "cannot be empty"),
        (body(identifier=7), "connector.identifier", "must be a text"),
        (body(tags={"a": 1}), "connector.tags", "must be texts"),
        (body(tags=["a"]), "connector.tags", "must be an object"),
        (body(projectIdentifier="p"), "connector.projectIdentifier", "Project p specified without the org Identifier"),
        (body(spec=None), "connector.spec", "must be an object"),
        (body({**SPEC, "dockerRegistryUrl": " "}), "connector.spec.dockerRegistryUrl", "cannot be empty"),
        (body({**SPEC, "providerType": None}), "connector.spec.providerType", "cannot be empty"),
        (body({**SPEC, "providerType": "dockerhub"}), "connector.spec.providerType", "Invalid value: dockerhub"),
        (body({**SPEC, "credentialHelper": "gcr"}), "connector.spec.credentialHelper", "it is one of ecr"),
        (
            body({**SPEC, "allowPrivateAddresses": "yes"}),
            "connector.spec.allowPrivateAddresses",
            "must be true or false",
        ),
        (body({**SPEC, "auth": None}), "connector.spec.auth", "Auth Field is Null"),
        (body({**SPEC, "auth": {}}), "connector.spec.auth.type", "cannot be empty"),
        (body({**SPEC, "auth": {"type": "Basic"}}), "connector.spec.auth.type", "Invalid value: Basic"),
        (
            body({**SPEC, "auth": {"type": "Anonymous", "spec": {}}}),
            "connector.spec.auth.spec",
            "No spec should be provided with the anonymous type",
        ),
        (
            body({**SPEC, "auth": {"type": "UsernamePassword", "spec": {"passwordRef": "p"}}}),
            "connector.spec.auth.spec.username",
            "exactly one of username and usernameRef",
        ),
        (
            body(
                {
                    **SPEC,
                    "auth": {
                        "type": "UsernamePassword",
                        "spec": {"username": "u", "usernameRef": "u", "passwordRef": "p"},
                    },
                }
            ),
            "connector.spec.auth.spec.username",
            "exactly one of username and usernameRef",
        ),
        (
            body({**SPEC, "auth": {"type": "UsernamePassword", "spec": {"username": "u"}}}),
            "connector.spec.auth.spec.passwordRef",
            "cannot be empty",
        ),
        (
            body({**SPEC, "auth": {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "a b"}}}),
            "connector.spec.auth.spec.passwordRef",
            "Invalid Identifier Reference a b",
        ),
        (
            body(
                {
                    **SPEC,
                    "auth": {
                        "type": "UsernamePassword",
                        "spec": {"username": "u", "password": "x", "passwordRef": "p"},
                    },
                }
            ),
            "connector.spec.auth.spec.password",
            "store it as a secret",
        ),
        (body({**SPEC, "executeOnDelegate": "yes"}), "connector.spec.executeOnDelegate", "must be true or false"),
        (body({**SPEC, "delegateSelectors": "a"}), "connector.spec.delegateSelectors", "must be a list of texts"),
        (body({**SPEC, "delegateSelector": ["a"]}), "connector.spec.delegateSelector", "there is no such field"),
        (body({**SPEC, "tls": {"insecure": True}}), "connector.spec.tls.insecure", "there is no such field"),
        (body({**SPEC, "tls": {"clientKeyRef": "k"}}), "connector.spec.tls", "together or not at all"),
    ],
)
def test_a_fault_is_named_at_its_field(document: object, field: str, error: str) -> None:
    assert error in faults(document)[field]


def test_all_faults_are_named_at_once() -> None:
    assert set(faults({"connector": {}})) == {
        "connector.type",
        "connector.name",
        "connector.identifier",
        "connector.spec",
    }


def test_defaults_are_those_of_the_api() -> None:
    draft = parse_connector(body(), "acc")
    assert (draft.scope, draft.identifier, draft.name, draft.description, draft.tags) == (
        Scope("acc"),
        "mirror",
        "My mirror",
        "",
        {},
    )
    spec = draft.spec
    assert (spec.url, spec.provider_type, spec.auth) == (
        "https://my.registry/path",
        ProviderType.OTHER,
        AnonymousAuth(),
    )
    assert (spec.execute_on_delegate, spec.proxy, spec.ignore_test_connection) == (True, False, False)
    assert (spec.delegate_selectors, spec.tls, spec.proxy_url, spec.trusted_realm_hosts) == ((), TlsSpec(), None, ())


def test_the_account_comes_from_the_caller_and_empty_scopes_are_none() -> None:
    draft = parse_connector(body(accountIdentifier="other", orgIdentifier="", projectIdentifier=None), "acc")
    assert draft.scope == Scope("acc")
    assert parse_connector(body(orgIdentifier="o", projectIdentifier="p"), "acc").scope == Scope("acc", "o", "p")


def test_fields_that_other_versions_of_clients_send_are_passed_over_outside_the_spec() -> None:
    assert parse_connector(body(parentUniqueId="x", gitDetails={}), "acc").identifier == "mirror"


def test_credentials_are_read_as_references() -> None:
    auth = parse_connector(body({**SPEC, "auth": CREDENTIALS}), "acc").spec.auth
    assert auth == UsernamePasswordAuth(ScopedReference.parse("account.p"), username="u")


def test_our_own_keys_are_not_given_back_while_they_say_nothing() -> None:
    said = {**SPEC, "allowPrivateAddresses": False, "credentialHelper": None, "tls": {}, "trustedRealmHosts": []}
    assert render_spec(parse_spec(said)).keys() == render_spec(parse_spec(SPEC)).keys()
    assert "allowPrivateAddresses" not in render_spec(parse_spec(said))


def test_what_is_given_back_can_be_sent_again(connectors: ConnectorService) -> None:
    connector = connectors.create(parse_connector(body(tags={"a": "b"}, description="d"), "acc")).connector
    rendered = render_connector(connector)
    assert rendered["spec"] == {
        **SPEC,
        "delegateSelectors": [],
        "executeOnDelegate": True,
        "proxy": False,
        "ignoreTestConnection": False,
    }
    again = connectors.update(parse_connector({"connector": rendered}, "acc")).connector
    assert again == connector


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        {**SPEC, "auth": CREDENTIALS},
        {**SPEC, "auth": {"type": "UsernamePassword", "spec": {"usernameRef": "org.u", "passwordRef": "p"}}},
        {**SPEC, "tls": {"caCertificatePem": "x", "clientCertificatePem": "y", "clientKeyRef": "account.k"}},
        {**SPEC, "proxyUrl": "http://proxy:3128", "trustedRealmHosts": ["auth.example"], "proxy": True},
        {**SPEC, "delegateSelectors": ["eu"], "executeOnDelegate": False, "ignoreTestConnection": True},
        {**SPEC, "allowPrivateAddresses": True, "credentialHelper": "ecr"},
        {**SPEC, "executeOnDelegate": False, "proxy": False, "ignoreTestConnection": False},
    ],
)
def test_a_spec_survives_the_wire(spec: dict[str, Any]) -> None:
    parsed = parse_spec(spec)
    assert parse_spec(render_spec(parsed)) == parsed
    assert {key: render_spec(parsed)[key] for key in spec if key != "auth"} == {
        k: v for k, v in spec.items() if k != "auth"
    }


KEYS = [
    *SPEC,
    "tls",
    "type",
    "spec",
    "username",
    "usernameRef",
    "passwordRef",
    "identifier",
    "name",
    "tags",
    "proxyUrl",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["Other", "Anonymous"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.integers(), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_is_read_or_refused(value: object) -> None:
    for document in (
        value,
        {"connector": value},
        body(value),
        body({**SPEC, "auth": value}),
        body({**SPEC, "tls": value}),
    ):
        try:
            parse_connector(document, "acc")
        except AppError:
            continue
