"""The catalogue data, read once: fields, purposes, release lines and scanners (harness-api §3.3-3.8)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pierhead.oci.reference import DOCKER_HUB, Reference

from .errors import NoImageError, UnknownFieldError, UnknownLineError
from .line_files import merged, own_files, shipped_files
from .model import CatalogueField, Infra
from .release_lines import ReleaseLine, newest_first

_SAMPLES = ("addonTag", "gitCloneTag", "buildAndPushDockerRegistryTag", "cacheS3Tag")


@dataclass(frozen=True, slots=True)
class ScannerImage:
    name: str
    repository: str
    tag: str
    purpose: str

    @property
    def image(self) -> str:
        return f"{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``purposes`` is by repository; ``release_lines`` newest first; nothing in it changes.

    ``today``: lines with a later date are known, and not out yet; None takes no notice of dates.
    """

    fields: Mapping[str, CatalogueField]
    purposes: Mapping[str, str]
    scanners: Mapping[str, ScannerImage]
    release_lines: Mapping[str, ReleaseLine]
    today: date | None = None

    @staticmethod
    @cache
    def load() -> "Catalogue":
        """The catalogue shipped with the package."""
        return Catalogue.read()

    @staticmethod
    def read(directory: Path | None = None, today: date | None = None) -> "Catalogue":
        """The same with the release lines that an operator keeps in ``directory``. Raises ReleaseLineFileError."""
        fields = {name: _field(name, row) for name, row in _read("fields.toml").items()}
        files = (*shipped_files(), *(own_files(directory) if directory else ()))
        lines = newest_first(merged(files, fields))
        images = _read("images.toml")
        scanners = _scanners(images["scanners"])
        purposes = {**images["images"], **{scanner.repository: scanner.purpose for scanner in scanners.values()}}
        return Catalogue(
            fields=_freeze(fields),
            purposes=_freeze(purposes),
            scanners=scanners,
            release_lines=_freeze({line.name: line for line in lines}),
            today=today,
        )

    def lines(self) -> tuple[str, ...]:
        """Newest first."""
        return tuple(self.release_lines)

    def line(self, line: str | None) -> str:
        """The line itself, or the newest that is out for None. Raises UnknownLineError."""
        if line is None:
            out = (each.name for each in self.release_lines.values() if each.is_out(self.today))
            return next(out, next(iter(self.release_lines)))
        if line not in self.release_lines:
            raise UnknownLineError(line, self.lines())
        return line

    def defaults(self, infra: Infra, line: str | None = None) -> Mapping[str, str]:
        """Field to image, in the order of the data. Raises UnknownLineError."""
        return self.release_lines[self.line(line)].defaults[infra]

    def default(self, field: str, infra: Infra, line: str | None = None) -> str:
        """Raises UnknownFieldError, NoImageError, UnknownLineError."""
        self.check_fields((field,), infra)
        image = self.defaults(infra, line).get(field)
        if image is None:
            raise NoImageError(field, infra, self.line(line))
        return image

    def fields_of(self, infra: Infra) -> tuple[CatalogueField, ...]:
        return tuple(field for field in self.fields.values() if infra in field.infras)

    def check_fields(self, names: tuple[str, ...], infra: Infra) -> None:
        """Raises UnknownFieldError with every name that the infrastructure does not have."""
        unknown = [name for name in names if name not in self.fields or infra not in self.fields[name].infras]
        if unknown:
            known = tuple(field.name for field in self.fields_of(infra))
            raise UnknownFieldError(tuple(dict.fromkeys(unknown)), infra, known)

    def repositories(self) -> tuple[str, ...]:
        """Every repository that holds an image of the catalogue, sorted."""
        return tuple(sorted(self.purposes))

    def purpose_of(self, repository: str) -> str | None:
        """For a repository as the catalogue names it, such as ``plugins/cache``; None when it is not in it."""
        return self.purposes.get(repository)

    def scanner(self, name: str) -> ScannerImage | None:
        return self.scanners.get(name)

    def samples(self, line: str | None = None) -> tuple[str, ...]:
        """A few images to show what a connector does to names."""
        defaults = self.defaults(Infra.K8, line)
        return tuple(defaults[field] for field in _SAMPLES if field in defaults)


def repository_of(image: str) -> str:
    """The repository of an image text, without Docker Hub's host. Raises InvalidImageReferenceError."""
    reference = Reference.parse(image)
    return reference.repository if reference.registry == DOCKER_HUB else f"{reference.registry}/{reference.repository}"


def _read(path: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data").joinpath(path).read_text("utf-8"))


def _field(name: str, row: Mapping[str, Any]) -> CatalogueField:
    infras = frozenset(Infra(infra) for infra in row.get("infras", list(Infra)))
    return CatalogueField(name, row["purpose"], infras, row.get("support_window", False))


def _scanners(rows: Mapping[str, Any]) -> Mapping[str, ScannerImage]:
    return _freeze(
        {
            name: ScannerImage(
                name, rows["repository"].format(scanner=name), rows["tag"], rows["purpose"].format(tool=tool)
            )
            for name, tool in rows["tools"].items()
        }
    )


def _freeze(values: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(values)
