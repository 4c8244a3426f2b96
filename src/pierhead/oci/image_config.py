"""Image configs: what an image says of itself, as far as we use it (image-spec, config.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from . import fields as json_fields
from .digest import Digest
from .documents import read_object
from .errors import InvalidPlatformError
from .manifest import MAX_LAYERS
from .platform import Platform

_KEYS = ("os", "architecture", "variant", "os.version", "created", "config", "rootfs")


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """``os`` and ``architecture`` are empty where the image does not say them; ``created`` is None for no good time."""

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    diff_ids: tuple[Digest, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> "ImageConfig":
        """Raises InvalidDocumentError, ConfusedDocumentError, TooManyEntriesError, BodyTooLargeError (over 4 MiB)."""
        given = read_object(raw, "the image config")
        json_fields.check_spelling(given, _KEYS, "the image config")
        run = json_fields.mapping(given.get("config") or {}, "config")
        return cls(
            os=json_fields.text(given, "os", "") or "",
            architecture=json_fields.text(given, "architecture", "") or "",
            variant=json_fields.text(given, "variant", "") or None,
            os_version=json_fields.text(given, "os.version", "") or None,
            created=_time(json_fields.text(given, "created", "")),
            labels=json_fields.text_map(run, "Labels", "config"),
            env=json_fields.texts(run, "Env", "config"),
            entrypoint=json_fields.texts(run, "Entrypoint", "config"),
            cmd=json_fields.texts(run, "Cmd", "config"),
            user=json_fields.text(run, "User", "config") or "",
            working_dir=json_fields.text(run, "WorkingDir", "config") or "",
            diff_ids=_diff_ids(json_fields.mapping(given.get("rootfs") or {}, "rootfs")),
        )

    @property
    def platform(self) -> Platform | None:
        """None where the image does not say it in words that can be a platform."""
        try:
            return Platform(self.os, self.architecture, self.variant, self.os_version)
        except InvalidPlatformError:
            return None


def _diff_ids(rootfs: json_fields.Fields) -> tuple[Digest, ...]:
    entries = json_fields.items(rootfs, "diff_ids", "rootfs", cap=MAX_LAYERS)
    return tuple(json_fields.digest(entry, f"rootfs.diff_ids[{at}]") for at, entry in enumerate(entries))


def _time(text: str | None) -> datetime | None:
    """RFC 3339 with a zone. Decoration: a bad one must not keep an image from being used."""
    try:
        moment = datetime.fromisoformat(text or "")
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
