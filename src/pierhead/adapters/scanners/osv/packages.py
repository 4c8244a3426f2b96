"""From a purl to the words of OSV: ecosystem, name, version, and how versions of it compare; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from univers.versions import Version

MAX_VERSION_CHARS: Final = 200
_DISTRIBUTIONS: Final = {"debian": "Debian", "ubuntu": "Ubuntu", "alpine": "Alpine", "wolfi": "Wolfi"}
_LANGUAGES: Final = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "gem": "RubyGems",
    "cargo": "crates.io",
    "maven": "Maven",
    "nuget": "NuGet",
    "composer": "Packagist",
}
_ORDERS: Final = {
    "Debian": "DebianVersion",
    "Ubuntu": "DebianVersion",
    "Alpine": "AlpineLinuxVersion",
    "Wolfi": "AlpineLinuxVersion",
    "PyPI": "PypiVersion",
    "npm": "SemverVersion",
    "Go": "GolangVersion",
    "RubyGems": "RubygemsVersion",
    "crates.io": "SemverVersion",
    "Maven": "MavenVersion",
    "NuGet": "NugetVersion",
    "Packagist": "ComposerVersion",
}


@dataclass(frozen=True, slots=True)
class Package:
    """``ecosystem`` as OSV writes it (``Debian:12``), ``name`` and ``version`` those that advisories speak of: of the
    source package where the ecosystem has such. ``shown`` and ``installed`` are the package's own."""

    ecosystem: str
    name: str
    version: str
    shown: str
    installed: str

    @property
    def family(self) -> str:
        return self.ecosystem.partition(":")[0]


def package_of(purl: str) -> Package | str:
    """The package, or in words why it cannot be matched."""
    head, _, query = purl.partition("#")[0].partition("?")
    kind, _, path = head.removeprefix("pkg:").partition("/")
    path, _, version = path.rpartition("@") if "@" in path else (path, "", "")
    *namespace, name = (unquote(part) for part in path.split("/"))
    version = unquote(version)
    qualifiers = dict(part.partition("=")[::2] for part in query.split("&") if part)
    if not version or len(version) > MAX_VERSION_CHARS:
        return "packages without a version"
    if kind in ("deb", "apk"):
        return _of_distribution(namespace, name, version, {key: unquote(value) for key, value in qualifiers.items()})
    ecosystem = _LANGUAGES.get(kind)
    if ecosystem is None:
        return f"packages of the kind {kind[:50]}"
    return _of_language(ecosystem, namespace, name, version)


def order_of(family: str) -> "Callable[[str], Version] | None":
    """What makes a comparable version of a text, raising ValueError; None where the family is not known."""
    name = _ORDERS.get(family)
    if name is None:
        return None
    from univers import versions  # a tenth of a second, paid by whoever scans

    found: Callable[[str], Version] = getattr(versions, name)
    return found


def usual_ecosystem(text: str) -> str:
    """One spelling for what names the same advisories: Ubuntu's long-term releases carry a mark."""
    return text.removesuffix(":LTS")


def _of_distribution(namespace: list[str], name: str, version: str, qualifiers: Mapping[str, str]) -> Package | str:
    maker = namespace[0] if namespace else ""
    family = _DISTRIBUTIONS.get(maker)
    if family is None:
        return f"packages of the distribution {maker[:50]}"
    release = _release(maker, qualifiers.get("distro", ""))
    if release is None:
        return f"packages of {maker} of which the release is not known"
    source, _, source_version = qualifiers.get("upstream", "").partition("@")
    ecosystem = f"{family}:{release}" if release else family
    return Package(ecosystem, source or name, source_version or version, name, version)


def _release(maker: str, distro: str) -> str | None:
    """``debian-12.4`` is Debian:12, ``alpine-3.19.1`` Alpine:v3.19, ``ubuntu-22.04`` Ubuntu:22.04."""
    if maker == "wolfi":
        return ""
    numbers = distro.removeprefix(f"{maker}-").split(".")
    if not numbers[0].isdecimal():
        return None
    if maker == "debian":
        return numbers[0]
    if len(numbers) < 2:
        return None
    return f"v{numbers[0]}.{numbers[1]}" if maker == "alpine" else f"{numbers[0]}.{numbers[1]}"


def _of_language(ecosystem: str, namespace: list[str], name: str, version: str) -> Package:
    joint = ":" if ecosystem == "Maven" else "/"
    whole = joint.join([*namespace, name])
    if ecosystem == "PyPI":
        whole = whole.lower().replace("_", "-").replace(".", "-")
    compared = version.removeprefix("v") if ecosystem == "Go" else version
    return Package(ecosystem, whole, compared, whole, version)
