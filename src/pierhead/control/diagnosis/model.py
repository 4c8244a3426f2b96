"""What a diagnosis is: a cause out of the table, the line that shows it, and what was found in the text."""

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Verdict(StrEnum):
    """What a live look made of a cause: it proved it, disproved it, or could not tell."""

    CONFIRMED = "confirmed"
    OPEN = "open"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and the command for it, empty where there is none."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One row of ``data/causes.toml``; the file's head explains the fields. ``signs`` are split at their stars."""

    code: str
    title: str
    meaning: str
    family: str
    weight: int
    signs: tuple[tuple[str, ...], ...]
    then: tuple[tuple[str, ...], ...]
    after: tuple[str, ...]
    unless: tuple[str, ...]
    hosts: tuple[str, ...]
    is_anywhere: bool
    is_consequence: bool
    codes: tuple[str, ...]
    confirmed_by: tuple[str, ...]
    refuted_by: tuple[str, ...]
    steps: tuple[Step, ...]
    docs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a text says of what failed; empty or None where it says nothing.

    ``image``: the full reference, or the text as it was written where it is none. ``registry``: as references spell it
    (``docker.io`` for all names of Docker Hub). ``host``: the name that was connected to. ``http_status``: 4xx or 5xx.
    """

    image: str = ""
    registry: str = ""
    host: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    platform: str = ""
    http_status: int | None = None

    def filled(self, other: "Found") -> "Found":
        """With the other's word where this one has none; parts of a name always come from one name."""
        named = self if self.image else other
        return Found(
            image=named.image,
            registry=named.registry or self.registry or other.registry,
            host=self.host or other.host,
            repository=named.repository,
            tag=named.tag,
            digest=named.digest,
            platform=self.platform or other.platform,
            http_status=self.http_status or other.http_status,
        )


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``quote`` is the part of the text that shows the cause, without secrets; ``line`` counts from 1, and is 0 where
    no text showed it but a live look. ``because`` says why the verdict is what it is."""

    cause: Cause
    quote: str
    line: int
    found: Found
    verdict: Verdict = Verdict.OPEN
    because: str = ""
    steps: tuple[Step, ...] = field(default=())

    def judged(self, verdict: Verdict, because: str) -> "Diagnosis":
        return replace(self, verdict=verdict, because=because)
