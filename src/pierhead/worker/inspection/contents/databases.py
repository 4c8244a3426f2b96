"""Databases of installed packages, dpkg's and apk's, and the name of the distribution; pure.

Advisories of Debian and Alpine speak of source packages, so each package carries the name of its source as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import purl

_SOURCE = re.compile(r"(\S+)(?: \((\S+)\))?")


@dataclass(frozen=True, slots=True)
class Distribution:
    """As os-release names it: ``debian``, ``12``. Empty where it does not."""

    id: str = ""
    version: str = ""

    @property
    def qualifier(self) -> str:
        return f"{self.id}-{self.version}" if self.id and self.version else ""


def read_os_release(data: bytes) -> Distribution:
    fields: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            fields[key.strip()] = value.strip().strip("\"'")
    return Distribution(fields.get("ID", "")[:50].lower(), fields.get("VERSION_ID", "")[:50])


def read_dpkg(data: bytes, of: Distribution) -> Iterator[str]:
    """Purls of what is installed; what was removed and left its settings behind is not."""
    for block in _blocks(data):
        fields = _fields(block, ": ")
        status = fields.get("Status", "install ok installed")
        name, version = fields.get("Package", ""), fields.get("Version", "")
        if not name or not version or not status.endswith(" installed"):
            continue
        qualifiers = {"distro": of.qualifier, "upstream": _upstream(fields.get("Source", ""), version)}
        yield purl.make("deb", name, version, namespace=of.id or "debian", qualifiers=qualifiers)


def read_apk(data: bytes, of: Distribution) -> Iterator[str]:
    for block in _blocks(data):
        fields = _fields(block, ":")
        name, version = fields.get("P", ""), fields.get("V", "")
        if not name or not version:
            continue
        origin = fields.get("o", "")
        qualifiers = {"distro": of.qualifier, "upstream": origin if origin != name else ""}
        yield purl.make("apk", name, version, namespace=of.id or "alpine", qualifiers=qualifiers)


def _blocks(data: bytes) -> Iterator[str]:
    for block in data.decode("utf-8", "replace").replace("\r", "").split("\n\n"):
        if block.strip():
            yield block


def _fields(block: str, colon: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.splitlines():
        if not line.startswith((" ", "\t")):
            key, found, value = line.partition(colon)
            if found:
                fields.setdefault(key, value.strip())
    return fields


def _upstream(source: str, version: str) -> str:
    """``Source: openssl (3.0.1-1)``: the source has a version of its own only where it differs."""
    match = _SOURCE.fullmatch(source)
    if match is None:
        return ""
    return f"{match[1]}@{match[2]}" if match[2] and match[2] != version else match[1]
