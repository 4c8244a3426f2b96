"""Which side an error belongs to: a copy has two registries, and the remedy must name the right one."""

from collections.abc import Iterator
from contextlib import contextmanager

from pierhead.kit.errors import AppError
from pierhead.worker.failures import Subject


@contextmanager
def blamed_on(subject: Subject) -> Iterator[None]:
    """Marks whatever is raised inside; the innermost mark stays."""
    try:
        yield
    except AppError as error:
        if blamed(error) is None:
            error.blamed = subject  # type: ignore[attr-defined]  # errors know nothing of copies
        raise


def blamed(error: BaseException | None) -> Subject | None:
    found = getattr(error, "blamed", None)
    return found if isinstance(found, Subject) else None
