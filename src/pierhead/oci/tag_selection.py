"""Which tags of a repository are wanted: exact names, globs, patterns, version ranges, the newest few; pure.

What is left out and what is chosen come with the reason. A tag is no version by law: one that does not look like a
version is never in a range, and counts as older than any that does.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from pierhead.kit.errors import InvalidInputError

from .tag_versions import TagVersion

MAX_PATTERNS: Final = 100
MAX_PATTERN_CHARS: Final = 300


class InvalidTagRuleError(InvalidInputError):
    """A pattern or range that cannot be read."""

    code = "invalid-tag-rule"

    def __init__(self, kind: str, text: str, why: str) -> None:
        super().__init__(f"{kind} {text!r} cannot be used: {why}", hint=_HINTS[kind])


_HINTS: Final = {
    "regex": "write it as RE2 reads it (no look-around, no back references); it has to match the whole tag",
    "semver": "write a range such as '^1.16', '~1.16.3' or '>=1.14 <2'",
    "glob": "use * and ? for what may stand there, such as '1.16.*'",
    "tags": "name fewer of them, or use a pattern",
}


@dataclass(frozen=True, slots=True)
class TagRules:
    """``exact`` are taken without asking for a list. Any of ``globs`` and ``regexes`` (whole tags) makes a tag a
    candidate, every tag where there are none of them; ``semver`` narrows candidates to versions in the range, and
    ``newest`` to that many of each flavour (``rootless-1.2.3`` and ``1.2.3-alpine`` are flavours of their own).
    ``exclude`` are globs that always win.

    Raises InvalidTagRuleError.
    """

    exact: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    semver: str | None = None
    newest: int | None = None
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind, texts in (("glob", self.globs), ("regex", self.regexes), ("glob", self.exclude)):
            if len(texts) > MAX_PATTERNS:
                raise InvalidTagRuleError("tags", f"{len(texts)} patterns", f"at most {MAX_PATTERNS} are read")
            for text in texts:
                if not 0 < len(text) <= MAX_PATTERN_CHARS:
                    raise InvalidTagRuleError(kind, text[:40], f"it has to have 1 to {MAX_PATTERN_CHARS} characters")
        for text in self.regexes:
            _pattern(text)
        if self.semver is not None:
            _range(self.semver)
        if self.newest is not None and self.newest < 1:
            raise InvalidTagRuleError("tags", f"newest {self.newest}", "it has to be 1 or more")

    @property
    def needs_list(self) -> bool:
        """Whether the registry has to be asked which tags there are."""
        return bool(self.globs or self.regexes or self.semver or self.newest)


@dataclass(frozen=True, slots=True)
class TagChoice:
    tag: str
    is_chosen: bool
    reason: str


def select(rules: TagRules, listed: Iterable[str]) -> tuple[TagChoice, ...]:
    """Every exact name and every listed tag once, with what became of it: exact ones first, then newest first."""
    exact = dict.fromkeys(rules.exact)
    rest = [tag for tag in dict.fromkeys(listed) if tag not in exact] if rules.needs_list else []
    choices = [_exact(rules, tag) for tag in exact]
    kept: list[str] = []
    for tag in rest:
        why_not = _why_not(rules, tag)
        if why_not is None:
            kept.append(tag)
        else:
            choices.append(TagChoice(tag, is_chosen=False, reason=why_not))
    return (*choices, *_newest(rules, kept))


def chosen(rules: TagRules, listed: Iterable[str] = ()) -> tuple[str, ...]:
    """The tags alone, in the order of ``select``."""
    return tuple(choice.tag for choice in select(rules, listed) if choice.is_chosen)


def newest_first(tags: Iterable[str]) -> list[str]:
    """Versions before what is none, the higher ones first; equal ones by name."""
    return sorted(sorted(tags), key=TagVersion.order, reverse=True)


def _exact(rules: TagRules, tag: str) -> TagChoice:
    by = _first(rules.exclude, lambda glob: fnmatchcase(tag, glob))
    return TagChoice(tag, by is None, "named" if by is None else f"excluded by {by}")


def _why_not(rules: TagRules, tag: str) -> str | None:
    if (by := _first(rules.exclude, lambda glob: fnmatchcase(tag, glob))) is not None:
        return f"excluded by {by}"
    if (rules.globs or rules.regexes) and not _is_matched(rules, tag):
        return "no pattern matches"
    if rules.semver is not None:
        version = TagVersion.parse(tag)
        if version is None:
            return "no version"
        if version.semantic not in _range(rules.semver):
            return f"not in {rules.semver}"
    return None


def _is_matched(rules: TagRules, tag: str) -> bool:
    return any(fnmatchcase(tag, glob) for glob in rules.globs) or any(
        _pattern(text)(tag) is not None for text in rules.regexes
    )


def _newest(rules: TagRules, kept: Sequence[str]) -> list[TagChoice]:
    choices, counts = [], defaultdict[str, int](int)
    for tag in newest_first(kept):
        version = TagVersion.parse(tag)
        flavour = version.flavour if version else "\0"
        counts[flavour] += 1
        is_chosen = rules.newest is None or counts[flavour] <= rules.newest
        reason = "matched" if is_chosen else f"older than the newest {rules.newest}"
        choices.append(TagChoice(tag, is_chosen, reason))
    return choices


def _first(globs: Sequence[str], holds: Callable[[str], bool]) -> str | None:
    return next((glob for glob in globs if holds(glob)), None)


@lru_cache(maxsize=256)
def _pattern(text: str) -> Callable[[str], object]:
    """Linear in the length of the tag, whatever the pattern."""
    import re2  # only when somebody wrote a pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        raise InvalidTagRuleError("regex", text, _plain(error)) from None
    match: Callable[[str], object] = compiled.fullmatch
    return match


def _plain(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


@lru_cache(maxsize=256)
def _range(text: str):  # type: ignore[no-untyped-def]  # the library's class has no types
    import semantic_version  # only when somebody wrote a range

    try:
        return semantic_version.NpmSpec(re.sub(r"\s+", " ", text.strip()))
    except ValueError as error:
        raise InvalidTagRuleError("semver", text, str(error)) from None
