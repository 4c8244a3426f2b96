"""What is known about registry hosts, read from ``data/hosts.toml``. Knows no URLs and decides nothing."""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources


class PathRule(StrEnum):
    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class RegistryHost:
    """One entry of the table; the file's head explains the fields. ``path_segments`` is 0 unless a path is required."""

    name: str
    hosts: tuple[str, ...]
    canonical: str | None
    web_pages: tuple[str, ...]
    path: PathRule
    path_segments: int
    path_words: str
    web_page_path: str
    pull_secret_key: str | None
    accepts_v1: bool
    use: str
    dead_since: date | None
    warning: str


def known_host(host: str) -> RegistryHost | None:
    """The entry for a lower-case host name without port, None for a host nothing is known about."""
    exact, patterns = _tables()
    return exact.get(host) or next((entry for pattern, entry in patterns if fnmatchcase(host, pattern)), None)


@cache
def registry_hosts() -> tuple[RegistryHost, ...]:
    text = resources.files(__package__).joinpath("data/hosts.toml").read_text("utf-8")
    return tuple(_entry(row) for row in tomllib.loads(text)["registry"])


@cache
def _tables() -> tuple[dict[str, RegistryHost], tuple[tuple[str, RegistryHost], ...]]:
    named = [(host, entry) for entry in registry_hosts() for host in (*entry.hosts, *entry.web_pages)]
    return (
        {host: entry for host, entry in named if "*" not in host},
        tuple((host, entry) for host, entry in named if "*" in host),
    )


def _entry(row: dict[str, object]) -> RegistryHost:
    path = PathRule(str(row.get("path", "optional")))
    dead_since = row.get("dead_since")
    return RegistryHost(
        name=str(row["name"]),
        hosts=_texts(row["hosts"]),
        canonical=str(row["canonical"]) if "canonical" in row else None,
        web_pages=_texts(row.get("web_pages", [])),
        path=path,
        path_segments=int(str(row.get("path_segments", 1))) if path is PathRule.REQUIRED else 0,
        path_words=str(row.get("path_words", "a path")),
        web_page_path=str(row.get("web_page_path", "")),
        pull_secret_key=str(row["pull_secret_key"]) if "pull_secret_key" in row else None,
        accepts_v1=bool(row.get("accepts_v1", False)),
        use=str(row["use"]),
        dead_since=dead_since if isinstance(dead_since, date) else None,
        warning=str(row.get("warning", "")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
