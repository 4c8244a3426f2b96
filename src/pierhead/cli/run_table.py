"""A run as people read it: the table of images, below it what failed, why, and what to do."""

from collections.abc import Iterator
from typing import Any

from .errors import exchange_lines
from .format import duration, part_of, short_digest, size, split_reference
from .pages import when
from .render import STYLES, Screen

COLUMNS = ("stage", "image", "source", "connector", "why", "digest", "fetched / size", "time", "state")
FINAL_STATES = frozenset({"succeeded", "failed", "cancelled"})
PLATFORM = "platform"
FINAL_IMAGE_STATES = frozenset({"pulled", "present", "failed"})
_WHY = {"stage": "stage override", "account": "account default", "built-in": "built-in", "step": "the step's own"}


def tell_run(screen: Screen, run: dict[str, Any], *, is_verbose: bool = False) -> None:
    """Table, warnings, failures and one line of sums."""
    if not screen.is_quiet:
        rows = [_row(stage, image) for stage, image in images_of(run)]
        columns, shown = _with_delegates(run, rows)
        if screen.fits(columns, shown):
            screen.table(columns, shown)
        else:
            _tell_narrowly(screen, rows)
        _tell_paths(screen, run)
        for warning in _warnings(run):
            screen.line(f"warning: {warning}", style="yellow")
    for stage, image in images_of(run):
        if image.get("failure"):
            _tell_failure(screen, stage, image)
    if is_verbose or not screen.is_quiet:
        screen.line(_sum(run), style={"succeeded": "green", "failed": "red"}.get(run["state"]))
    if run["state"] == "failed" and not screen.is_quiet:
        screen.line(f"why, and what to do: pierhead diagnose --run {run['id']}")


def images_of(run: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(stage, image) in order."""
    for stage in run.get("stages") or []:
        for image in stage.get("images") or []:
            yield stage, image


def _row(stage: dict[str, Any], image: dict[str, Any]) -> tuple[str, ...]:
    source, name = split_reference(str(image.get("reference") or "?"))
    connector = image.get("connector") or {}
    if not connector.get("source"):  # no connector could be chosen, so there is no place the image comes from either
        source = "-"
    return (
        str(stage["identifier"]),
        name,
        source,
        str(connector.get("reference") or ("none" if connector.get("source") else "-")),
        _WHY.get(str(connector.get("source")), str(connector.get("source") or "-")),
        short_digest(image.get("digest")),
        part_of(image.get("bytesFetched"), image.get("bytesTotal")),
        duration(image.get("seconds")),
        str(image.get("state")),
    )


def _with_delegates(run: dict[str, Any], rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """With a column for who performed it, where that was not the platform alone."""
    performers = [str(image.get("delegate") or "-") for _, image in images_of(run)]
    if set(performers) <= {"-", PLATFORM}:
        return COLUMNS, rows
    return (*COLUMNS, "delegate"), [(*row, name) for row, name in zip(rows, performers, strict=True)]


def _tell_paths(screen: Screen, run: dict[str, Any]) -> None:
    """Why images went, or shall go, another way than through the platform; each reason once, with its images."""
    names: dict[tuple[str, str], list[str]] = {}
    for _, image in images_of(run):
        delegate = str(image.get("delegate") or "")
        is_open = not delegate and image.get("state") not in FINAL_IMAGE_STATES
        if image.get("pathReason") and (is_open or delegate not in ("", PLATFORM)):
            name = split_reference(str(image.get("reference") or "?"))[1]
            names.setdefault((str(image["pathReason"]), delegate), []).append(name)
    for (reason, delegate), images in names.items():
        by = f"by {delegate}, " if delegate else ""
        which = f" ({', '.join(dict.fromkeys(images))})" if len(names) > 1 else ""
        screen.line(f"path: {by}{reason}{which}", style="dim")


def _tell_narrowly(screen: Screen, rows: list[tuple[str, ...]]) -> None:
    """The same in two lines an image, for terminals that the table would not fit."""
    stage = ""
    width = max((len(row[1]) for row in rows), default=0)
    for row in rows:
        if row[0] != stage:
            stage = row[0]
            screen.line(f"stage {stage}", style="bold")
        _, image, source, connector, why, digest, fetched, time, state = row
        screen.line(f"{state:<8}  {image:<{width}}  {digest}  {fetched}  {time}", style=STYLES.get(state), indent=2)
        screen.line(f"from {source} by connector {connector}, {why}", style="dim", indent=12)


def _tell_failure(screen: Screen, stage: dict[str, Any], image: dict[str, Any]) -> None:
    failure = image["failure"]
    connector = (image.get("connector") or {}).get("reference") or "none"
    screen.line()
    screen.line(f"{image.get('reference')} failed in stage {stage['identifier']}", style="red")
    pairs = [
        ("cause", failure.get("message")),
        ("connector", connector),
        *_way(image),
        ("code", failure.get("code")),
    ]
    for line in exchange_lines(failure.get("exchange")):
        name, _, value = line.partition(": ")
        pairs.append((name, value))
    pairs.append(("remedy", failure.get("hint")))
    for name, value in pairs:
        if value:
            screen.line(f"{name:<9} {value}", indent=2)


def _way(image: dict[str, Any]) -> list[tuple[str, Any]]:
    """Who it went to and why; that the platform does what nobody else was asked to is not worth a word."""
    if image.get("delegate") == PLATFORM:
        return []
    why = f"pierhead task why {image['task']}" if image.get("task") else None
    return [("path", image.get("pathReason")), ("delegate", image.get("delegate")), ("why", why)]


def _warnings(run: dict[str, Any]) -> list[str]:
    """Each once, however many stages or images repeat it."""
    told = [*(run.get("warnings") or [])]
    for stage in run.get("stages") or []:
        told += stage.get("warnings") or []
    for _, image in images_of(run):
        told += image.get("warnings") or []
    return list(dict.fromkeys(map(str, told)))


def _sum(run: dict[str, Any]) -> str:
    images = [image for _, image in images_of(run)]
    failed = sum(image.get("state") == "failed" for image in images)
    fetched = sum(image.get("bytesFetched") or 0 for image in images)
    took = (run.get("finishedAt") or 0) - (run.get("createdAt") or 0)
    parts = [f"run {run['id']} {run['state']}", f"{len(images)} images", f"{failed} failed" if failed else ""]
    parts += [f"{size(fetched)} fetched", f"in {duration(took / 1000)}" if took > 0 else ""]
    return ", ".join(part for part in parts if part)


def tell_runs(screen: Screen, runs: list[dict[str, Any]]) -> None:
    screen.table(
        ("run", "pipeline", "state", "started", "finished", "by"),
        ((run["id"], run.get("pipeline"), run["state"], *times_of(run), run.get("requestedBy")) for run in runs),
    )


def times_of(run: dict[str, Any]) -> tuple[str, str]:
    return when(run, "createdAt"), when(run, "finishedAt")
