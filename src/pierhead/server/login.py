"""Puts together how people log in: sessions, passwords, and the OIDC provider if there is one."""

from dataclasses import dataclass
from typing import Protocol

from pierhead.adapters.oidc import HttpOidcProvider, OidcClient
from pierhead.control.access import AccessStore, LoginService, OidcService, PasswordHashes, SessionService
from pierhead.kit.clock import Clock
from pierhead.kit.redact import SecretValue

from .login_settings import LoginSettings
from .setting_error import SettingError

CALLBACK = "/pierhead/v1/session/oidc/callback"


class DerivingKeyring(Protocol):
    def derive(self, purpose: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Login:
    sessions: SessionService
    passwords: LoginService
    oidc: OidcService


def login_on(
    store: AccessStore,
    clock: Clock,
    keyring: DerivingKeyring,
    settings: LoginSettings,
    hashes: PasswordHashes | None = None,
) -> Login:
    """Raises SettingError."""
    sessions = SessionService(store, clock, keyring.derive("sessions"))
    provider = HttpOidcProvider(_client(settings), clock) if settings.issuer else None
    oidc = OidcService(store, clock, sessions, provider, keyring.derive("oidc"))
    return Login(sessions, LoginService(store, clock, sessions, hashes), oidc)


def _client(settings: LoginSettings) -> OidcClient:
    assert settings.issuer is not None
    assert settings.public_url is not None
    return OidcClient(settings.issuer, settings.client_id, _secret(settings), settings.public_url + CALLBACK)


def _secret(settings: LoginSettings) -> SecretValue | None:
    if settings.client_secret_file is None:
        return settings.client_secret
    try:
        return SecretValue(settings.client_secret_file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        name = "PIERHEAD_OIDC_CLIENT_SECRET_FILE"
        raise SettingError(name, str(settings.client_secret_file), "a text file that the server can read") from None
