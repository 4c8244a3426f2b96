"""From the file that PIERHEAD_SECRET_MANAGERS names to the secret managers it describes.

Nothing is asked of them yet, and no credential is read: what is wrong there is told when a secret is wanted.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pierhead.control.scopes import check_identifier, check_name
from pierhead.control.secrets import BUILT_IN_MANAGER, ConfiguredStore, ManagerType, OutsideStore, Reach
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError

from .aws import AwsSecrets, AwsSettings
from .environment import EnvironmentSecrets
from .file import FileSecrets
from .strict_yaml import Fields, Item, SecretManagersFileError, read_yaml
from .vault import AppRole, TokenFile, VaultSecrets, VaultSettings

__all__ = ["SecretManagersFileError", "read_secret_managers"]

DEFAULT_PREFIX = "PIERHEAD_SECRET_"
_SETTINGS = "PIERHEAD_"  # what the server's own settings begin with, its encryption key among them
_MOST_MANAGERS = 100
_COMMON = ("identifier", "type", "name", "scopes")
_OWN = {
    ManagerType.ENVIRONMENT: ("prefix",),
    ManagerType.FILE: ("root",),
    ManagerType.VAULT: ("address", "mount", "namespace", "caFile", "tokenFile", "appRole"),
    ManagerType.AWS: ("region", "endpoint", "accessKeyIdFile", "secretAccessKeyFile"),
}
_ALL_FIELDS = tuple(dict.fromkeys((*_COMMON, *(field for own in _OWN.values() for field in own))))
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,99}\Z")
_MOUNT = re.compile(r"[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100}){0,9}\Z")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}\Z")
_PLACE = re.compile(r"[a-zA-Z_][0-9a-zA-Z_$]{0,127}(/[a-zA-Z_][0-9a-zA-Z_$]{0,127})?\Z")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

Made = tuple[OutsideStore, Mapping[str, str]]


def read_secret_managers(path: Path, clock: Clock) -> tuple[ConfiguredStore, ...]:
    """Raises SecretManagersFileError with the line."""
    top = read_yaml(path).fields("the file", ("secretManagers",))
    items = top.item("secretManagers").items("secretManagers")
    if len(items) > _MOST_MANAGERS:
        raise top.error("secretManagers", f"there can be {_MOST_MANAGERS} secret managers")
    managers: dict[str, ConfiguredStore] = {}
    for item in items:
        manager = _manager(item, clock)
        if manager.identifier in managers:
            raise item.error(f"there are two secret managers {manager.identifier}")
        managers[manager.identifier] = manager
    return tuple(managers.values())


def _manager(item: Item, clock: Clock) -> ConfiguredStore:
    type_ = _type(item.fields("a secret manager", _ALL_FIELDS))
    fields = item.fields(f"a secret manager of type {type_}", (*_COMMON, *_OWN[type_]))
    identifier = _checked(fields, "identifier", fields.text("identifier"), check_identifier)
    if identifier == BUILT_IN_MANAGER:
        raise fields.error("identifier", f"{BUILT_IN_MANAGER} is the built-in one")
    name = _checked(fields, "name", fields.text("name", identifier), check_name)
    store, details = _MAKERS[type_](identifier, fields, clock)
    return ConfiguredStore(identifier, name, type_, _reach(fields), store, details)


def _type(fields: Fields) -> ManagerType:
    text = fields.text("type")
    try:
        return ManagerType(text)
    except ValueError:
        raise fields.error("type", f"type {text[:100]!r} is none of {', '.join(ManagerType)}") from None


def _checked(fields: Fields, field: str, text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except AppError as error:
        raise fields.error(field, error.message) from None


def _reach(fields: Fields) -> Reach:
    """``account`` (what is left out), ``all``, or a list of ``account``, ``ORG`` and ``ORG/PROJECT``."""
    if not fields.has("scopes"):
        return Reach()
    whole = fields.item("scopes")
    if whole.is_text:
        text = whole.text("scopes")
        if text not in ("account", "all"):
            raise whole.error("scopes is account, all, or a list of account, ORG and ORG/PROJECT")
        return Reach(everything=text == "all")
    texts = [_place(item) for item in whole.items("scopes")]
    places = frozenset(tuple(text.split("/")) for text in texts if text != "account")
    return Reach(account="account" in texts, places=places)


def _place(item: Item) -> str:
    text = item.text("a scope")
    if not _PLACE.match(text):
        raise item.error(f"the scope {text[:100]!r} is none of account, ORG and ORG/PROJECT")
    return text


def _environment(identifier: str, fields: Fields, _: Clock) -> Made:
    prefix = fields.text("prefix", DEFAULT_PREFIX)
    if not _PREFIX.match(prefix):
        raise fields.error("prefix", "prefix is at least four letters, digits and underscores")
    if (_SETTINGS.startswith(prefix) or prefix.startswith(_SETTINGS)) and not prefix.startswith(DEFAULT_PREFIX):
        raise fields.error("prefix", f"the prefix {prefix} would show the server's own settings")
    return EnvironmentSecrets(identifier, prefix), {"prefix": prefix}


def _file(identifier: str, fields: Fields, _: Clock) -> Made:
    root = _path(fields, "root")
    if root == Path("/"):
        raise fields.error("root", "root is a directory of its own, not the whole machine")
    return FileSecrets(identifier, root), {"root": str(root)}


def _vault(identifier: str, fields: Fields, clock: Clock) -> Made:
    if fields.has("tokenFile") == fields.has("appRole"):
        raise fields.error("appRole", "a vault needs tokenFile or appRole, and not both")
    login = TokenFile(_path(fields, "tokenFile")) if fields.has("tokenFile") else _app_role(fields.item("appRole"))
    settings = VaultSettings(
        address=_address(fields, "address"),
        login=login,
        mount=_mount(fields, "secret"),
        namespace=fields.optional("namespace", str),
        ca_file=_path(fields, "caFile") if fields.has("caFile") else None,
    )
    details = {"address": settings.address, "mount": settings.mount, "namespace": settings.namespace or ""}
    details["login"] = "token file" if isinstance(login, TokenFile) else "AppRole"
    return VaultSecrets(identifier, settings, clock), {name: value for name, value in details.items() if value}


def _app_role(item: Item) -> AppRole:
    fields = item.fields("appRole", ("roleId", "secretIdFile", "mount"))
    return AppRole(fields.text("roleId"), _path(fields, "secretIdFile"), _mount(fields, "approle"))


def _aws(identifier: str, fields: Fields, _: Clock) -> Made:
    region = fields.text("region")
    if not _REGION.match(region):
        raise fields.error("region", f"region {region[:100]!r} is not one such as eu-west-1")
    if fields.has("accessKeyIdFile") != fields.has("secretAccessKeyFile"):
        raise fields.error("accessKeyIdFile", "accessKeyIdFile and secretAccessKeyFile belong together")
    files = None
    if fields.has("accessKeyIdFile"):
        files = (_path(fields, "accessKeyIdFile"), _path(fields, "secretAccessKeyFile"))
    endpoint = _address(fields, "endpoint") if fields.has("endpoint") else None
    details = {"region": region, "login": "key files" if files else "of the machine", "endpoint": endpoint or ""}
    store = AwsSecrets(identifier, AwsSettings(region, endpoint, files))
    return store, {name: value for name, value in details.items() if value}


_MAKERS: Mapping[ManagerType, Callable[[str, Fields, Clock], Made]] = {
    ManagerType.ENVIRONMENT: _environment,
    ManagerType.FILE: _file,
    ManagerType.VAULT: _vault,
    ManagerType.AWS: _aws,
}


def _path(fields: Fields, name: str) -> Path:
    path = Path(fields.text(name))
    if not path.is_absolute() or ".." in path.parts:
        raise fields.error(name, f"{name} is an absolute path")
    return path


def _mount(fields: Fields, default: str) -> str:
    mount = fields.text("mount", default).strip("/")
    if not _MOUNT.match(mount) or any(step in (".", "..") for step in mount.split("/")):
        raise fields.error("mount", f"mount {mount[:100]!r} is no path of a mount")
    return mount


def _address(fields: Fields, name: str) -> str:
    """https, for credentials go there; http only on this machine itself, where nobody can listen."""
    text = fields.text(name).rstrip("/")
    try:
        url = urlsplit(text)
        is_plain = not (url.query or url.fragment or url.username or url.password or url.path) and url.port != 0
    except ValueError:
        raise fields.error(name, f"{name} is no URL") from None
    if not is_plain or not url.hostname or url.scheme not in ("http", "https"):
        raise fields.error(name, f"{name} is a URL such as https://HOST:PORT, with nothing after it")
    if url.scheme == "http" and url.hostname not in _THIS_MACHINE:
        raise fields.error(name, f"{name} must be https: credentials are sent there")
    return text
