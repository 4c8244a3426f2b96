"""``pierhead mirror import``: what regsync's file says, as documents for ``pierhead apply``."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pierhead.cli.complete import completes
from pierhead.cli.documents import MalformedDocumentError, read_source
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.options import with_output
from pierhead.cli.render import Screen

if TYPE_CHECKING:
    from pierhead.control.mirroring import RegsyncTranslation


@click.command("import")
@click.argument("file")
@click.option("--from-map", "maps", multiple=True, metavar="HOST=CONNECTOR", shell_complete=completes("connectors"),
              help="The connector to use for a registry, such as docker.io=account.hub; may be repeated.")  # fmt: skip
@click.option("--output", "-o", default="-", metavar="DIRECTORY", help="Write a file each.  [default: print them all]")
@with_output
def import_mirrors(screen: Screen, file: str, maps: tuple[str, ...], output: str) -> int:
    """Say what regsync's FILE says as documents for `pierhead apply`; nothing is made.

    Prints mirrors, and for registries that --from-map does not name connectors and secrets. A path may follow the host
    there: registry.example.com/team=account.team. Passwords are not taken over. Each thing that cannot be said the same
    way is a warning with its line, and an entry that would copy more than it says is left out. Exit code 1 when there
    is no mirror in the end. - as FILE reads standard input.
    """
    found = _translation(file, _connectors(maps))
    if screen.is_json:
        told = [{"line": each.line, "message": each.text} for each in found.told]
        screen.json({"documents": list(found.documents), "warnings": told})
    elif output == "-":
        screen.raw("---\n".join(_texts(found.documents)))
    if output != "-":
        _write(Path(output), found.documents)
    if not screen.is_json:
        _tell(screen, found, output)
    return 0 if found.mirrors else FAILED


def _translation(file: str, connectors: Mapping[str, str]) -> "RegsyncTranslation":
    """Raises MalformedDocumentError, InvalidRegsyncError, TooLargeError."""
    from pierhead.control.mirroring import translate_regsync  # late, like what reads YAML
    from pierhead.control.pipelines import PipelineSyntaxError, PipelineTooLargeError, yaml_lined

    where, raw = read_source(file)
    try:
        document, lines = yaml_lined(raw)
    except PipelineSyntaxError as error:
        raise MalformedDocumentError(where, error.reason, error.place.line, error.place.column) from None
    except PipelineTooLargeError as error:
        raise MalformedDocumentError(where, f"it is larger, or repeats more, than is read ({error.cap:,})") from None
    return translate_regsync(document, lines, connectors)


def _connectors(maps: Iterable[str]) -> dict[str, str]:
    found = {}
    for each in maps:
        host, equals, connector = each.partition("=")
        if not equals or not host or not connector:
            raise UsageError(f"--from-map {each} is not HOST=CONNECTOR", hint="for example docker.io=account.hub")
        found[host.strip("/")] = connector
    return found


def _texts(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    import yaml

    return [yaml.safe_dump(document, sort_keys=False, allow_unicode=True) for document in documents]


def _write(directory: Path, documents: tuple[Mapping[str, Any], ...]) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not an empty directory", hint="name one that is not there yet")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for document, text in zip(documents, _texts(documents), strict=True):
            ((noun, entity),) = document.items()
            (directory / f"{noun}-{entity['identifier']}.yaml").write_text(text)
    except OSError as error:
        raise UsageError(f"{directory} cannot be written: {error.strerror or error}") from None


def _tell(screen: Screen, found: "RegsyncTranslation", output: str) -> None:
    for each in found.told:
        screen.note(f"warning: {each}")
    for host in found.unused:
        screen.note(f"warning: no mirror needs {host}, which --from-map names")
    if output != "-":
        screen.line(f"{len(found.documents)} documents in {output}, {found.mirrors} of them mirrors")
    elif not found.mirrors:
        screen.note("there is no mirror in it")
