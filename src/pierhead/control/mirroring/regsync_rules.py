"""Which tags an entry of a regsync file wants, as rules of ours; pure."""

from collections.abc import Iterator, Mapping

from pierhead.kit.errors import AppError
from pierhead.oci.tag_selection import TagRules

from .regsync_patterns import denial_of
from .regsync_spots import Spot


class LeftOutError(Exception):
    """An entry that cannot be said: why, and where it stands."""

    def __init__(self, spot: Spot, why: str) -> None:
        super().__init__(why)
        self.spot = spot


def rules_in(given: Mapping[str, Spot]) -> Iterator[TagRules]:
    """One for each set of tags. Any tag where nothing is said."""
    sets = [given["tags"]] if "tags" in given else []
    sets += given["tagSets"].items("tagSets") if "tagSets" in given else []
    for each in sets:
        yield _rule(each)
    if not sets:
        yield TagRules(globs=("*",))


def _rule(spot: Spot) -> TagRules:
    found = spot.fields("tags", ("allow", "deny", "semverRange"))
    allowed = found["allow"].texts("allow") if "allow" in found else []
    ranges = found["semverRange"].texts("semverRange") if "semverRange" in found else []
    if allowed and ranges:
        raise LeftOutError(found["semverRange"], "it has allow and semverRange, and a mirror would want both to hold")
    denied = [glob for item in found["deny"].items("deny") for glob in _globs(item)] if "deny" in found else []
    try:
        return TagRules(
            globs=() if allowed or ranges else ("*",),
            regexes=tuple(allowed),
            semver=" || ".join(ranges) or None,
            exclude=tuple(dict.fromkeys(denied)),
        ).check()
    except AppError as error:
        raise LeftOutError(spot, error.message) from None


def _globs(item: Spot) -> tuple[str, ...]:
    pattern = item.text("deny")
    found = denial_of(pattern)
    if found is None:
        raise LeftOutError(item, f"'{pattern}' denies tags in a way that globs cannot say")
    if found.is_wider:
        item.tell(f"'{pattern}' is denied as {', '.join(found.globs)}, which is more")
    return found.globs
