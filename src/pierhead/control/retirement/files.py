"""The list of retired hosts that ships with the package, and an operator's own laid over it (TOML, same format).

What does not fit is refused, never skipped: a host that nobody meant would have connectors moved.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib import resources
from pathlib import Path

from pierhead.control.connectors import normalise_url
from pierhead.kit.errors import AppError
from pierhead.kit.limits import KIB

from .errors import RetiredHostsFileError
from .hosts import RetiredHost, RetiredHosts, Rewrite, Then

OWN_FILE = "retired-hosts.toml"
"""Its name in the data directory."""
_MAX_BYTES = 256 * KIB
_MAX_ENTRIES = 500
_MAX_CHARS = 500
_TEXTS = ("id", "name", "why", "use")
_KEYS = frozenset({*_TEXTS, "hosts", "path", "then", "announced", "ends", "source", "rewrite"})
_REWRITE_KEYS = frozenset({"from", "to", "exact"})


def load_retired_hosts(own: Path | None = None) -> RetiredHosts:
    """An own entry takes the place of the one with its id, and comes before all others. Raises
    RetiredHostsFileError."""
    shipped = read_retired_hosts(
        "hosts.toml", resources.files(__package__).joinpath("data/hosts.toml").read_bytes(), is_own=False
    )
    mine = () if own is None else read_retired_hosts(str(own), _capped(own), is_own=True)
    taken = {entry.id for entry in mine}
    return RetiredHosts((*mine, *(entry for entry in shipped if entry.id not in taken)))


def read_retired_hosts(path: str, raw: bytes, *, is_own: bool) -> tuple[RetiredHost, ...]:
    """``path``: what to call it. Raises RetiredHostsFileError."""
    try:
        document = tomllib.loads(raw.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RetiredHostsFileError(path, f"it is no TOML: {error}") from None
    rows = document.get("host", [])
    if set(document) - {"host"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RetiredHostsFileError(path, "it holds something else than tables [[host]]")
    if len(rows) > _MAX_ENTRIES:
        raise RetiredHostsFileError(path, f"it holds more than {_MAX_ENTRIES} hosts")
    entries = tuple(_Row(path, number, row).entry(is_own=is_own) for number, row in enumerate(rows, 1))
    names = [entry.id for entry in entries]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise RetiredHostsFileError(path, f"the id {twice} stands there twice")
    return entries


def _capped(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise RetiredHostsFileError(str(path), f"it cannot be read: {error.strerror}") from None
    if len(raw) > _MAX_BYTES:
        raise RetiredHostsFileError(str(path), f"it is larger than {_MAX_BYTES:,} bytes")
    return raw


class _Row:
    """One table on its way to an entry; says where what is wrong."""

    def __init__(self, path: str, number: int, row: Mapping[str, object]) -> None:
        self.path, self.row = path, row
        self.label = f"host {str(row.get('id', number))[:60]}"

    def entry(self, *, is_own: bool) -> RetiredHost:
        if unknown := sorted(set(self.row) - _KEYS):
            raise self.wrong(f"{unknown[0][:60]} is not a field that is known here")
        hosts = self.row.get("hosts")
        if not isinstance(hosts, list) or not hosts or not all(map(_is_host, hosts)):
            raise self.wrong("hosts has to be a list of lower-case host names without a port")
        then = self.row.get("then")
        if then not in set(Then):
            raise self.wrong(f"then has to be one of {', '.join(Then)}")
        return RetiredHost(
            id=self.text("id"),
            name=self.text("name"),
            hosts=tuple(str(host) for host in hosts),
            then=Then(str(then)),
            why=self.text("why"),
            use=self.text("use"),
            source=self.text("source", is_needed=False) or ("the operator's own list" if is_own else ""),
            path=self.text("path", is_needed=False).strip("/"),
            announced=self.day("announced"),
            ends=self.day("ends"),
            rewrites=self.rewrites(),
            is_own=is_own,
        )

    def text(self, key: str, *, is_needed: bool = True) -> str:
        value = self.row.get(key, "")
        if not isinstance(value, str) or len(value) > _MAX_CHARS or (is_needed and not value.strip()):
            raise self.wrong(f"{key} has to be a text of up to {_MAX_CHARS} characters")
        return value.strip()

    def day(self, key: str) -> date | None:
        value = self.row.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(f"{key} has to be a day, such as {key} = 2027-01-31")
        return value

    def rewrites(self) -> tuple[Rewrite, ...]:
        rows = self.row.get("rewrite", [])
        if not isinstance(rows, list):
            raise self.wrong("rewrite has to be a list of tables with from and to")
        return tuple(self.rewrite(row) for row in rows)

    def rewrite(self, row: object) -> Rewrite:
        if not isinstance(row, dict) or set(row) - _REWRITE_KEYS or not isinstance(row.get("to"), str):
            raise self.wrong("rewrite has to be a list of tables with from and to")
        source, target, is_exact = row.get("from", ""), row["to"], row.get("exact", False)
        if not isinstance(source, str) or not isinstance(is_exact, bool):
            raise self.wrong("in a rewrite, from is a path and exact is true or false")
        try:
            normalise_url(target)
        except AppError as error:
            raise self.wrong(f"rewrite to {target[:200]}: {error.message}") from None
        return Rewrite(source.strip("/"), target, is_exact)

    def wrong(self, problem: str) -> RetiredHostsFileError:
        return RetiredHostsFileError(self.path, f"{self.label}: {problem}")


def _is_host(value: object) -> bool:
    """A pattern of nothing but stars would be every registry there is."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 253
        and value == value.lower()
        and not set(value) & set("/:@ \t\n")
        and "." in value.replace("*", "").strip(".")
    )
