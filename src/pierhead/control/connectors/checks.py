"""What must be true of a connector before it is stored: field by field, all faults at once; pure."""

import re
from collections.abc import Callable, Iterator, Mapping

from pierhead.control.scopes import InvalidIdentifierError, check_identifier, check_name
from pierhead.kit.errors import AppError
from pierhead.oci.reference_grammar import fault_of_host

from .address import normalise_url
from .cloud import ecr_place
from .errors import FieldError, InvalidConnectorError, InvalidRegistryUrlError
from .model import ConnectorDraft, CredentialExchange, DockerRegistrySpec, TlsSpec, UsernamePasswordAuth

RESERVED_IDENTIFIER = "harnessSecretManager"
_MAX_DESCRIPTION = 1024
_MAX_TAGS = 128
_MAX_TAG_LENGTH = 128
_MAX_SELECTORS = 100
_MAX_PEM = 256 * 1024
_PROXY_URL = re.compile(r"https?://([^/?#@]+)/?", re.IGNORECASE)


def check_draft(draft: ConnectorDraft) -> None:
    """Raises InvalidConnectorError with every fault found."""
    errors = tuple(faults_of(draft))
    if errors:
        raise InvalidConnectorError(errors)


def faults_of(draft: ConnectorDraft) -> Iterator[FieldError]:
    yield from _refusal("connector.identifier", lambda: _check_new_identifier(draft.identifier))
    yield from _refusal("connector.name", lambda: check_name(draft.name))
    if len(draft.description) > _MAX_DESCRIPTION:
        yield FieldError("connector.description", f"can be {_MAX_DESCRIPTION} characters long")
    yield from _faults_of_tags(draft.tags)
    yield from _faults_of_spec(draft.spec)


def _check_new_identifier(identifier: str) -> None:
    if identifier == RESERVED_IDENTIFIER:
        raise InvalidIdentifierError(identifier, "is reserved for the built-in secret manager")
    check_identifier(identifier)


def _refusal(field: str, check: Callable[[], object]) -> Iterator[FieldError]:
    try:
        check()
    except AppError as error:
        yield FieldError(field, f"{error.message}; {error.hint}" if error.hint else error.message)


def _faults_of_tags(tags: Mapping[str, str]) -> Iterator[FieldError]:
    if len(tags) > _MAX_TAGS:
        yield FieldError("connector.tags", f"there can be {_MAX_TAGS} tags")
    if any(not key or max(len(key), len(value)) > _MAX_TAG_LENGTH for key, value in tags.items()):
        yield FieldError(
            "connector.tags", f"keys cannot be empty; keys and values can be {_MAX_TAG_LENGTH} characters long"
        )


def _faults_of_spec(spec: DockerRegistrySpec) -> Iterator[FieldError]:
    yield from _refusal("connector.spec.dockerRegistryUrl", lambda: normalise_url(spec.url, spec.provider_type))
    if len(spec.delegate_selectors) > _MAX_SELECTORS or not all(map(_is_selector, spec.delegate_selectors)):
        yield FieldError("connector.spec.delegateSelectors", "selectors are non-empty texts of up to 128 characters")
    if spec.proxy_url is not None and not _is_proxy_url(spec.proxy_url):
        yield FieldError(
            "connector.spec.proxyUrl", "must be http://host[:port] or https://host[:port], without a user name"
        )
    for host in spec.trusted_realm_hosts:
        if fault_of_host(host):
            yield FieldError("connector.spec.trustedRealmHosts", f"{host[:200]!r} is not a lower-case host[:port]")
    if spec.credential_helper is CredentialExchange.ECR and (fault := _fault_of_ecr(spec)):
        yield FieldError("connector.spec.credentialHelper", fault)
    yield from _faults_of_tls(spec.tls)


def _fault_of_ecr(spec: DockerRegistrySpec) -> str | None:
    if not isinstance(spec.auth, UsernamePasswordAuth):
        return "needs an AWS key: its id as the user name, and the secret of it as the password"
    try:
        address = normalise_url(spec.url, spec.provider_type)
    except InvalidRegistryUrlError:
        return None  # said of the URL already
    if ecr_place(address.registry) is None or address.is_plain_http:
        return "is for https://<account of 12 digits>.dkr.ecr.<region>.amazonaws.com only"
    return None


def _is_selector(text: str) -> bool:
    return text.strip() == text and 0 < len(text) <= 128 and text.isprintable()


def _is_proxy_url(text: str) -> bool:
    match = _PROXY_URL.fullmatch(text)
    return match is not None and fault_of_host(match[1].lower()) is None


def _faults_of_tls(tls: TlsSpec) -> Iterator[FieldError]:
    pems = (("caCertificatePem", tls.ca_certificate_pem), ("clientCertificatePem", tls.client_certificate_pem))
    for name, pem in pems:
        if pem is not None and (fault := _fault_of_pem(pem)):
            yield FieldError(f"connector.spec.tls.{name}", fault)


def _fault_of_pem(pem: str) -> str | None:
    if len(pem) > _MAX_PEM:
        return f"is longer than {_MAX_PEM // 1024} KiB"
    if "PRIVATE KEY" in pem:  # it would be stored and given back in the clear
        return "holds a private key: store that as a secret and refer to it with clientKeyRef"
    from cryptography import x509  # late: few connectors bring certificates, and loading it takes a while

    try:
        x509.load_pem_x509_certificates(pem.encode("ascii", "replace"))
    except ValueError:
        return "is not one or more certificates in PEM form"
    return None
