"""The entries under ``sync`` of a regsync file as what our mirrors say: places, rules for tags, settings; pure.

An entry that cannot be said without copying more than it says, or under another name, is left out and told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pierhead.control.connectors import known_host
from pierhead.kit.errors import AppError
from pierhead.oci.reference import DOCKER_HUB, Reference
from pierhead.oci.tag_selection import TagRules

from .errors import InvalidMirrorError
from .regsync_hosts import Place
from .regsync_patterns import literals_of
from .regsync_rules import LeftOutError, rules_in
from .regsync_spots import Spot
from .regsync_texts import Rhythm, backup_of, rhythm_of_interval, rhythm_of_schedule
from .schedule import check_schedule

_MEDIA_TYPES: Final = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    }
)
_LEFT: Final = {
    "referrerFilters": "all evidence is copied or none",
    "referrerSource": "evidence lies beside its image",
    "referrerTarget": "evidence lies beside its image",
    "referrerSlow": "the registry says whether it has referrers",
    "forceRecursive": "what the target has by its digest it has whole",
    "includeExternal": "layers that lie elsewhere are not copied",
    "hooks": "watch runs with notices instead",
}
SHARED: Final = (
    *("backup", "interval", "schedule", "ratelimit", "digestTags", "referrers", "fastCheck", "mediaTypes"),
    *_LEFT,
)
_PLATFORM: Final = "[a-z0-9_.-]{1,32}(/[a-z0-9_.-]{1,32}){1,2}"
_STEP: Final = ("source", "target", "type", "tags", "tagSets", "repos", "platform", "platforms")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one mirror has for all of its repositories."""

    schedule: str = ""
    time_zone: str = "UTC"
    platforms: tuple[str, ...] = ()
    copies: str = "whole"
    evidence: bool = False
    backup: str = ""
    reserve: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    source: Place
    target: Place
    repository: str
    rules: TagRules
    settings: Settings


@dataclass(frozen=True, slots=True)
class _End:
    """``path``: the parts of a repository's name; none: the whole registry."""

    host: str
    path: tuple[str, ...]
    tag: str = ""


def entries_in(spot: Spot | None, defaults: Mapping[str, Spot]) -> Iterator[Entry]:
    """Raises InvalidRegsyncError."""
    for each in spot.items("sync") if spot else ():
        given = each.fields("an entry of sync", (*_STEP, *SHARED))
        try:
            yield from _entries(each, given, defaults)
        except LeftOutError as error:
            error.spot.tell(f"{_called(given)} is left out: {error}")


def _entries(spot: Spot, given: Mapping[str, Spot], defaults: Mapping[str, Spot]) -> Iterator[Entry]:
    for name in ("source", "target", "type"):
        if name not in given:
            raise spot.error(f"an entry of sync needs a {name}")
    kind = given["type"].text("type")
    if kind not in ("registry", "repository", "image"):
        raise given["type"].error("type has to be registry, repository or image")
    is_registry = kind == "registry"
    source = _end(given["source"], given["source"].text("source"), is_registry=is_registry)
    text = given["target"].text("target").replace("{{ .Sync.Source }}", "{{.Sync.Source}}")
    text = text.replace("{{.Sync.Source}}", given["source"].text("source"))
    target = _end(given["target"], text, is_registry=is_registry)
    settings = _settings({**defaults, **_rhythm_wins(given)})
    copies = "whole" if "platform" in given or "platforms" not in given else "sparse"
    settings = replace(settings, platforms=_platforms(given), copies=copies)
    rules = [_exact(given, source, target)] if kind == "image" else list(rules_in(given))
    ends = _repositories(given, source, target) if is_registry else [(source, target)]
    for end in ends:
        places = _places(given["target"], *end)
        yield from (Entry(*places, each, settings) for each in rules)


def _called(given: Mapping[str, Spot]) -> str:
    source = given.get("source")
    return source.text("source")[:200] if source else "an entry"


def _end(spot: Spot, text: str, *, is_registry: bool) -> _End:
    if "{{" in text:
        raise LeftOutError(spot, "a template names it")
    if text.startswith(("ocidir://", "ocifile://")):
        raise LeftOutError(spot, "a directory is no registry; see `pierhead image save` and `load`")
    try:
        found = Reference.parse(f"{text.rstrip('/')}/all" if is_registry else text)
    except AppError as error:
        raise LeftOutError(spot, error.message) from None
    if found.digest is not None:
        raise LeftOutError(spot, "a mirror copies tags; one that is named by its digest needs none")
    path = tuple(found.repository.split("/"))
    if is_registry:
        return _End(found.registry, () if found.registry == DOCKER_HUB else path[:-1])
    return _End(found.registry, path, found.tag or "")


def _exact(given: Mapping[str, Spot], source: _End, target: _End) -> TagRules:
    tag = source.tag or "latest"
    if (target.tag or "latest") != tag:
        raise LeftOutError(given["target"], "it gets another tag, and a mirror renames nothing")
    return TagRules(exact=(tag,))


def _repositories(given: Mapping[str, Spot], source: _End, target: _End) -> Iterator[tuple[_End, _End]]:
    """Those that a pattern names outright."""
    found = given["repos"].fields("repos", ("allow", "deny")) if "repos" in given else {}
    patterns = found["allow"].texts("allow") if "allow" in found else []
    names = list(literals_of(patterns))
    if not names or None in names or "deny" in found:
        why = "a mirror names its repositories; `pierhead artifact repositories` lists those of a registry"
        raise LeftOutError(given["source"], why)
    for name in filter(None, names):
        parts = tuple(name.split("/"))
        yield replace(source, path=(*source.path, *parts)), replace(target, path=(*target.path, *parts))


def _places(spot: Spot, source: _End, target: _End) -> tuple[Place, Place, str]:
    """Both ends behind which the image has the same name, and that name, as long as can be."""
    path = source.path[1:] if _is_short(source, target) else source.path
    known = known_host(source.host)
    most = max(1, len(path) - (known.path_segments if known else 0))
    shared = 0
    while shared < min(most, len(target.path)) and path[-1 - shared] == target.path[-1 - shared]:
        shared += 1
    ends = Place(source.host, "/".join(path[: len(path) - shared])), Place(target.host, "/".join(target.path[:-shared]))
    if shared == 0 or any(end.host == DOCKER_HUB and end.path for end in ends):
        raise LeftOutError(spot, "it gets another name, and a mirror renames nothing")
    if ends[0] == ends[1]:
        raise LeftOutError(spot, "source and target are the same")
    return *ends, "/".join(path[len(path) - shared :])


def _is_short(source: _End, target: _End) -> bool:
    """Whether ``alpine`` of Docker Hub is called so at the target, without its ``library``."""
    is_official = source.host == DOCKER_HUB and source.path[0] == "library"
    return is_official and target.path[-2:-1] != ("library",)


def _platforms(given: Mapping[str, Spot]) -> tuple[str, ...]:
    """One that stands alone is copied without its index."""
    if "platform" in given:
        spot, found = given["platform"], [given["platform"].text("platform")]
    elif "platforms" in given:
        spot, found = given["platforms"], given["platforms"].texts("platforms")
    else:
        return ()
    for platform in found:
        if not re.fullmatch(_PLATFORM, platform):
            raise LeftOutError(spot, f"{platform[:80]!r} is no platform such as linux/amd64")
    return tuple(found)


def _rhythm_wins(given: Mapping[str, Spot]) -> Mapping[str, Spot | None]:
    """An entry's own interval goes before a schedule of the defaults."""
    own = {"schedule", "interval"} & given.keys()
    return {**dict.fromkeys(("schedule", "interval") if own else ()), **given}


def _settings(given: Mapping[str, Spot | None]) -> Settings:
    said = {name: spot for name, spot in given.items() if spot is not None}
    _tell_left(said)
    rhythm = _rhythm(said)
    return Settings(
        schedule=rhythm.cron,
        time_zone=rhythm.time_zone,
        evidence=any(said[name].flag(name) for name in ("referrers", "digestTags") if name in said),
        backup=_backup(said),
        reserve=_reserve(said),
    )


def _tell_left(said: Mapping[str, Spot]) -> None:
    for name in said.keys() & _LEFT.keys():
        if said[name].value != "false":
            said[name].tell(f"{name} is not taken over: {_LEFT[name]}")
    if "mediaTypes" in said and frozenset(said["mediaTypes"].texts("mediaTypes")) != _MEDIA_TYPES:
        said["mediaTypes"].tell(
            "mediaTypes is not taken over: images and indexes of Docker (schema 2) and OCI are copied"
        )


def _rhythm(said: Mapping[str, Spot]) -> Rhythm:
    name = "schedule" if "schedule" in said else "interval"
    if name not in said:
        return Rhythm("")
    spot, text = said[name], said[name].text(name)
    found = rhythm_of_schedule(text) if name == "schedule" else rhythm_of_interval(text)
    if found is None:
        spot.tell(f"{name} {text[:80]!r} cannot be said as cron; the mirror runs when somebody asks")
        return Rhythm("")
    try:
        check_schedule(found.cron, found.time_zone)
    except InvalidMirrorError as error:
        spot.tell(f"{error.message}; the mirror runs when somebody asks")
        return Rhythm("")
    if not found.is_exact:
        spot.tell(f"{name} {text} is said as {found.cron!r}, which is not quite as often")
    return found


def _backup(said: Mapping[str, Spot]) -> str:
    if "backup" not in said:
        return ""
    text = said["backup"].text("backup")
    found = backup_of(text)
    if found is None:
        said["backup"].tell(
            f"backup {text[:120]!r} is not taken over: only a tag with {{tag}} and {{date}} in it can be"
        )
    return found or ""


def _reserve(said: Mapping[str, Spot]) -> int:
    found = said["ratelimit"].fields("ratelimit", ("min", "retry")) if "ratelimit" in said else {}
    if "retry" in found:
        found["retry"].tell("ratelimit.retry is not taken over: what is put off is for the next run")
    return min(found["min"].number("min"), 1_000_000) if "min" in found else 0
