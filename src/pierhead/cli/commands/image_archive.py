"""``pierhead image save`` and ``pierhead image load``: images through an archive, for networks that do not meet."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pierhead.cli.complete import completes
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.format import clean, short_digest, size
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.progress import Silence, line_of, progress_on

if TYPE_CHECKING:
    from pierhead.worker.archives import Archive, Saved
    from pierhead.worker.copying import CopyProgress, CopyRequest

_FILE = click.Path(path_type=Path, dir_okay=False)
_LOGIN = (
    click.option("--plain-http", is_flag=True, help="The registry speaks http, not https."),
    click.option("--username", metavar="USER", help="Log in, with --password-stdin."),
    click.option("--password-stdin", is_flag=True, help="Read the password or token from standard input."),
    click.option(
        "--ca-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="PEM file with authorities to trust as well.",
    ),
)


def _with_login(command: Any) -> Any:
    for option in reversed(_LOGIN):
        command = option(command)
    return command


@click.command("save")
@click.argument("references", metavar="REF...", nargs=-1, required=True)
@click.option("--output", "-o", type=_FILE, required=True, metavar="FILE", help="Tar file to write.")
@click.option("--lock", type=_FILE, metavar="FILE", help="Write what is in the archive, by digest, as well.")
@click.option(
    "--from",
    "connector",
    metavar="CONNECTOR",
    shell_complete=completes("connectors"),
    help="Where the images are.  [default: the registries in their names]",
)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Only this platform; may be repeated, which makes a new index.  [default: the whole image]",
)
@click.option("--no-referrers", is_flag=True, help="Leave signatures, SBOMs and the like behind.")
@_with_login
@with_api
def save_archive(
    invocation: Invocation,
    /,
    references: tuple[str, ...],
    output: Path,
    lock: Path | None,
    connector: str | None,
    platforms: tuple[str, ...],
    no_referrers: bool,
    **login: Any,
) -> int:
    """Save images from registries into one tar file, in the OCI image layout.

    Signatures, SBOMs and attestations come along. The file is there whole or not at all.
    """
    from pierhead.cli.registry_ends import end_of
    from pierhead.registry.transport import Transport
    from pierhead.worker.archives import lock_document, save_images

    end = end_of(invocation, connector, login)
    requests = [_request(end.place(name), platforms, has_referrers=not no_referrers) for name in references]
    with Transport() as transport:
        saved = save_images(requests, transport, output)
    if lock is not None:
        _write(lock, lock_document(saved))
    _tell_saved(invocation, saved)
    return 0


@click.command("load")
@click.argument("file", type=_FILE)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="CONNECTOR[/PREFIX]",
    help="Where the images go; with --registry a host takes the connector's place.",
)
@click.option("--registry", "is_registry", is_flag=True, help="--to names a registry: HOST[:PORT][/PREFIX].")
@click.option("--lock", type=_FILE, metavar="FILE", help="Load only if the archive has just the images of this file.")
@_with_login
@with_api
def load_archive(
    invocation: Invocation, /, file: Path, target: str, is_registry: bool, lock: Path | None, **login: Any
) -> int:
    """Load the images of an archive into a registry, under the names they had.

    Every digest is verified, and tags are set last. What is there already is not sent again, so a load that was cut off
    is simply started again. Exit code 1 when an image fails.
    """
    from pierhead.cli.registry_ends import end_of
    from pierhead.registry.transport import Transport
    from pierhead.worker.archives import Archive, loads_of
    from pierhead.worker.copying import copy_images

    screen = invocation.screen
    shown = progress_on(screen) if screen.shows_progress else Silence()
    name, _, prefix = target.partition("/")
    end = end_of(invocation, None if is_registry else name, login)
    path = f"{name}/{prefix}" if is_registry else prefix
    before = f"{path.strip('/')}/" if path else ""
    with Archive(file) as archive, Transport() as transport, shown as progress:
        if lock is not None:
            _check_lock(archive, lock)
        requests, source = loads_of(archive, lambda had: end.place(before + str(had).partition("/")[2]))
        outcomes = copy_images(requests, transport, lambda event: progress.show(_json(event)), open_source=source)
    _tell_loaded(invocation, outcomes)
    return FAILED if any(outcome.error for outcome in outcomes) else 0


def _request(place: Any, platforms: tuple[str, ...], *, has_referrers: bool) -> "CopyRequest":
    from pierhead.oci.platform import Platform
    from pierhead.worker.archives.source import ENDPOINT
    from pierhead.worker.copying import CopyRequest, IndexMode

    endpoint, reference = place
    return CopyRequest(
        key=str(reference),
        from_endpoint=endpoint,
        source=reference,
        to_endpoint=ENDPOINT,
        target=reference.with_tag(reference.tag or "latest"),
        platforms=tuple(map(Platform.parse, platforms)),
        index=IndexMode.REWRITTEN if len(platforms) > 1 else IndexMode.WHOLE,
        referrers=has_referrers,
    )


def _check_lock(archive: "Archive", lock: Path) -> None:
    """By name and digest, and neither more nor less."""
    from pierhead.kit.errors import AppError
    from pierhead.kit.limits import parse_json

    try:
        document = parse_json(lock.read_bytes())
        listed = document["images"] if isinstance(document, dict) else []
        wanted = {(str(each["reference"]), str(each["digest"])) for each in listed}
    except (OSError, AppError, KeyError, TypeError) as error:
        raise UsageError(f"{lock} is no lock file: {error}") from None
    images = (image for image in archive.images if not image.is_evidence)
    odd = sorted(wanted ^ {(image.name, str(image.descriptor.digest)) for image in images})
    if odd:
        raise UsageError(f"the archive and {lock} differ in {odd[0][0]}", hint="load without --lock, or save again")


def _write(path: Path, text: str) -> None:
    from pierhead.worker.runtimes.durable import replace_file

    try:
        replace_file(path, [text.encode()])
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _tell_saved(invocation: Invocation, saved: "tuple[Saved, ...]") -> None:
    from pierhead.worker.archives import lock_entry

    screen = invocation.screen
    if screen.is_json:
        return screen.json([lock_entry(image) for image in saved])
    for image in saved:
        more = f", {image.evidence} pieces of evidence" if image.evidence else ""
        screen.line(f"{image.reference}: saved {short_digest(str(image.digest))}, {size(image.total_bytes)}{more}")
    return None


def _tell_loaded(invocation: Invocation, outcomes: "tuple[CopyProgress, ...]") -> None:
    screen = invocation.screen
    if screen.is_json:
        return screen.json([_json(outcome) for outcome in outcomes])
    for outcome in outcomes:
        screen.line(line_of(_json(outcome)))
        if outcome.error is not None and outcome.error.hint:
            screen.line(f"remedy  {clean(outcome.error.hint)}", indent=2)
    return None


def _json(outcome: "CopyProgress") -> dict[str, Any]:
    """As the API words an image."""
    error = outcome.error
    return {
        "reference": outcome.key,
        "position": 0,
        "state": outcome.state.value,
        "digest": str(outcome.digest) if outcome.digest else None,
        "bytesTotal": outcome.bytes_total,
        "bytesDone": outcome.bytes_done,
        "bytesFetched": outcome.bytes_fetched,
        "referrers": outcome.referrers,
        "seconds": outcome.seconds,
        "failure": {"code": error.code, "message": error.message, "hint": error.hint} if error else None,
    }
