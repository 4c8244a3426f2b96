"""What the server is told from outside, parsed once. Nothing else in the server reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pierhead.kit.redact import MASK, SecretValue
from pierhead.kit.urls import LOOPBACK

from .login_settings import LoginSettings
from .setting_error import SettingError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8411
DEFAULT_LEASE_S = 60
_SHORTEST_LEASE_S, _LONGEST_LEASE_S = 5, 600
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


@dataclass(frozen=True, slots=True)
class Settings:
    """``images``: where pulled images go (default ``<data>/images``); ``release_line``: whose defaults apply.

    ``database_url``: the PostgreSQL database that servers share, None for SQLite in ``data``. ``encryption_key``, in
    base64, or ``encryption_key_file`` holds the key that they share; neither means the one in ``data``.
    ``is_approval_required``: a new delegate works only once somebody has approved it. ``lease_s``: after how many
    seconds without a word from whoever works on a task it goes to somebody else. ``may_reach_private``: the server's
    own worker goes to private addresses for every connector. ``metrics``: who may read them, ``key``, ``open`` or
    ``off``. ``has_traces``: spans are exported by OpenTelemetry. ``secret_managers_file`` describes stores of others
    that secrets are read from. ``aws_endpoint``: where AWS is asked for ECR passwords, None for AWS's own address.
    ``release_lines``: a directory with release lines and a calendar of the operator's own (default
    ``<data>/release-lines``, where it is there). ``enforces_preflight``: also update-config refuses to pin an image
    that is not where runs would pull it. ``retired_hosts``: a file with registry hosts at their end (default
    ``<data>/retired-hosts.toml``, where it is there).
    """

    data: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    images: Path | None = None
    release_line: str | None = None
    log_level: str = "INFO"
    database_url: SecretValue | None = None
    encryption_key: SecretValue | None = None
    encryption_key_file: Path | None = None
    is_approval_required: bool = True
    lease_s: int = DEFAULT_LEASE_S
    login: LoginSettings = field(default_factory=LoginSettings)
    may_reach_private: bool = False
    metrics: str = "key"
    log_format: str = "text"
    has_traces: bool = False
    secret_managers_file: Path | None = None
    aws_endpoint: str | None = None
    release_lines: Path | None = None
    enforces_preflight: bool = False
    retired_hosts: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads PIERHEAD_DATA, _HOST, _PORT, _IMAGES, _RELEASE_LINE, _LOG_LEVEL, _DATABASE_URL, _ENCRYPTION_KEY,
        _ENCRYPTION_KEY_FILE, _DELEGATE_APPROVAL, _LEASE_S, _PRIVATE_ADDRESSES, _METRICS, _LOG_FORMAT, _OTEL
        (beside it OTEL_EXPORTER_OTLP_ENDPOINT), _SECRET_MANAGERS, _AWS_ENDPOINT, _RELEASE_LINES, _PREFLIGHT and
        _RETIRED_HOSTS. Raises SettingError."""
        images = environment.get("PIERHEAD_IMAGES")
        key, key_file = _key(environment)
        return cls(
            data=default_data_directory(environment),
            host=environment.get("PIERHEAD_HOST", DEFAULT_HOST),
            port=_port(environment.get("PIERHEAD_PORT", str(DEFAULT_PORT))),
            images=Path(images) if images else None,
            release_line=environment.get("PIERHEAD_RELEASE_LINE") or None,
            log_level=_level(environment.get("PIERHEAD_LOG_LEVEL", "INFO")),
            database_url=_database(environment.get("PIERHEAD_DATABASE_URL", "")),
            encryption_key=key,
            encryption_key_file=key_file,
            is_approval_required=_approval(environment.get("PIERHEAD_DELEGATE_APPROVAL", "required")),
            lease_s=_lease(environment.get("PIERHEAD_LEASE_S", str(DEFAULT_LEASE_S))),
            login=LoginSettings.from_environment(environment, environment.get("PIERHEAD_HOST", DEFAULT_HOST)),
            may_reach_private=_choice(environment, "PIERHEAD_PRIVATE_ADDRESSES", "deny", "allow") == "allow",
            metrics=_choice(environment, "PIERHEAD_METRICS", "key", "open", "off"),
            log_format=_choice(environment, "PIERHEAD_LOG_FORMAT", "text", "json"),
            has_traces=_has_traces(environment),
            secret_managers_file=_file(environment, "PIERHEAD_SECRET_MANAGERS"),
            aws_endpoint=_https(environment, "PIERHEAD_AWS_ENDPOINT"),
            release_lines=_file(environment, "PIERHEAD_RELEASE_LINES"),
            enforces_preflight=_choice(environment, "PIERHEAD_PREFLIGHT", "own", "enforce") == "enforce",
            retired_hosts=_file(environment, "PIERHEAD_RETIRED_HOSTS"),
        )

    def __post_init__(self) -> None:
        """Raises SettingError for settings that do not go together, wherever each of them came from."""
        if self.login.has_plain_cookie and self.host not in LOOPBACK:
            raise SettingError("PIERHEAD_SESSION_COOKIE", "plain", f"secure, for a server that listens on {self.host}")

    @property
    def has_shared_key(self) -> bool:
        """Whether the key of the secrets is given, and is not one of this server's own."""
        return self.encryption_key is not None or self.encryption_key_file is not None

    @property
    def has_plain_cookie(self) -> bool:
        """Whether cookies work without TLS: never for a server that others can reach."""
        return self.login.has_plain_cookie

    @property
    def release_lines_directory(self) -> Path | None:
        """One that was named has to be there; the one in the data directory need not."""
        usual = self.data / "release-lines"
        return self.release_lines or (usual if usual.is_dir() else None)

    @property
    def retired_hosts_file(self) -> Path | None:
        """As above, of the list of registry hosts at their end."""
        usual = self.data / "retired-hosts.toml"
        return self.retired_hosts or (usual if usual.is_file() else None)

    @property
    def images_directory(self) -> Path:
        return self.images or self.data / "images"


def default_data_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """PIERHEAD_DATA, else ``pierhead`` below the user's data home (XDG base directories)."""
    if chosen := environment.get("PIERHEAD_DATA"):
        return Path(chosen)
    home = environment.get("XDG_DATA_HOME") or str(Path(environment.get("HOME", "/")) / ".local" / "share")
    return Path(home) / "pierhead"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SettingError("PIERHEAD_PORT", text, "a port number from 0 to 65535")
    return int(text)


def _level(text: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if text.upper() not in levels:
        raise SettingError("PIERHEAD_LOG_LEVEL", text, f"one of {', '.join(levels)}")
    return text.upper()


def _database(url: str) -> SecretValue | None:
    if url and not url.startswith(_POSTGRESQL):
        raise SettingError("PIERHEAD_DATABASE_URL", MASK, "a URL such as postgresql://USER@HOST/DATABASE")
    return SecretValue(url) if url else None


def _key(environment: Mapping[str, str]) -> tuple[SecretValue | None, Path | None]:
    """The key itself, or the file that holds it: of two one would be ignored."""
    text, file = environment.get("PIERHEAD_ENCRYPTION_KEY"), environment.get("PIERHEAD_ENCRYPTION_KEY_FILE")
    if text and file:
        raise SettingError("PIERHEAD_ENCRYPTION_KEY", MASK, "the only key: PIERHEAD_ENCRYPTION_KEY_FILE names one too")
    return (SecretValue(text) if text else None), (Path(file) if file else None)


def _choice(environment: Mapping[str, str], name: str, *words: str) -> str:
    """The first word is what holds when nothing is said."""
    text = environment.get(name) or words[0]
    if text not in words:
        raise SettingError(name, text[:40], f"one of {', '.join(words)}")
    return text


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name)
    return Path(text) if text else None


def _https(environment: Mapping[str, str], name: str) -> str | None:
    """http is for this machine alone: credentials are sent there."""
    text = environment.get(name)
    if not text:
        return None
    try:
        url = urlsplit(text)
        is_good = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
        if is_good and url.hostname and not (url.username or url.password or url.query or url.fragment):
            return text.rstrip("/")
    except ValueError:
        pass
    raise SettingError(name, text[:100], "a URL such as https://HOST")


def _has_traces(environment: Mapping[str, str]) -> bool:
    """``PIERHEAD_OTEL=off`` holds against a variable that was set for other programs."""
    said = _choice(environment, "PIERHEAD_OTEL", "auto", "on", "off")
    named = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return said == "on" or (said == "auto" and any(environment.get(name) for name in named))


def _approval(text: str) -> bool:
    if text not in ("required", "automatic"):
        raise SettingError("PIERHEAD_DELEGATE_APPROVAL", text, "required or automatic")
    return text == "required"


def _lease(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    if not is_number or not _SHORTEST_LEASE_S <= int(text) <= _LONGEST_LEASE_S:
        raise SettingError("PIERHEAD_LEASE_S", text, f"whole seconds from {_SHORTEST_LEASE_S} to {_LONGEST_LEASE_S}")
    return int(text)
