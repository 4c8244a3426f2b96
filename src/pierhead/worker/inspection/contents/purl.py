"""Names of packages, as purls (package-url specification): made for what was found, and checked where others made them;
pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote

MAX_CHARS = 400
_PURL = re.compile(r"pkg:[a-z][a-z0-9.+-]{0,30}/[!-~]+")


def make(
    kind: str, name: str, version: str, *, namespace: str = "", qualifiers: Mapping[str, str] | None = None
) -> str:
    """Empty qualifiers are left out. No check is made of what the words mean."""
    parts = [*(namespace.split("/") if namespace else []), *name.split("/")]
    path = "/".join(quote(part, safe="") for part in parts if part)
    given = "&".join(f"{key}={quote(value, safe='')}" for key, value in sorted((qualifiers or {}).items()) if value)
    at = f"@{quote(version, safe='')}" if version else ""
    return f"pkg:{kind}/{path}{at}{'?' if given else ''}{given}"


def is_usable(text: object) -> bool:
    return isinstance(text, str) and len(text) <= MAX_CHARS and _PURL.fullmatch(text) is not None
