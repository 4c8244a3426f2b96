"""What a delegate is told from outside, parsed once. Nothing else in the delegate reads the environment.

Options come first, then ``PIERHEAD_*``, then the names that the reference's installation files use.
"""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue
from pierhead.registry.endpoint import ProxySettings, TlsSettings
from pierhead.registry.origin import Origin, Url
from pierhead.registry.wire.addresses import AddressKind, kind_of_name

from .allow_list import AllowList
from .errors import DelegateSettingError, PlainHttpError, TokenNeededError

DEFAULT_CAPACITY = 4
DEFAULT_DRAIN_S = 300.0
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_MAX_TAGS = 64


@dataclass(frozen=True, slots=True)
class Options:
    """The command line; None and empty mean not given."""

    url: str | None = None
    token: str | None = None
    token_file: Path | None = None
    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    state: Path | None = None
    images: Path | None = None
    capacity: int | None = None
    allow_registry: tuple[str, ...] = ()
    ca_file: Path | None = None
    proxy: str | None = None
    health: str | None = None
    insecure_http: bool = False
    drain_timeout: float | None = None
    log_level: str | None = None
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class DelegateSettings:
    """``health``: the loopback address and port of the health endpoint, None for none. ``notes``: worth telling."""

    server: Origin
    name: str
    state: Path
    images: Path
    host_name: str
    token: SecretValue | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    capacity: int = DEFAULT_CAPACITY
    allowed: AllowList = field(default_factory=AllowList)
    tls: TlsSettings = field(default_factory=TlsSettings)
    proxy: ProxySettings | None = None
    health: tuple[str, int] | None = None
    drain_timeout_s: float = DEFAULT_DRAIN_S
    log_level: str = "INFO"
    is_json: bool = False
    has_colour: bool = True
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, options: Options, environment: Mapping[str, str] = os.environ) -> "DelegateSettings":
        """Raises AppError for what cannot be meant."""
        given = _Given(environment)
        host_name = socket.gethostname()[:253] or "localhost"
        state = options.state or given.path("PIERHEAD_DELEGATE_STATE") or _default_state(environment)
        server = _server(
            options.url or given.text("PIERHEAD_URL", "MANAGER_HOST_AND_PORT"),
            options.insecure_http or given.flag("PIERHEAD_DELEGATE_INSECURE_HTTP"),
        )
        level = options.log_level or given.text("PIERHEAD_DELEGATE_LOG_LEVEL") or "INFO"
        if level.upper() not in _LEVELS:
            raise DelegateSettingError("--log-level", level, f"one of {', '.join(_LEVELS)}")
        return cls(
            server=server,
            name=_name(options.name or given.text("PIERHEAD_DELEGATE_NAME", "DELEGATE_NAME"), host_name),
            state=state,
            images=options.images or given.path("PIERHEAD_DELEGATE_IMAGES") or state / "images",
            host_name=host_name,
            token=_token(options, given),
            description=(options.description or given.text("DELEGATE_DESCRIPTION") or "")[:1024],
            tags=_tags(options.tags or given.words("PIERHEAD_DELEGATE_TAGS", "DELEGATE_TAGS")),
            capacity=_capacity(options.capacity, given),
            allowed=AllowList(options.allow_registry or given.words("PIERHEAD_DELEGATE_ALLOW_REGISTRY")),
            tls=TlsSettings(_file_text("--ca-file", options.ca_file or given.path("PIERHEAD_DELEGATE_CA_FILE"))),
            proxy=_proxy(options.proxy or given.text("PIERHEAD_DELEGATE_PROXY"), server, given),
            health=_health(options.health or given.text("PIERHEAD_DELEGATE_HEALTH")),
            drain_timeout_s=_drain(options.drain_timeout, given),
            log_level=level.upper(),
            is_json=options.is_json or given.flag("PIERHEAD_DELEGATE_LOG_JSON"),
            has_colour=given.text("NO_COLOR") is None,
            notes=_notes(given),
        )


class _Given:
    """The environment; variables that are set to nothing count as not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, *names: str) -> str | None:
        return next((value for name in names if (value := self._environment.get(name, "").strip())), None)

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return Path(text) if text else None

    def words(self, *names: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in (self.text(*names) or "").split(",") if word.strip())

    def flag(self, name: str) -> bool:
        return (self.text(name) or "").lower() in ("1", "true", "yes")


def _server(text: str | None, is_insecure: bool) -> Origin:
    if text is None:
        raise DelegateSettingError("--url", "", "the server's URL, https://host[:port]")
    url = Url.parse(text if "://" in text else f"https://{text}")
    if url.target != "/":
        raise DelegateSettingError("--url", text, "an address without a path, https://host[:port]")
    if not url.origin.is_secure and not is_insecure and kind_of_name(url.origin.host) is not AddressKind.LOOPBACK:
        raise PlainHttpError(str(url.origin))
    return url.origin


def _name(given: str | None, host_name: str) -> str:
    if given is None:
        made = re.sub(r"[^a-z0-9-]", "-", host_name.partition(".")[0].lower())[:63].strip("-")
        return made or "delegate"
    if not _NAME.match(given):
        raise DelegateSettingError("--name", given, "1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")
    return given


def _token(options: Options, given: _Given) -> SecretValue | None:
    if options.token and options.token_file:
        raise DelegateSettingError("--token", "and --token-file", "one of the two")
    if options.token:
        return SecretValue(options.token.strip())
    if options.token_file is None and (text := given.text("PIERHEAD_DELEGATE_TOKEN")):
        return SecretValue(text)
    path = options.token_file or given.path("PIERHEAD_DELEGATE_TOKEN_FILE")
    if path is not None:
        text = (_file_text("--token-file", path) or "").strip()
        if not text:
            raise TokenNeededError(f"{path} is empty")
        return SecretValue(text)
    return SecretValue(text) if (text := given.text("DELEGATE_TOKEN")) else None


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for tag in tags for part in tag.split(",") if part.strip()))
    if len(found) > _MAX_TAGS or any(len(tag) > 128 or not tag.isprintable() for tag in found):
        raise DelegateSettingError("--tag", ",".join(found)[:80], f"at most {_MAX_TAGS} of up to 128 characters")
    return found


def _capacity(option: int | None, given: _Given) -> int:
    text = given.text("PIERHEAD_DELEGATE_CAPACITY", "DELEGATE_TASK_CAPACITY") if option is None else str(option)
    if text is None:
        return DEFAULT_CAPACITY
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:5]) <= 1000:
        raise DelegateSettingError("--capacity", text, "a number from 1 to 1000")
    return int(text)


def _drain(option: float | None, given: _Given) -> float:
    text = given.text("PIERHEAD_DELEGATE_DRAIN_TIMEOUT") if option is None else str(option)
    if text is None:
        return DEFAULT_DRAIN_S
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise DelegateSettingError("--drain-timeout", text, "a number of seconds")
    return float(text)


def _proxy(named: str | None, server: Origin, given: _Given) -> ProxySettings | None:
    """A proxy that was named is used always; one of the system only where NO_PROXY does not say otherwise."""
    if named is not None:
        return ProxySettings.parse(_with_scheme(named))
    names = ("HTTPS_PROXY", "https_proxy") if server.is_secure else ("HTTP_PROXY", "http_proxy")
    text = given.text(*names, "ALL_PROXY", "all_proxy")
    if text is None or kind_of_name(server.host) is AddressKind.LOOPBACK:
        return None
    return ProxySettings.parse(_with_scheme(text), given.words("NO_PROXY", "no_proxy"))


def _with_scheme(text: str) -> str:
    return text if "://" in text else f"http://{text}"


def _health(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    try:
        origin = Origin.at("http", text)
    except AppError:
        raise DelegateSettingError("--health", text, "a loopback address and port, 127.0.0.1:PORT") from None
    if kind_of_name(origin.host) is not AddressKind.LOOPBACK or origin.port == 80:
        raise DelegateSettingError("--health", text, "a loopback address and port, 127.0.0.1:PORT")
    return ("127.0.0.1" if origin.host == "localhost" else origin.host, origin.port)


def _file_text(name: str, path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(1024 * 1024).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise DelegateSettingError(name, str(path), f"a file that can be read ({reason})") from None


def _default_state(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_DATA_HOME") or str(Path(environment.get("HOME", "/")) / ".local" / "share")
    return Path(home) / "pierhead-delegate"


def _notes(given: _Given) -> tuple[str, ...]:
    if given.text("ACCOUNT_ID"):
        return ("ACCOUNT_ID is not needed: the token says which account this is",)
    return ()
