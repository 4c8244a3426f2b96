"""What can be wrong with a pipeline document, a plan or a run, and where."""

from dataclasses import dataclass

from pierhead.kit.errors import InvalidInputError, NotFoundError, TooLargeError

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a document: the path as in ``pipeline.stages[1].stage.spec``; line and column from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}"
        return f"{self.path} ({where})" if self.path else where


class PipelineSyntaxError(InvalidInputError):
    """Not the YAML we accept: broken, several documents, duplicate keys, tags, keys that are not text."""

    code = "pipeline-syntax"

    def __init__(self, place: Place, reason: str, *, hint: str = "mend the YAML and try again") -> None:
        super().__init__(f"the pipeline cannot be read at {place}: {reason}", hint=hint)
        self.place = place
        self.reason = reason


class PipelineTooLargeError(TooLargeError):
    code = "pipeline-too-large"

    def __init__(self, what: str, cap: int, unit: str) -> None:
        super().__init__(
            f"the pipeline {what} more than the {cap:,} {unit} accepted",
            hint="split the pipeline, or write repeated parts out instead of nesting aliases",
        )
        self.cap = cap


class PipelineFieldError(InvalidInputError):
    """A field that is needed is missing or is not what it must be."""

    code = "pipeline-field"

    def __init__(self, place: Place, expected: str, found: str, *, hint: str = "") -> None:
        super().__init__(f"{place}: expected {expected}, found {found}", hint=hint)
        self.place = place
        self.expected = expected
        self.found = found


class PipelineExpressionError(InvalidInputError):
    """A needed field holds ``<+...>``, which only a run of the CI platform could evaluate."""

    code = "pipeline-expression"

    def __init__(self, place: Place, expression: str) -> None:
        super().__init__(
            f"{place}: {expression[:_SHOWN]!r} is an expression or runtime input; a literal value is needed here",
            hint="write the value that the run would have, or give the pipeline with its inputs filled in",
        )
        self.place = place
        self.expression = expression


class StageReferenceError(InvalidInputError):
    """``useFromStage`` names a stage whose infrastructure cannot be used."""

    code = "pipeline-stage-reference"

    def __init__(self, place: Place, stage: str, reason: str) -> None:
        super().__init__(
            f"{place}: the infrastructure of stage {stage[:_SHOWN]!r} cannot be used: {reason}",
            hint="name an earlier CI stage that has an infrastructure of its own",
        )
        self.place = place
        self.stage = stage
        self.reason = reason


class StageNotFoundError(NotFoundError):
    code = "pipeline-stage-not-found"

    def __init__(self, stage: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"the pipeline has no CI stage {stage[:_SHOWN]!r}",
            hint="its CI stages are " + ", ".join(known) if known else "it has no CI stage at all",
        )
        self.stage = stage
        self.known = known


class UnknownImageError(InvalidInputError):
    """A step needs an image of which the catalogue knows nothing on this infrastructure."""

    code = "pipeline-image-unknown"

    def __init__(self, what: str, infra: str) -> None:
        super().__init__(
            f"the catalogue has no image {what!r} for infrastructure {infra}",
            hint="`pierhead image defaults` lists what it has",
        )
        self.what = what
        self.infra = infra


class NotRenderableError(InvalidInputError):
    """The stage does not run as a pod, or an image of it has no name."""

    code = "pipeline-not-renderable"

    def __init__(self, stage: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"stage {stage!r} cannot be rendered for Kubernetes: {reason}", hint=hint)
        self.stage = stage
        self.reason = reason


class RunNotFoundError(NotFoundError):
    code = "run-not-found"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no run {run_id[:_SHOWN]!r}", hint="`pierhead run list` shows the runs")
        self.run_id = run_id
