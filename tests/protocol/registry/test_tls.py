"""TLS: always checked, with the connector's own authority beside the system's."""

import datetime
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pierhead.kit.redact import SecretValue
from pierhead.kit.retry import Backoff
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import Timeouts
from pierhead.registry.endpoint import Endpoint, TlsSettings
from pierhead.registry.errors import (
    ConnectionLostError,
    InvalidSettingsError,
    RegistryError,
    RegistryTimeoutError,
    TlsError,
)
from pierhead.registry.origin import Origin
from pierhead.registry.transport import Transport
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

EndpointOf = Callable[..., Endpoint]
MANIFEST = "/v2/app/manifests/1"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[ScriptedRegistry]:
    with ScriptedRegistry(tls=server_context(authority.issue_cert("127.0.0.1", "localhost"))) as registry:
        yield registry


def get(endpoint: Endpoint, **settings: object) -> bytes:
    with Transport(backoff=Backoff(tries=1), **settings) as transport:  # type: ignore[arg-type]
        return RegistryClient(endpoint, transport).get_manifest("app", "1").raw


def test_an_authority_of_the_connector_is_trusted(secure, endpoint_of: EndpointOf, ca_pem: str, manifest) -> None:
    secure.expect("GET", MANIFEST, manifest.reply())
    assert get(endpoint_of(secure, tls=TlsSettings(ca_pem))) == manifest.raw


def test_an_authority_of_one_connector_is_not_trusted_for_another(secure, endpoint_of, ca_pem: str, manifest) -> None:
    secure.expect("GET", MANIFEST, manifest.reply())
    with Transport() as transport:
        RegistryClient(endpoint_of(secure, tls=TlsSettings(ca_pem)), transport).get_manifest("app", "1")
        with pytest.raises(TlsError):
            RegistryClient(endpoint_of(secure), transport).get_manifest("app", "1")


def test_an_unknown_authority_is_refused_with_what_to_give(secure, endpoint_of: EndpointOf) -> None:
    with pytest.raises(TlsError, match="127") as caught:
        get(endpoint_of(secure))
    assert "authority" in caught.value.hint
    assert not caught.value.retryable
    assert caught.value.exchange.method == "GET"
    assert secure.requests == []


def leaf(authority: trustme.CA, **changes: object) -> ssl.SSLContext:
    """A server context with a certificate that is good but for ``changes``."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    signer = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    names = changes.get("names", [x509.IPAddress(__import__("ipaddress").ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + changes.get("begins", datetime.timedelta(days=-2)))
        .not_valid_after(now + changes.get("ends", datetime.timedelta(days=2)))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    usage = changes.get("usage", ExtendedKeyUsageOID.SERVER_AUTH)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"ends": datetime.timedelta(days=-1)}, "renew"),
        ({"begins": datetime.timedelta(days=1)}, "clock"),
        ({"names": [x509.DNSName("other.test")]}, "host name"),
        ({"names": []}, "host name"),
        ({"usage": ExtendedKeyUsageOID.CLIENT_AUTH}, "authority"),
    ],
)
def test_a_certificate_with_a_flaw_is_refused(authority, ca_pem, endpoint_of: EndpointOf, changes, hint: str) -> None:
    with ScriptedRegistry(tls=leaf(authority, **changes)) as registry:
        with pytest.raises(TlsError) as caught:
            get(endpoint_of(registry, tls=TlsSettings(ca_pem)))
        assert hint in caught.value.hint
        assert registry.requests == []


def test_a_certificate_without_flaw_is_taken(authority, ca_pem: str, endpoint_of: EndpointOf, manifest) -> None:
    with ScriptedRegistry(tls=leaf(authority)) as registry:
        registry.expect("GET", MANIFEST, manifest.reply())
        get(endpoint_of(registry, tls=TlsSettings(ca_pem)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_too_old(authority: trustme.CA, ca_pem: str, endpoint_of: EndpointOf) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with ScriptedRegistry(tls=context) as registry, pytest.raises(RegistryError) as caught:
        get(endpoint_of(registry, tls=TlsSettings(ca_pem)))
    assert isinstance(caught.value, (TlsError, ConnectionLostError))


def test_plain_http_behind_an_https_url_is_recognised() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(4096)
                sock.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(TlsError, match="does not speak TLS") as caught:
            get(Endpoint(Origin("https", "127.0.0.1", listener.getsockname()[1])))
    assert "http://" in caught.value.hint


def test_a_handshake_that_stalls_is_a_timeout(endpoint_of: EndpointOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint(Origin("https", "127.0.0.1", silent.getsockname()[1]))
        with pytest.raises(RegistryTimeoutError, match="handshake"):
            get(endpoint, timeouts=Timeouts(tls_s=0.05))


def test_a_client_certificate_is_shown_to_the_registry(
    authority: trustme.CA, ca_pem: str, endpoint_of, manifest
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    client = authority.issue_cert("client.test")
    settings = TlsSettings(
        ca_pem,
        client.cert_chain_pems[0].bytes().decode(),
        SecretValue(client.private_key_pem.bytes().decode()),
    )
    with ScriptedRegistry(tls=context) as registry:
        registry.expect("GET", MANIFEST, manifest.reply())
        assert get(endpoint_of(registry, tls=settings)) == manifest.raw
        with pytest.raises(RegistryError):
            get(endpoint_of(registry, tls=TlsSettings(ca_pem)))


def test_a_client_key_leaves_no_file_behind(
    authority: trustme.CA, ca_pem: str, endpoint_of, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client = authority.issue_cert("client.test")
    settings = TlsSettings(ca_pem, client.private_key_and_cert_chain_pem.bytes().decode())
    with ScriptedRegistry(tls=server_context(authority.issue_cert("127.0.0.1"))) as registry:
        registry.expect("GET", MANIFEST, Reply(404))
        with pytest.raises(RegistryError):
            get(endpoint_of(registry, tls=settings))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        TlsSettings("no pem"),
        TlsSettings("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        TlsSettings(""),
        TlsSettings("é"),
        TlsSettings(None, "no pem"),
        TlsSettings(None, "no pem", SecretValue("no key")),
    ],
)
def test_settings_that_cannot_be_used_are_invalid_input(
    secure, endpoint_of, settings, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(InvalidSettingsError):
        get(endpoint_of(secure, tls=settings))
    assert list(tmp_path.iterdir()) == []


def test_an_encrypted_key_is_refused_and_asks_nobody(secure, authority: trustme.CA, endpoint_of: EndpointOf) -> None:
    key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    settings = TlsSettings(None, authority.cert_pem.bytes().decode(), SecretValue(encrypted.decode()))
    with pytest.raises(InvalidSettingsError):
        get(endpoint_of(secure, tls=settings))


def test_a_blob_comes_over_tls_in_large_pieces(secure, endpoint_of: EndpointOf, ca_pem: str, described) -> None:
    data = bytes(3_000_000)
    wanted = described(data)
    secure.expect("GET", f"/v2/app/blobs/{wanted.digest}", Reply(200, data))
    buffer = memoryview(bytearray(1 << 20))
    sizes: list[int] = []
    with Transport() as transport:
        client = RegistryClient(endpoint_of(secure, tls=TlsSettings(ca_pem)), transport)
        with client.open_blob("app", wanted) as body:
            while count := body.readinto(buffer):
                sizes.append(count)
    assert sum(sizes) == len(data)


def test_many_threads_use_one_context(secure, endpoint_of: EndpointOf, ca_pem: str, manifest) -> None:
    secure.whenever("GET", MANIFEST, manifest.reply())
    found: list[bytes] = []
    with Transport() as transport:
        client = RegistryClient(endpoint_of(secure, tls=TlsSettings(ca_pem)), transport)
        threads = [threading.Thread(target=lambda: found.append(client.get_manifest("app", "1").raw)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [manifest.raw] * 6
