"""Packages matched against the imported advisories. What could not be matched is told, and so is no clean bill."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pierhead.control.gates import Finding, NotKnown, Severity, VulnerabilityReport

from .advisories import Range
from .database import Match, OsvDatabase, OsvDatabaseError
from .packages import Package, order_of, package_of

if TYPE_CHECKING:
    from univers.versions import Version

    Order = Callable[[str], Version]

MAX_FINDINGS: Final = 10_000
NAME: Final = "osv"


class OsvScanner:
    """Opens the database anew for each scan, so that one replaced meanwhile is used from then on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scan(self, purls: Iterable[str]) -> VulnerabilityReport | NotKnown:
        """NotKnown where there is no database to look into."""
        try:
            with OsvDatabase(self._path) as database:
                return _Scan(database).report(purls)
        except OsvDatabaseError as error:
            return NotKnown(error.code, error.message)


class _Scan:
    def __init__(self, database: OsvDatabase) -> None:
        self._database = database
        self._ecosystems = database.ecosystems()
        self._unmatched: Counter[str] = Counter()
        self._used: dict[str, datetime | None] = {}
        self._findings: list[Finding] = []
        self._orders: dict[str, Order | None] = {}

    def report(self, purls: Iterable[str]) -> VulnerabilityReport:
        count = 0
        for purl in dict.fromkeys(purls):
            if len(self._findings) > MAX_FINDINGS:
                break
            count += 1
            package = package_of(purl)
            if isinstance(package, str):
                self._unmatched[package] += 1
            elif package.ecosystem not in self._ecosystems:
                self._unmatched[f"packages of {package.ecosystem}, of which no advisory is imported"] += 1
            else:
                self._match(package)
        unread = [
            NotKnown("packages-not-matched", f"{number} {words}") for words, number in self._unmatched.most_common(100)
        ]
        if len(self._findings) > MAX_FINDINGS:
            unread.append(NotKnown("too-many-findings", f"more than {MAX_FINDINGS:,} findings"))
        as_of = None if None in self._used.values() else min(filter(None, self._used.values()), default=None)
        return VulnerabilityReport(NAME, as_of, count, tuple(self._findings[:MAX_FINDINGS]), tuple(unread))

    def _match(self, package: Package) -> None:
        self._used[package.ecosystem] = self._ecosystems[package.ecosystem]
        order = self._order(package.family)
        if order is None:
            self._unmatched[f"packages of {package.ecosystem}, of which the order of versions is not known"] += 1
            return
        try:
            installed = order(package.version)
        except ValueError:
            self._unmatched["packages with a version that cannot be compared"] += 1
            return
        compare = _Comparison(order, installed, package.version)
        found = [compare.finding(package, match) for match in self._database.about(package.ecosystem, package.name)]
        self._findings += _each_once([one for one in found if one is not None])

    def _order(self, family: str) -> "Order | None":
        """With what it has read already: many advisories name the same versions."""
        if family not in self._orders:
            order = order_of(family)
            self._orders[family] = lru_cache(maxsize=50_000)(order) if order else None
        return self._orders[family]


class _Comparison:
    """Of one installed version with those of advisories. A version of an advisory that cannot be read counts against
    the package: a finding too many is seen and can be ignored, one too few is not."""

    def __init__(self, order: "Order", installed: "Version", text: str) -> None:
        self._order = order
        self._installed = installed
        self._text = text

    def finding(self, package: Package, match: Match) -> Finding | None:
        hits = [one for one in match.ranges if self._is_in(one)]
        if not hits and self._text not in match.versions and package.installed not in match.versions:
            return None
        fixed = next((fixed for _, fixed, _ in hits if fixed), "")
        return Finding(match.ids, package.shown, package.installed, match.severity, fixed, match.score)

    def _is_in(self, given: Range) -> bool:
        introduced, fixed, last = given
        try:
            if introduced != "0" and self._installed < self._order(introduced):
                return False
            if fixed:
                return bool(self._installed < self._order(fixed))
            return not last or bool(self._installed <= self._order(last))
        except ValueError:
            return True


def _each_once(findings: Sequence[Finding]) -> list[Finding]:
    """Advisories that are one under several names are one finding: the gravest, with all of the names."""
    merged: list[Finding] = []
    gravest_first = tuple(Severity)
    for one in sorted(findings, key=lambda each: gravest_first.index(each.severity)):
        same = next((at for at, other in enumerate(merged) if set(other.ids) & set(one.ids)), None)
        if same is None:
            merged.append(one)
            continue
        other = merged[same]
        ids = tuple(dict.fromkeys((*other.ids, *one.ids)))
        merged[same] = Finding(
            ids, other.package, other.installed, other.severity, other.fixed or one.fixed, other.score or one.score
        )
    return merged
