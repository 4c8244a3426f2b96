"""Secrets in a key/value engine (version 2) of HashiCorp Vault, or of what speaks the same protocol.

TLS is always verified and no redirect is followed, for the token goes along with each request. It comes from a file, or
from an AppRole login; without one nothing is asked. Files are read anew when Vault refuses what was in them before.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pierhead.control.secrets import (
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ManagerUnavailableError,
    ReferencePathError,
)
from pierhead.kit.clock import Clock
from pierhead.kit.redact import SecretValue

from .small_file import read_small_file

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
_NOT_IN_PATHS = re.compile(r"[\x00-\x1f\x7f?%\\#]")
_VERSION = re.compile(r"[1-9][0-9]{0,8}\Z")
_LOGIN_MARGIN = 0.8  # of the life of a login; the rest is for what is under way


@dataclass(frozen=True, slots=True)
class TokenFile:
    path: Path


@dataclass(frozen=True, slots=True)
class AppRole:
    role_id: str
    secret_id_file: Path
    mount: str = "approle"


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """``address`` is https, or http on this machine itself."""

    address: str
    login: TokenFile | AppRole
    mount: str = "secret"
    namespace: str | None = None
    ca_file: Path | None = None


class VaultSecrets:
    """``path`` is ``a/b#field``. Thread-safe."""

    def __init__(self, identifier: str, settings: VaultSettings, clock: Clock) -> None:
        self._identifier = identifier
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._token: tuple[SecretValue, float] | None = None

    def check(self, path: str, version: str | None) -> None:
        where, hash_sign, field = path.partition("#")
        if not hash_sign or not field:
            raise ReferencePathError(self._identifier, path, "it names no field", "write it as team/registry#password")
        # Two dots would lead out of the engine to any other part of Vault's API.
        if any(step in ("", ".", "..") for step in where.split("/")) or _NOT_IN_PATHS.search(where):
            raise ReferencePathError(self._identifier, path, "the part before # is no path in a key/value engine")
        if version is not None and not _VERSION.match(version):
            raise ReferencePathError(self._identifier, path, f"{version!r} is no version, which are 1, 2, 3 and so on")

    def read(self, path: str, version: str | None) -> SecretValue:
        self.check(path, version)
        where, _, field = path.partition("#")
        answer = self._asked(path, lambda client: self._secret(client, where, version))
        try:
            data = answer["data"]["data"]
        except (KeyError, TypeError):
            raise ManagedValueInvalidError(self._identifier, path, "is not in a key/value engine, version 2") from None
        if not isinstance(data, dict) or field not in data:
            raise ManagedValueMissingError(self._identifier, path, f"there is no field {field[:100]}")
        value = data[field]
        if not isinstance(value, str):
            raise ManagedValueInvalidError(self._identifier, path, "is not a text")
        return SecretValue(value)

    def _secret(self, client: Any, where: str, version: str | None) -> Any:
        return client.secrets.kv.v2.read_secret_version(
            path=where,
            version=None if version is None else int(version),
            mount_point=self._settings.mount,
            raise_on_deleted_version=True,
        )

    def _asked(self, path: str, question: Callable[[Any], Any]) -> Any:
        """A token that was good may have ended or been replaced since; that is found out once."""
        from hvac.exceptions import Forbidden  # type: ignore[import-untyped]

        with self._trouble(path):
            token, is_new = self._login()
            try:
                return question(self._client(token))
            except Forbidden:
                if is_new:
                    raise
            token, _ = self._login(refused=token)
            return question(self._client(token))

    def _login(self, refused: SecretValue | None = None) -> tuple[SecretValue, bool]:
        with self._lock:
            now = self._clock.monotonic()
            kept = self._token
            if kept is not None and now < kept[1] and (refused is None or kept[0] != refused):
                return kept[0], False
            self._token = self._new_token(now)
            return self._token[0], True

    def _new_token(self, now: float) -> tuple[SecretValue, float]:
        login = self._settings.login
        if isinstance(login, TokenFile):
            return read_small_file(self._identifier, login.path), now + 60.0
        secret_id = read_small_file(self._identifier, login.secret_id_file)
        answer = self._client(SecretValue("")).auth.approle.login(
            role_id=login.role_id, secret_id=secret_id.reveal(), use_token=False, mount_point=login.mount
        )
        try:
            token, life_s = answer["auth"]["client_token"], float(answer["auth"].get("lease_duration") or 3600)
        except (KeyError, TypeError, ValueError):
            raise ManagerUnavailableError(self._identifier, "the AppRole login gave no token") from None
        return SecretValue(str(token)), now + max(life_s * _LOGIN_MARGIN, 1.0)

    def _client(self, token: SecretValue) -> Any:
        """With a token of its own always: left out, it would be looked for in the environment and in files."""
        import hvac  # type: ignore[import-untyped]
        import requests

        settings = self._settings
        session = requests.Session()
        session.trust_env = False  # else logins and proxies of the environment would have their say
        session.verify = str(settings.ca_file) if settings.ca_file is not None else True
        return hvac.Client(
            url=settings.address,
            token=token.reveal(),
            namespace=settings.namespace,
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            session=session,
        )

    def _trouble(self, path: str) -> "_Trouble":
        return _Trouble(self._identifier, path)


class _Trouble:
    """Says what the library raises in our words. Vault's own texts may repeat paths, and never values."""

    def __init__(self, identifier: str, path: str) -> None:
        self._identifier = identifier
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import requests
        from hvac import exceptions

        if isinstance(error, exceptions.InvalidPath):
            raise ManagedValueMissingError(self._identifier, self._path) from None
        if isinstance(error, exceptions.Forbidden | exceptions.Unauthorized):
            raise ManagedValueDeniedError(self._identifier, self._path) from None
        if isinstance(error, exceptions.InvalidRequest):
            raise ManagedValueDeniedError(self._identifier, self._path, "the request was refused (400)") from None
        if isinstance(error, exceptions.VaultError):
            raise ManagerUnavailableError(self._identifier, _named(error)) from None
        if isinstance(error, AttributeError | TypeError | ValueError) and not isinstance(error, OSError):
            # What the library does with an error in a form that is not Vault's.
            raise ManagerUnavailableError(self._identifier, "its answer is not one of Vault") from None
        if isinstance(error, requests.RequestException | OSError):
            raise ManagerUnavailableError(self._identifier, _reason(error)) from None


def _named(error: Exception) -> str:
    return {"VaultDown": "it is sealed or down", "RateLimitExceeded": "too many requests"}.get(
        type(error).__name__, f"it answered with an error ({type(error).__name__})"
    )


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not to be trusted"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "no connection"
