"""What can be wrong with a calendar."""

from pierhead.kit.errors import InvalidInputError


class ReleaseCalendarError(InvalidInputError):
    code = "release-calendar"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"{path[:300]}: {problem}",
            hint='write weekday = "monday" and ordinals = [2, 4], or dates = [2026-12-14]; and time_zone = "UTC"',
        )
        self.path = path
