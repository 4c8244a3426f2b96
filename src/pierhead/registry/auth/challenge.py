"""WWW-Authenticate as registries really send it (RFC 9110 section 11.6.1, distribution's token spec); pure.

Any text is read as far as it makes sense; nothing here decides whether a realm is to be trusted.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MAX_CHALLENGES: Final = 16
MAX_PARAMETERS: Final = 32
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SEPARATOR = re.compile(r"[\s,]*")
_SCHEME = re.compile(rf"({_WORD})(?=[\s,]|\Z)\s*")
_PARAMETER = re.compile(rf'({_WORD})\s*=(?!=)\s*(?:"((?:[^"\\]|\\.)*)(?:"|\Z)|([^\s,"]*))', re.DOTALL)
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|\Z))")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

_Draft = tuple[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Challenge:
    """``scheme`` and the names of ``parameters`` in lower case; a name may occur more than once."""

    scheme: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)

    @property
    def scopes(self) -> tuple[str, ...]:
        """All scopes of all ``scope`` parameters, each once, in order."""
        texts = (value for key, value in self.parameters if key == "scope")
        return tuple(dict.fromkeys(scope for text in texts for scope in text.split()))


def parse_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """All challenges of all header lines, at most 16 with at most 32 parameters each."""
    found: list[_Draft] = []
    for value in values:
        _parse_line(value, found)
    return tuple(Challenge(scheme, tuple(parameters)) for scheme, parameters in found)


def _parse_line(text: str, found: list[_Draft]) -> None:
    at = 0
    is_inside = False
    while at < len(text):
        at = _skip(text, at)
        match = _PARAMETER.match(text, at) if is_inside else None
        if match is not None:
            _add(found[-1][1], match)
        elif match := _SCHEME.match(text, at):
            if len(found) >= MAX_CHALLENGES:
                return
            is_inside = True
            found.append((match[1].lower(), []))
            # A token68 in place of parameters, as Negotiate has it, says nothing to us.
            if not _PARAMETER.match(text, match.end()):
                match = _TOKEN68.match(text, match.end()) or match
        at = match.end() if match else _behind_comma(text, at)


def _add(parameters: list[tuple[str, str]], match: re.Match[str]) -> None:
    quoted: str | None = match[2]
    if len(parameters) < MAX_PARAMETERS:
        parameters.append((match[1].lower(), _ESCAPE.sub(r"\1", quoted) if quoted is not None else match[3]))


def _behind_comma(text: str, at: int) -> int:
    """Where to go on when what stands at ``at`` is no challenge."""
    comma = text.find(",", at)
    return len(text) if comma < 0 else comma + 1


def _skip(text: str, at: int) -> int:
    match = _SEPARATOR.match(text, at)
    return match.end() if match else at
