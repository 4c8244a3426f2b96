"""Whatever ended a thread's work on an image, as an error that can be reported for that image."""

from pathlib import Path

from pierhead.kit.errors import AppError
from pierhead.registry.errors import DeadlineExceededError

from .errors import LayoutIoError, UnexpectedFailureError
from .image_work import ImageWork


def as_app_error(image: ImageWork, error: BaseException | None, root: Path) -> AppError:
    """``root`` is the layout's directory. A fault of our own is logged with its trace, and reported like the others."""
    if isinstance(error, DeadlineExceededError):
        return image.timeout_error()
    if isinstance(error, AppError):
        return error
    if isinstance(error, OSError):
        return LayoutIoError(root, error)
    from logging import getLogger  # seldom needed, and slow to load

    getLogger(__name__).error("pulling %s", image.request.name, exc_info=error)
    return UnexpectedFailureError(image.request.name, error or RuntimeError("no result"))
