"""Values of secrets that documents take from elsewhere: ``valueFrom: {env: NAME}`` or ``{file: PATH}``.

Whoever writes a document does not thereby read what belongs to whoever applies it: files outside the directory that is
applied, and variables that are not called ``PIERHEAD_VALUE_...``, are refused unless the command line names them.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .documents import MalformedDocumentError, read_source
from .errors import UsageError

PREFIX = "PIERHEAD_VALUE_"


@dataclass(frozen=True, slots=True)
class OutsideValues:
    """What the command line allows beside what goes without saying: ``folders`` with all that is below them, and
    ``variables``."""

    folders: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()

    def of(self, source: object, where: str, root: Path | None) -> tuple[str, str]:
        """(value, what it comes from, as people read it). ``where``: the document's file, ``root``: the folder whose
        files it may name; None for a document that comes from standard input.

        Raises UsageError and MalformedDocumentError.
        """
        match source:
            case {"env": str(name), **rest} if not rest:
                return self._variable(name, where), f"from variable {name}"
            case {"file": str(name), **rest} if not rest:
                path = Path(name) if root is None else Path(where).parent / name
                return self._file(path, where, root), f"from file {path}"
        raise MalformedDocumentError(where, "valueFrom has to be {env: NAME} or {file: PATH}")

    def _variable(self, name: str, where: str) -> str:
        if not name.startswith(PREFIX) and name not in self.variables:
            raise UsageError(
                f"{where}: a document may not take the variable {name}, which does not begin with {PREFIX}",
                hint=f"call it {PREFIX}..., or allow it with --allow-env {name}",
            )
        value = os.environ.get(name)
        if not value:
            raise UsageError(f"{where}: the variable {name} is not set")
        return value

    def _file(self, path: Path, where: str, root: Path | None) -> str:
        resolved = resolve(path, where)
        roots = [resolve(Path(each), where) for each in self.folders] + ([] if root is None else [root])
        if not any(resolved.is_relative_to(each) for each in roots):
            raise UsageError(
                f"{where}: a document may not take a value from {path}, which is not in the directory that is applied",
                hint="name the directory that the file is in with --values-from",
            )
        _, raw = read_source(str(resolved))
        try:
            return raw.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not UTF-8 text") from None


def resolve(path: Path, where: str) -> Path:
    """Where it is when every link is followed. Raises MalformedDocumentError."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL in the name
        raise MalformedDocumentError(where, f"{str(path)!r} cannot be read: {error}") from None


def check_inside(paths: Iterable[Path], root: Path, place: str) -> None:
    """Refuses documents that are links out of the directory: passed over, pruning would delete what they describe.

    Raises UsageError.
    """
    for path in paths:
        if path.is_symlink() and not resolve(path, place).is_relative_to(root):
            raise UsageError(
                f"{path} is a link out of {place}", hint="put the document itself there, or apply its file"
            )
