"""The connector as clients write and read it: the ``connector`` object of the wire, in JSON or YAML (harness-api §1.3).

Knows the shape only; whether the values may be stored is asked in ``checks``.
"""

from collections.abc import Mapping

from pierhead.control.scopes import Scope
from pierhead.kit.errors import InvalidInputError

from .errors import FieldError, InvalidConnectorError
from .model import (
    CONNECTOR_TYPE,
    AnonymousAuth,
    Connector,
    ConnectorDraft,
    CredentialExchange,
    DockerRegistrySpec,
    ProviderType,
    TlsSpec,
    UsernamePasswordAuth,
)
from .reader import Body, Reader

_KNOWN_SPEC = frozenset(
    {
        "dockerRegistryUrl",
        "providerType",
        "auth",
        "delegateSelectors",
        "executeOnDelegate",
        "proxy",
        "ignoreTestConnection",
        "connectorType",
        "tls",
        "proxyUrl",
        "trustedRealmHosts",
        "allowPrivateAddresses",
        "credentialHelper",
    }
)


def parse_connector(body: object, account: str) -> ConnectorDraft:
    """The draft in ``body``, which is the ``connector`` object or an object that holds it.

    Scope comes from the body, the account from the caller. Unknown keys are refused in ``spec``, where a slip of the
    pen would change what is pulled, and passed over above it, where clients of other versions have more. Raises
    InvalidConnectorError with every fault found.
    """
    if isinstance(body, Mapping) and "connector" in body and "identifier" not in body:
        body = body["connector"]
    if not isinstance(body, Mapping):
        raise InvalidConnectorError((FieldError("connector", "must be an object"),))
    reader = Reader()
    draft = _read_connector(reader, body, account)
    if reader.errors or draft is None:
        raise InvalidConnectorError(tuple(reader.errors))
    return draft


def render_connector(connector: Connector) -> dict[str, object]:
    """The ``connector`` object; secrets appear as references only."""
    return {
        "name": connector.name,
        "identifier": connector.identifier,
        "description": connector.description,
        "orgIdentifier": connector.scope.org,
        "projectIdentifier": connector.scope.project,
        "accountIdentifier": connector.scope.account,
        "tags": dict(connector.tags),
        "type": CONNECTOR_TYPE,
        "spec": render_spec(connector.spec),
    }


def render_spec(spec: DockerRegistrySpec) -> dict[str, object]:
    """The ``spec`` object. Pierhead's own keys are left out while they are empty."""
    own = {
        "tls": _render_tls(spec.tls),
        "proxyUrl": spec.proxy_url,
        "trustedRealmHosts": list(spec.trusted_realm_hosts),
        "allowPrivateAddresses": spec.allow_private_addresses,
        "credentialHelper": spec.credential_helper and spec.credential_helper.value,
    }
    return {
        "dockerRegistryUrl": spec.url,
        "providerType": spec.provider_type.value,
        "auth": _render_auth(spec.auth),
        "delegateSelectors": list(spec.delegate_selectors),
        "executeOnDelegate": spec.execute_on_delegate,
        "proxy": spec.proxy,
        "ignoreTestConnection": spec.ignore_test_connection,
        **{key: value for key, value in own.items() if value},
    }


def parse_spec(body: object) -> DockerRegistrySpec:
    """The opposite of ``render_spec``. Raises InvalidConnectorError."""
    reader = Reader()
    spec = _read_spec(reader, body)
    if reader.errors or spec is None:
        raise InvalidConnectorError(tuple(reader.errors))
    return spec


def _render_auth(auth: AnonymousAuth | UsernamePasswordAuth) -> dict[str, object]:
    if isinstance(auth, AnonymousAuth):
        return {"type": "Anonymous"}
    spec = {
        "username": auth.username,
        "usernameRef": str(auth.username_ref) if auth.username_ref else None,
        "passwordRef": str(auth.password_ref),
    }
    return {"type": "UsernamePassword", "spec": spec}


def _render_tls(tls: TlsSpec) -> dict[str, object]:
    pairs = {
        "caCertificatePem": tls.ca_certificate_pem,
        "clientCertificatePem": tls.client_certificate_pem,
        "clientKeyRef": str(tls.client_key_ref) if tls.client_key_ref else None,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _read_connector(reader: Reader, body: Body, account: str) -> ConnectorDraft | None:
    kind = body.get("type")
    if kind is None:
        reader.fault("connector.type", "Connector type cannot be null")
    elif kind != CONNECTOR_TYPE:
        reader.fault("connector.type", f"Invalid value: {str(kind)[:100]}; the type of a connector is {CONNECTOR_TYPE}")
    name = reader.required(body, "name", "connector")
    identifier = reader.required(body, "identifier", "connector")
    description = reader.text(body, "description", "connector") or ""
    tags = _read_tags(reader, body)
    scope = _read_scope(reader, body, account)
    spec = _read_spec(reader, body.get("spec"))
    if spec is None or scope is None:
        return None
    return ConnectorDraft(scope, identifier, name, spec, description, tags)


def _read_scope(reader: Reader, body: Body, account: str) -> Scope | None:
    org = reader.text(body, "orgIdentifier", "connector")
    project = reader.text(body, "projectIdentifier", "connector")
    try:
        return Scope(account, org, project)
    except InvalidInputError as error:
        reader.fault("connector.projectIdentifier", error.message)
        return None


def _read_tags(reader: Reader, body: Body) -> dict[str, str]:
    tags = reader.object(body, "tags", "connector")
    pairs = {str(key): "" if value is None else value for key, value in tags.items()}
    texts = {key: value for key, value in pairs.items() if isinstance(value, str)}
    if len(texts) != len(pairs):
        reader.fault("connector.tags", "keys and values must be texts")
    return texts


def _read_spec(reader: Reader, body: object) -> DockerRegistrySpec | None:
    path = "connector.spec"
    if not isinstance(body, Mapping):
        reader.fault(path, "must be an object")
        return None
    url = reader.required(body, "dockerRegistryUrl", path)
    provider = _read_provider(reader, body, path)
    auth = _read_auth(reader, body, path)
    reader.unknown(body, _KNOWN_SPEC, path)
    tls = _read_tls(reader, reader.object(body, "tls", path), f"{path}.tls")
    return DockerRegistrySpec(
        url=url,
        provider_type=provider,
        auth=auth,
        delegate_selectors=reader.texts(body, "delegateSelectors", path),
        execute_on_delegate=reader.flag(body, "executeOnDelegate", path, default=True),
        proxy=reader.flag(body, "proxy", path, default=False),
        ignore_test_connection=reader.flag(body, "ignoreTestConnection", path, default=False),
        tls=tls,
        proxy_url=reader.text(body, "proxyUrl", path),
        trusted_realm_hosts=reader.texts(body, "trustedRealmHosts", path),
        allow_private_addresses=reader.flag(body, "allowPrivateAddresses", path, default=False),
        credential_helper=_read_helper(reader, body, path),
    )


def _read_provider(reader: Reader, body: Body, path: str) -> ProviderType:
    value = body.get("providerType")
    try:
        return ProviderType(str(value)) if value is not None else _missing_provider(reader, path)
    except ValueError:
        names = ", ".join(ProviderType)
        reader.fault(f"{path}.providerType", f"Invalid value: {str(value)[:100]}; it is one of {names}")
        return ProviderType.OTHER


def _missing_provider(reader: Reader, path: str) -> ProviderType:
    reader.fault(f"{path}.providerType", "cannot be empty")
    return ProviderType.OTHER


def _read_helper(reader: Reader, body: Body, path: str) -> CredentialExchange | None:
    value = reader.text(body, "credentialHelper", path)
    try:
        return None if value is None else CredentialExchange(value)
    except ValueError:
        names = ", ".join(CredentialExchange)
        reader.fault(f"{path}.credentialHelper", f"Invalid value: {str(value)[:100]}; it is one of {names}")
        return None


def _read_auth(reader: Reader, body: Body, path: str) -> AnonymousAuth | UsernamePasswordAuth:
    if body.get("auth") is None:
        reader.fault(f"{path}.auth", "Auth Field is Null")
        return AnonymousAuth()
    auth = reader.object(body, "auth", path)
    path = f"{path}.auth"
    kind = auth.get("type")
    if kind == "UsernamePassword":
        return _read_credentials(reader, reader.object(auth, "spec", path), f"{path}.spec")
    if kind != "Anonymous":
        reader.fault(f"{path}.type", "cannot be empty" if kind is None else f"Invalid value: {str(kind)[:100]}")
    elif auth.get("spec") is not None:
        reader.fault(f"{path}.spec", "No spec should be provided with the anonymous type")
    return AnonymousAuth()


def _read_credentials(reader: Reader, spec: Body, path: str) -> AnonymousAuth | UsernamePasswordAuth:
    username = reader.text(spec, "username", path)
    username_ref = reader.reference(spec, "usernameRef", path)
    password_ref = reader.reference(spec, "passwordRef", path)
    if (username is None) == (not spec.get("usernameRef")):
        reader.fault(f"{path}.username", "exactly one of username and usernameRef must be given")
    if not spec.get("passwordRef"):
        reader.fault(f"{path}.passwordRef", "cannot be empty: it refers to the secret that holds the password")
    if "password" in spec:
        reader.fault(f"{path}.password", "a password is never given here: store it as a secret and use passwordRef")
    if password_ref is None or (username is None) == (username_ref is None):
        return AnonymousAuth()  # a fault was noted: the draft is not given out
    return UsernamePasswordAuth(password_ref, username, username_ref)


def _read_tls(reader: Reader, body: Body, path: str) -> TlsSpec:
    reader.unknown(body, frozenset({"caCertificatePem", "clientCertificatePem", "clientKeyRef"}), path)
    ca = reader.text(body, "caCertificatePem", path)
    certificate = reader.text(body, "clientCertificatePem", path)
    key = reader.reference(body, "clientKeyRef", path)
    if (certificate is None) != (not body.get("clientKeyRef")):
        reader.fault(path, "clientCertificatePem and clientKeyRef are given together or not at all")
    return TlsSpec(ca) if certificate is None or key is None else TlsSpec(ca, certificate, key)
