"""Which tags of a repository are wanted: exact names, globs, patterns, version ranges, the newest few; pure.

What is left out and what is chosen come with the reason. A tag is no version by law: one that does not look like a
version is never in a range, and counts as older than any that does.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Final, Self

from pierhead.kit.errors import InvalidInputError

from .tag_versions import TagVersion

MAX_PATTERNS: Final = 100
MAX_PATTERN_CHARS: Final = 300
_PAUSE_EVERY: Final = 1000


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

    Made without a look at what is in them, for rules are read from a store far more often than they are used:
    ``check`` is for where they come in.
    """

    exact: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    semver: str | None = None
    newest: int | None = None
    exclude: tuple[str, ...] = ()

    def check(self) -> Self:
        """These rules, once everything in them can be read. Raises InvalidTagRuleError."""
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
        return self

    @property
    def patterns(self) -> int:
        """How many there are, of all kinds."""
        return len(self.globs) + len(self.regexes) + len(self.exclude)

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
    return tuple(choices(rules, listed))


def choices(rules: TagRules, listed: Iterable[str], pause: Callable[[], None] = lambda: None) -> Iterator[TagChoice]:
    """As ``select``, one by one; ``pause`` is called every 1,000 tags and may raise to end it.

    Raises InvalidTagRuleError.
    """
    exact = dict.fromkeys(rules.exact)
    excluded_by = _excluded_by(rules)
    for tag in exact:
        by = excluded_by(tag)
        yield TagChoice(tag, by is None, "named" if by is None else f"excluded by {by}")
    why_not = _why_not(rules, excluded_by)
    kept: list[str] = []
    for tag in _with_pauses(dict.fromkeys(listed) if rules.needs_list else (), pause):
        if tag in exact:
            continue
        if (why := why_not(tag)) is None:
            kept.append(tag)
        else:
            yield TagChoice(tag, is_chosen=False, reason=why)
    yield from _newest(rules, kept, pause)


def chosen(rules: TagRules, listed: Iterable[str] = ()) -> tuple[str, ...]:
    """The tags alone, in the order of ``select``."""
    return tuple(choice.tag for choice in select(rules, listed) if choice.is_chosen)


def newest_first(tags: Iterable[str]) -> list[str]:
    """Versions before what is none, the higher ones first; equal ones by name."""
    return sorted(sorted(tags), key=TagVersion.order, reverse=True)


def _excluded_by(rules: TagRules) -> Callable[[str], str | None]:
    globs = [(text, _glob(text)) for text in rules.exclude]
    return lambda tag: next((text for text, matches in globs if matches(tag) is not None), None)


def _why_not(rules: TagRules, excluded_by: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """What is cheap is asked first: a range reads the tag as a version."""
    wanted = (*map(_glob, rules.globs), *map(_pattern, rules.regexes))
    within = None if rules.semver is None else _range(rules.semver)

    def why_not(tag: str) -> str | None:
        if wanted and all(matches(tag) is None for matches in wanted):
            return "no pattern matches"
        if (by := excluded_by(tag)) is not None:
            return f"excluded by {by}"
        if within is None:
            return None
        version = TagVersion.parse(tag)
        if version is None:
            return "no version"
        return None if version.semantic in within else f"not in {rules.semver}"

    return why_not


def _newest(rules: TagRules, kept: Sequence[str], pause: Callable[[], None]) -> Iterator[TagChoice]:
    counts = defaultdict[str, int](int)
    for tag in _with_pauses(newest_first(kept), pause):
        version = TagVersion.parse(tag)
        flavour = version.flavour if version else "\0"
        counts[flavour] += 1
        is_chosen = rules.newest is None or counts[flavour] <= rules.newest
        yield TagChoice(tag, is_chosen, "matched" if is_chosen else f"older than the newest {rules.newest}")


def _with_pauses(tags: Iterable[str], pause: Callable[[], None]) -> Iterator[str]:
    for number, tag in enumerate(tags):
        if number % _PAUSE_EVERY == 0:
            pause()
        yield tag


@lru_cache(maxsize=512)
def _glob(text: str) -> Callable[[str], object]:
    return re.compile(translate(text)).match


@lru_cache(maxsize=256)
def _pattern(text: str) -> Callable[[str], object]:
    """Linear in the length of the tag, whatever the pattern."""
    import re2  # only when somebody wrote a pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 128 << 10  # of many patterns at once
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
