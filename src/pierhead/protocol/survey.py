"""What is at a source now: tags chosen by rules, each with its digest, many repositories in a task; values only."""

from typing import Annotated, Literal

from pydantic import Field

from .access import RegistryAccess
from .message import Message

MOST_REPOSITORIES = 1000


class SurveyRules(Message):
    """As ``oci.tag_selection.TagRules``."""

    exact: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    semver: str | None = None
    newest: int | None = None
    exclude: tuple[str, ...] = ()


class SurveyRepository(Message):
    """``known``: chosen tags whose digest needs no asking. ``held``: tags of which is wanted whether they are gone."""

    repository: str
    rules: SurveyRules
    known: dict[str, str] = Field(default_factory=dict)
    held: tuple[str, ...] = ()


class SurveyTask(Message):
    """One HEAD for each chosen tag that is not known; a list only where the rules need one."""

    kind: Literal["survey"] = "survey"
    registry: RegistryAccess
    repositories: Annotated[tuple[SurveyRepository, ...], Field(min_length=1, max_length=MOST_REPOSITORIES)]


class SurveyedTag(Message):
    """``problem``: why there is no digest. ``size_bytes``: of the document; it and ``media_type`` are not told of what
    was known."""

    tag: str
    digest: str | None = None
    media_type: str = ""
    size_bytes: int | None = None
    problem_code: str = ""
    problem: str = ""


class SurveyedRepository(Message):
    """``is_complete``: its list came to its end, and only then ``gone`` says which held tags are not in it.
    ``problem``: why it could not be listed; then what is chosen from lists is missing from ``tags``. ``left_out``: how
    many tags the rules do not choose, by the reason."""

    repository: str
    tags: tuple[SurveyedTag, ...] = ()
    is_complete: bool = False
    listed: int = 0
    gone: tuple[str, ...] = ()
    left_out: dict[str, int] = Field(default_factory=dict)
    problem_code: str = ""
    problem: str = ""


class SurveyResult(Message):
    """One for each repository that was asked about, in that order. ``pulls_left``: of the registry's rate limit."""

    kind: Literal["survey"] = "survey"
    repositories: tuple[SurveyedRepository, ...]
    pulls_left: int | None = None
