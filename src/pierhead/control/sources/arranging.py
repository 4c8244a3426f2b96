"""Lists of tags in the order that somebody wants to see them; pure.

Where an order needs what is not known of every tag, those of which it is known come first, and the rest follow by
version: nothing is left out, and how many were ordered by what is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pierhead.oci.tag_selection import TagRules, chosen, newest_first

from .model import regexes_of


class Sort(StrEnum):
    SEMVER = "semver"
    NAME = "name"
    DATE = "date"
    FIRST_SEEN = "firstSeen"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``newest`` is how many of each flavour by version; a pattern matches whole tags."""

    tag_regex: str | None = None
    semver: str | None = None
    newest: int | None = None
    sort: Sort = Sort.SEMVER

    def rules(self) -> TagRules:
        """Raises InvalidTagRuleError."""
        return TagRules(regexes=regexes_of(self.tag_regex), semver=self.semver or None, newest=self.newest).check()


def wanted_tags(wanted: Wanted, listed: Sequence[str]) -> list[str]:
    """Newest first by version; by name, from A to Z, where that is asked for. Raises InvalidTagRuleError."""
    rules = wanted.rules()
    found = list(chosen(rules, listed)) if rules.needs_list else newest_first(dict.fromkeys(listed))
    return sorted(found) if wanted.sort is Sort.NAME else found


def by_moment(tags: Iterable[str], moments: Mapping[str, datetime]) -> list[str]:
    """The latest first; tags without a moment after them, in the order they have."""
    order = list(tags)
    known = [tag for tag in order if tag in moments]
    known.sort(key=lambda tag: moments[tag], reverse=True)
    return [*known, *(tag for tag in order if tag not in moments)]
