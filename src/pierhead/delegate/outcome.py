"""Results judged and told in a few words. Pure."""

from pierhead.kit.errors import AppError, category_of
from pierhead.protocol import tasks as wire
from pierhead.registry.exchange import show_text


def failed(error: AppError) -> wire.FailedResult:
    failure = wire.TaskFailure(
        code=error.code,
        category=category_of(error).code,
        message=error.message,
        hint=error.hint,
        retryable=error.retryable,
    )
    return wire.FailedResult(error=failure)


def is_whole(result: wire.Result) -> bool:
    """Whether everything was done that was asked for."""
    match result:
        case wire.FailedResult():
            return False
        case wire.PullResult() | wire.CopyResult():
            return all(image.error is None for image in result.images)
        case wire.TestReport():
            return result.outcome == "success"
    return True


def summary(result: wire.Result) -> str:
    match result:
        case wire.FailedResult():
            return f"failed: {show_text(result.error.message)}"
        case wire.PullResult() | wire.CopyResult():
            bad = sum(image.error is not None for image in result.images)
            return f"{len(result.images)} images, {bad} failed" if bad else f"{len(result.images)} images"
        case wire.TestReport():
            return result.outcome
        case wire.TagsResult():
            return f"{len(result.tags)} tags"
        case wire.RepositoriesResult():
            return f"{len(result.repositories)} repositories"
        case wire.SurveyResult():
            return f"{sum(len(each.tags) for each in result.repositories)} tags looked up"
    return "done"
