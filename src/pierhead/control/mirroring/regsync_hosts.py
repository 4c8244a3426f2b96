"""The registries of a regsync file as connectors and secrets; pure.

A password is never taken over: where the file names a variable or a file that has it, so does the secret, and one that
stands in the file itself has to be given anew.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pierhead.oci.reference import DOCKER_HUB, is_docker_hub

from .regsync_spots import Spot

Document = dict[str, object]
_SOURCE = re.compile(r"""\{\{-?\s*(env|file)\s+["'`]([^"'`{}]{1,300})["'`]\s*-?\}\}""")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,100})\}")
_FIELDS: Final = ("registry", "hostname", "user", "pass", "tls", "scheme", "regcert", "pathPrefix")
_LEFT: Final = {
    "credHelper": "make secrets for its user and password; for Amazon ECR with `credentialHelper: ecr` and an AWS key",
    "credExpire": "tokens are renewed when they are about to end",
    "credHost": "a connector has the login of its own host",
    "clientCert": "give it to the connector as tls.clientCertificatePem",
    "clientKey": "make a secret of it, and name that as tls.clientKeyRef",
    "mirrors": "make a connector for each, and a mirror from it",
    "priority": "it orders mirrors of regsync",
    "repoAuth": "a token is asked for each repository as the registry wants it",
    "blobChunk": "how blobs are sent is decided by what the registry takes",
    "blobMax": "how blobs are sent is decided by what the registry takes",
    "reqPerSec": "registries are asked as fast as they answer, and waited for when they say so",
    "reqConcurrent": "how many requests a registry gets at once is a setting of the server",
    "apiOpts": "none of them is needed",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A registry, and a path below it that its names are behind."""

    host: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.host}/{self.path}" if self.path else self.host


@dataclass(slots=True)
class Login:
    """What an entry of ``creds`` says. ``secrets``: by user and pass, where the value lies. ``told``: what whoever
    makes them has to know."""

    address: str
    scheme: str = "https"
    user: str = ""
    certificate: str = ""
    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    told: list[tuple[Spot, str]] = field(default_factory=list)


def logins_in(spot: Spot | None) -> dict[str, Login]:
    """By the registry's name in image names. Raises InvalidRegsyncError."""
    found: dict[str, Login] = {}
    for each in spot.items("creds") if spot else ():
        given = each.fields("an entry of creds", (*_FIELDS, *_LEFT))
        for name in given.keys() & _LEFT.keys():
            given[name].tell(f"{name} is not taken over: {_LEFT[name]}")
        if "registry" not in given:
            raise each.error("an entry of creds needs a registry")
        host = host_named(given["registry"].text("registry"))
        if "{{" in host:
            given["registry"].tell("a registry that a template names is not taken over")
            continue
        found[host] = _login(host, given)
    return found


def host_named(text: str) -> str:
    """As image names have it."""
    return DOCKER_HUB if is_docker_hub(text) else text.lower()


def documents_of(places: Iterable[Place], logins: Mapping[str, Login], names: Mapping[Place, str]) -> list[Document]:
    """Secrets first, then the connectors that name them."""
    secrets: dict[str, Document] = {}
    connectors = []
    for place in places:
        login = logins.get(place.host, Login(place.host))
        for spot, text in login.told:
            spot.tell(text)
        for what, source in login.secrets.items():
            name = _secret_name(place.host, what)
            spec = {"valueFrom": dict(source)}
            secrets[name] = {"secret": {"identifier": name, "name": name, "type": "SecretText", "spec": spec}}
        connectors.append(_connector(place, names[place], login))
    return [*secrets.values(), *connectors]


def identifier_of(text: str, taken: Iterable[str] = ()) -> str:
    """One that entities may have, and that is not ``taken``."""
    base = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:100] or "registry"
    base = base if base[0].isalpha() else f"r_{base}"
    used = frozenset(taken)
    tries = (base if number == 1 else f"{base}_{number}" for number in range(1, len(used) + 2))
    return next(name for name in tries if name not in used)


def _login(host: str, given: Mapping[str, Spot]) -> Login:
    login = Login(given["hostname"].text("hostname") if "hostname" in given else host)
    if "tls" in given or "scheme" in given:
        login.scheme = _scheme(given)
    if "regcert" in given:
        text = given["regcert"].text("regcert")
        if text.startswith("-----BEGIN CERTIFICATE-----"):
            login.certificate = text + "\n"
        else:
            given["regcert"].tell("give the certificate to the connector as tls.caCertificatePem")
    if "pathPrefix" in given:
        given["pathPrefix"].tell("pathPrefix is not taken over: put the path into the connector's URL")
    if "pass" in given:
        _read_login(host, login, given)
    return login


def _scheme(given: Mapping[str, Spot]) -> str:
    if "tls" not in given:
        return "http" if given["scheme"].text("scheme") == "http" else "https"
    said = given["tls"].text("tls")
    if said == "insecure":
        given["tls"].tell("certificates are always checked: give the connector the registry's, as tls.caCertificatePem")
    elif said not in ("enabled", "disabled"):
        raise given["tls"].error("tls has to be enabled, insecure or disabled")
    return "http" if said == "disabled" else "https"


def _read_login(host: str, login: Login, given: Mapping[str, Spot]) -> None:
    login.secrets["pass"] = _source(host, login, "pass", given["pass"])
    if "user" not in given:
        raise given["pass"].error("a pass needs a user")
    text = given["user"].text("user")
    if "{{" in text or _VARIABLE.search(text):
        login.secrets["user"] = _source(host, login, "user", given["user"])
    else:
        login.user = text


def _source(host: str, login: Login, what: str, spot: Spot) -> Mapping[str, str]:
    """Where ``valueFrom`` of a secret finds the value."""
    text = spot.text(what)
    name = _secret_name(host, what)
    found = _SOURCE.fullmatch(text)
    variable = _VARIABLE.fullmatch(text)
    if found or variable:
        kind, where = (found[1], found[2]) if found else ("env", variable[1] if variable else "")
        login.told.append((spot, f"the secret {name} takes its value from the {_CALLED[kind]} {where} when applied"))
        return {kind: where}
    given = f"PIERHEAD_VALUE_{name.upper()}"
    why = "is made by a template" if "{{" in text else "stands in the file and is not taken over"
    told = f"the {what} of {host} {why}: put it into the variable {given} when the secret {name} is applied"
    login.told.append((spot, told))
    return {"env": given}


_CALLED: Final = {"env": "variable", "file": "file"}


def _secret_name(host: str, what: str) -> str:
    return f"{identifier_of(host)}_{'password' if what == 'pass' else 'user'}"


def _connector(place: Place, identifier: str, login: Login) -> Document:
    path = f"/{place.path}" if place.path else ""
    is_hub = place.host == DOCKER_HUB
    url = "https://index.docker.io/v2/" if is_hub else f"{login.scheme}://{login.address}{path}"
    spec: Document = {
        "dockerRegistryUrl": url,
        "providerType": "DockerHub" if is_hub else "Other",
        "auth": _auth(place.host, login),
        "executeOnDelegate": False,
    }
    if login.certificate:
        spec["tls"] = {"caCertificatePem": login.certificate}
    return {"connector": {"identifier": identifier, "name": identifier, "type": "DockerRegistry", "spec": spec}}


def _auth(host: str, login: Login) -> Document:
    if "pass" not in login.secrets:
        return {"type": "Anonymous"}
    spec: Document = {"passwordRef": f"account.{_secret_name(host, 'pass')}"}
    if "user" in login.secrets:
        spec["usernameRef"] = f"account.{_secret_name(host, 'user')}"
    else:
        spec["username"] = login.user
    return {"type": "UsernamePassword", "spec": spec}
