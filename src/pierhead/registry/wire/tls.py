"""TLS as a connector sets it: at least 1.2, names and chains always checked, contexts built once for each setting."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pierhead.registry.endpoint import TlsSettings
from pierhead.registry.errors import (
    ConnectionLostError,
    InvalidSettingsError,
    RegistryError,
    RegistryTimeoutError,
    TlsError,
)

if TYPE_CHECKING:
    import ssl

_MAX_CONTEXTS = 64


class TlsContexts:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def wrap(self, sock: socket.socket, host: str, settings: TlsSettings, timeout_s: float) -> ssl.SSLSocket:
        """The socket in TLS, its peer proved to be ``host``. Raises TlsError and others."""
        import ssl

        context = self._context(settings)
        slice_s = sock.gettimeout()
        sock.settimeout(timeout_s)
        try:
            wrapped = context.wrap_socket(sock, server_hostname=host)
        except TimeoutError:
            raise RegistryTimeoutError(f"the TLS handshake with {host}", timeout_s) from None
        except ssl.SSLError as error:
            raise _tls_error(host, error) from error
        except (OSError, ValueError) as error:
            raise ConnectionLostError(host, f"in the TLS handshake: {error}") from error
        wrapped.settimeout(slice_s)
        return wrapped

    def _context(self, settings: TlsSettings) -> ssl.SSLContext:
        with self._lock:
            context = self._contexts.get(settings.key)
            if context is None:
                if len(self._contexts) >= _MAX_CONTEXTS:
                    self._contexts.clear()
                context = self._contexts[settings.key] = build_context(settings)
            return context


def build_context(settings: TlsSettings) -> ssl.SSLContext:
    """Raises InvalidSettingsError when a PEM text cannot be used."""
    import ssl

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.ca_pem is not None:
        try:
            context.load_verify_locations(cadata=settings.ca_pem)
        except (ssl.SSLError, ValueError, TypeError) as error:
            raise InvalidSettingsError(
                f"the CA certificate cannot be read: {error}", hint="give it as PEM text, -----BEGIN CERTIFICATE-----"
            ) from None
    if settings.client_certificate_pem is not None:
        _load_client(context, settings)
    return context


def _load_client(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """The ssl module reads keys from files only, so the text passes through one that nobody else can open."""
    import ssl
    import tempfile

    key = settings.client_key_pem.reveal() if settings.client_key_pem is not None else ""
    descriptor, path = tempfile.mkstemp(prefix="pierhead-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{settings.client_certificate_pem}\n{key}\n")
        context.load_cert_chain(path, password=lambda: "")  # else an encrypted key would ask on the terminal
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InvalidSettingsError(
            f"the client certificate cannot be used: {getattr(error, 'reason', None) or type(error).__name__}",
            hint="give certificate and unencrypted key as PEM texts that belong together",
        ) from None
    finally:
        Path(path).unlink()


def _tls_error(host: str, error: ssl.SSLError) -> RegistryError:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError(host, error.verify_message, _hint_for(error.verify_message))
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ConnectionLostError(host, "in the TLS handshake")
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if "wrong version number" in reason or "http request" in reason or "record layer failure" in reason:
        return TlsError(host, "what answers there does not speak TLS", "use an http:// URL if plain HTTP is meant")
    return TlsError(host, reason, "check TLS version and client certificate the registry asks for")


def _hint_for(message: str) -> str:
    text = message.lower()
    if "expired" in text or "not yet valid" in text:
        return "renew the registry's certificate, and check the clock of the machine that pulls"
    if "hostname" in text or "ip address" in text:
        return "use the host name that stands in the registry's certificate"
    return "give the connector the certificate of the authority that signed the registry's certificate"
