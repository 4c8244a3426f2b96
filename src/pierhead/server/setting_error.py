"""A setting that cannot be right."""

from pierhead.kit.errors import InvalidInputError


class SettingError(InvalidInputError):
    code = "setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} is not {expected}", hint=f"set {name} to {expected}, or leave it out")
