"""A regsync file as documents of ours: secrets, connectors, mirrors; pure.

What cannot be said, or would copy more than the file says, is left out, and all of it is told with its line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pierhead.control.scopes import ScopedReference
from pierhead.oci.tag_selection import TagRules

from .documents import repository_document
from .model import MAX_REPOSITORIES, MirroredRepository, fault_of_amount
from .regsync_hosts import Document, Login, Place, documents_of, identifier_of, logins_in
from .regsync_spots import Notes, Path, Spot, Told
from .regsync_steps import SHARED, Entry, Settings, entries_in

_GENERAL: Final = {
    "parallel": "how much is copied at once is a setting of the server",
    "blobLimit": "blobs have the limits of the server",
    "cacheCount": "the ledger remembers what was seen",
    "cacheTime": "the ledger remembers what was seen",
    "skipDockerConfig": "the login of a registry is its connector's",
    "userAgent": "registries are told that Pierhead asks",
}


@dataclass(frozen=True, slots=True)
class RegsyncTranslation:
    """``documents`` in an order in which they can be made; ``told`` by line. ``unused``: connectors that were given
    for registries that no mirror needs."""

    documents: tuple[Document, ...]
    told: tuple[Told, ...]
    unused: tuple[str, ...] = ()

    @property
    def mirrors(self) -> int:
        return sum("mirror" in document for document in self.documents)


@dataclass(slots=True)
class _Making:
    """A mirror on its way: the rules of each repository."""

    source: Place
    target: Place
    settings: Settings
    rules: dict[str, TagRules] = field(default_factory=dict)

    def takes(self, entry: Entry) -> bool:
        known = self.rules.get(entry.repository)
        both = entry.rules if known is None else _both(known, entry.rules)
        if both is None:
            return False
        rules = {**self.rules, entry.repository: both}
        if len(rules) > MAX_REPOSITORIES or fault_of_amount(tuple(rules.values())) is not None:
            return False
        self.rules = rules
        return True


def translate_regsync(document: object, lines: Mapping[Path, int], connectors: Mapping[str, str]) -> RegsyncTranslation:
    """``document``: texts, lists and mappings. ``lines``: where each value stands. ``connectors``: reference of the
    one to use for a ``host`` or a ``host/path``; for the others one is made. Raises InvalidRegsyncError,
    InvalidReferenceError."""
    notes = Notes()
    root = Spot(document, lines, notes)
    fields = root.fields("the file", ("version", "creds", "defaults", "sync"))
    if "version" in fields and fields["version"].text("version") != "1":
        raise fields["version"].error("only version 1 is known here")
    if "sync" not in fields:
        raise root.error("there is no sync in it, so nothing to mirror")
    logins = logins_in(fields.get("creds"))
    makings = _makings(entries_in(fields["sync"], _defaults(fields.get("defaults"))))
    places = list(dict.fromkeys(place for each in makings for place in (each.source, each.target)))
    _tell_unused(fields.get("creds"), logins, places)
    given = {place: connectors[str(place)] for place in places if str(place) in connectors}
    names = _names([place for place in places if place not in given])
    references = {**{place: f"account.{name}" for place, name in names.items()}, **given}
    for reference in given.values():
        ScopedReference.parse(reference)
    made = documents_of(names, logins, names)
    unused = connectors.keys() - {str(place) for place in given}
    return RegsyncTranslation((*made, *_mirrors(makings, references)), notes.all(), tuple(sorted(unused)))


def _defaults(spot: Spot | None) -> Mapping[str, Spot]:
    found = spot.fields("defaults", (*SHARED, *_GENERAL)) if spot else {}
    for name in found.keys() & _GENERAL.keys():
        found[name].tell(f"{name} is not taken over: {_GENERAL[name]}")
    return {name: each for name, each in found.items() if name not in _GENERAL}


def _makings(entries: Iterable[Entry]) -> list[_Making]:
    makings: list[_Making] = []
    for entry in entries:
        of = (entry.source, entry.target, entry.settings)
        same = (each for each in makings if (each.source, each.target, each.settings) == of)
        if not any(each.takes(entry) for each in same):
            makings.append(_Making(*of, {entry.repository: entry.rules}))
    return makings


def _both(one: TagRules, other: TagRules) -> TagRules | None:
    """Rules for what either wants; None where one would take something from the other."""
    if one == other:
        return one
    if (one.exclude, one.semver) != (other.exclude, other.semver) or one.semver:
        return None
    return TagRules(
        exact=tuple(dict.fromkeys((*one.exact, *other.exact))),
        globs=tuple(dict.fromkeys((*one.globs, *other.globs))),
        regexes=tuple(dict.fromkeys((*one.regexes, *other.regexes))),
        exclude=one.exclude,
    )


def _names(places: Iterable[Place]) -> dict[Place, str]:
    names: dict[Place, str] = {}
    for place in places:
        names[place] = identifier_of(str(place), names.values())
    return names


def _mirrors(makings: Iterable[_Making], references: Mapping[Place, str]) -> list[Document]:
    names: list[str] = []
    documents: list[Document] = []
    for each in makings:
        source, target = references[each.source], references[each.target]
        called = f"{source.rpartition('.')[2][:45]}_to_{target.rpartition('.')[2][:45]}"
        names.append(identifier_of(called, names))
        repositories = [MirroredRepository(name, rules) for name, rules in each.rules.items()]
        spec: Document = {
            "sourceRef": source,
            "targetRef": target,
            "repositories": [repository_document(wanted) for wanted in repositories],
            **_said(each.settings),
        }
        documents.append({"mirror": {"identifier": names[-1], "name": names[-1], "spec": spec}})
    return documents


def _said(settings: Settings) -> Document:
    """Without what goes without saying."""
    said: Document = {
        "platforms": list(settings.platforms),
        "copies": settings.copies if settings.copies != "whole" else "",
        "schedule": settings.schedule,
        "timeZone": settings.time_zone if settings.time_zone != "UTC" else "",
        "backup": settings.backup,
        "reserve": settings.reserve,
    }
    return {**{name: value for name, value in said.items() if value}, "evidence": settings.evidence}


def _tell_unused(spot: Spot | None, logins: Mapping[str, Login], places: Iterable[Place]) -> None:
    used = {place.host for place in places}
    unused = [host for host in logins if host not in used]
    if spot is not None and unused:
        spot.tell(f"no connector is made for {', '.join(unused)}: no mirror needs it")
