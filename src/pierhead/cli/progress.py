"""Images on their way: bars with bytes and rate on a terminal, a line for each image that is done elsewhere."""

from types import TracebackType
from typing import Any, Protocol, Self

from .format import duration, rate, short_digest, size, split_reference
from .render import Screen

_FINAL = ("pulled", "copied", "present", "failed")


class Progress(Protocol):
    """A context manager; ``show`` takes an image as the events of a run give it."""

    def show(self, image: dict[str, Any]) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def progress_on(screen: Screen) -> Progress:
    if screen.is_quiet or (screen.is_json and not screen.shows_progress):
        return Silence()
    return _Bars(screen) if screen.shows_progress else _Lines(screen)


class Silence:
    def show(self, image: dict[str, Any]) -> None:
        del image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class _Lines(Silence):
    """Each image once, when it is final: what a log wants."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told: set[tuple[object, object]] = set()

    def show(self, image: dict[str, Any]) -> None:
        if image.get("state") in _FINAL and _key(image) not in self._told:
            self._told.add(_key(image))
            self._screen.note(line_of(image))


class _Bars(Silence):
    def __init__(self, screen: Screen) -> None:
        from rich import progress

        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
            progress.TextColumn("{task.fields[state]}", markup=False),
        )
        self._bars = progress.Progress(*columns, console=screen.console(on_err=True), transient=True)
        self._tasks: dict[tuple[object, object], progress.TaskID] = {}

    def show(self, image: dict[str, Any]) -> None:
        task = self._tasks.get(_key(image))
        if task is None:
            label = _label(image)
            task = self._tasks[_key(image)] = self._bars.add_task(label, total=None, state="")
        total = image.get("bytesTotal")
        done = total if image.get("state") in ("pulled", "copied", "present") else image.get("bytesDone")
        self._bars.update(task, total=total, completed=done or 0, state=str(image.get("state") or ""))

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def line_of(image: dict[str, Any]) -> str:
    """``build harness/ci-addon:1.14.4: pulled sha256:0123456789ab, 12 MB in 0.8 s, 15 MB/s``."""
    fetched = image.get("bytesFetched") or 0
    facts = [
        short_digest(image.get("digest")),
        f"{size(fetched)} in {duration(image.get('seconds'))}" if image.get("seconds") is not None else size(fetched),
        rate(fetched, image.get("seconds")),
    ]
    if image.get("state") == "failed":
        facts = [str((image.get("failure") or {}).get("message") or "")]
    return f"{_label(image)}: {image.get('state')} " + ", ".join(fact for fact in facts if fact)


def _label(image: dict[str, Any]) -> str:
    stage = f"{image['stage']} " if image.get("stage") else ""
    return stage + split_reference(str(image.get("reference") or "?"))[1]


def _key(image: dict[str, Any]) -> tuple[object, object]:
    return image.get("stage"), image.get("position")
