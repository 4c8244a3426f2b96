"""What the end of a task means for its images and for the run they belong to; pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from pierhead.control.tasks import TaskRow, TaskState

from .runs import ImageFacts, ImageFailure, ImageState, Run, RunImage, RunState

CANCELLED: Final = ImageFailure("task-cancelled", "conflict", "the run was cancelled")
LEFT_OUT: Final = ImageFailure(
    "task-left-image",
    "error",
    "the delegate ended the task without a word about this image",
    "look into the delegate's log, then start the run again",
)


def part_of(run: Run, task_id: str) -> Run:
    """The run with the images of this task alone."""
    return replace(run, images=tuple(image for image in run.images if image.task_id == task_id))


def failure_of_task(task: TaskRow) -> ImageFailure:
    """What its images get when a task was given up or cancelled."""
    if not task.error:
        return CANCELLED
    code, category, message, hint = (str(task.error.get(name, "")) for name in ("code", "category", "message", "hint"))
    return ImageFailure(code, category, message, hint)


def last_facts(
    images: Iterable[RunImage], reported: Iterable[tuple[str, ImageFacts]], otherwise: ImageFailure
) -> Mapping[str, ImageFacts]:
    """By pull key, the facts that leave none of ``images`` without an outcome; no word about other images counts."""
    known = {image.pull_key: image.facts for image in images}
    facts: dict[str, ImageFacts] = {}
    for key, later in reported:
        if key in known:
            facts[key] = facts.get(key, known[key]).after(later)
    failed = ImageFacts(ImageState.FAILED, failure=otherwise)
    for key, before in known.items():
        if not facts.get(key, before).state.is_final:
            facts[key] = facts.get(key, before).after(failed)
    return facts


def end_of_task(images: Collection[RunImage], *, is_cancelled: bool) -> tuple[TaskState, Mapping[str, object] | None]:
    """How a performed task ends, and the document of its error: that of the first image that failed."""
    failed = [image.facts.failure for image in images if image.facts.state is ImageState.FAILED]
    if not failed:
        return TaskState.SUCCEEDED, None
    if is_cancelled:
        return TaskState.CANCELLED, None
    first = failed[0] or LEFT_OUT
    error = {"code": first.code, "category": first.category, "message": first.message, "hint": first.hint}
    return TaskState.FAILED, error


def end_of_run(run: Run) -> RunState:
    """RUNNING while an image has no outcome; CANCELLED when nothing failed but what was cancelled."""
    state = run.outcome()
    if state is not RunState.FAILED:
        return state
    failures = [image.facts.failure for image in run.images if image.facts.state is ImageState.FAILED]
    is_cancelled = all(failure is not None and failure.code == CANCELLED.code for failure in failures)
    return RunState.CANCELLED if is_cancelled else RunState.FAILED
