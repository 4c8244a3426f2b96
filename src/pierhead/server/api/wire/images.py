"""The table of the CI's own images on the wire."""

from .common import Wire


class ImageFieldInfo(Wire):
    """``default`` is null when the release line has none; ``source`` says what ``effective`` is: pin or default."""

    field: str
    purpose: str
    default: str | None
    default_line: str | None
    pinned: str | None
    effective: str | None
    source: str | None


class ScannerInfo(Wire):
    name: str
    image: str
    purpose: str


class ImagesInfo(Wire):
    infra: str
    images: list[ImageFieldInfo]
    scanners: list[ScannerInfo]
