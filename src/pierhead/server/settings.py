"""What the server is told from outside, parsed once. Nothing else in the server reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pierhead.kit.errors import InvalidInputError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8411


class SettingError(InvalidInputError):
    code = "setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} is not {expected}", hint=f"set {name} to {expected}, or leave it out")


@dataclass(frozen=True, slots=True)
class Settings:
    """``images``: where pulled images go (default ``<data>/images``); ``release_line``: whose defaults apply."""

    data: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    images: Path | None = None
    release_line: str | None = None
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads PIERHEAD_DATA, _HOST, _PORT, _IMAGES, _RELEASE_LINE and _LOG_LEVEL. Raises SettingError."""
        images = environment.get("PIERHEAD_IMAGES")
        return cls(
            data=default_data_directory(environment),
            host=environment.get("PIERHEAD_HOST", DEFAULT_HOST),
            port=_port(environment.get("PIERHEAD_PORT", str(DEFAULT_PORT))),
            images=Path(images) if images else None,
            release_line=environment.get("PIERHEAD_RELEASE_LINE") or None,
            log_level=_level(environment.get("PIERHEAD_LOG_LEVEL", "INFO")),
        )

    @property
    def images_directory(self) -> Path:
        return self.images or self.data / "images"


def default_data_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """PIERHEAD_DATA, else ``pierhead`` below the user's data home (XDG base directories)."""
    if chosen := environment.get("PIERHEAD_DATA"):
        return Path(chosen)
    home = environment.get("XDG_DATA_HOME") or str(Path(environment.get("HOME", "/")) / ".local" / "share")
    return Path(home) / "pierhead"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SettingError("PIERHEAD_PORT", text, "a port number from 0 to 65535")
    return int(text)


def _level(text: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if text.upper() not in levels:
        raise SettingError("PIERHEAD_LOG_LEVEL", text, f"one of {', '.join(levels)}")
    return text.upper()
