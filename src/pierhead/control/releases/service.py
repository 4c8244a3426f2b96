"""Questions about releases: which lines there are, how old every image of a place is, when the next release comes.

Permissions are asked by the caller. Nothing here changes anything, and nothing here stops a run.
"""

from collections.abc import Collection
from datetime import date

from pierhead.control.catalogue import CatalogueService, Infra, Pin
from pierhead.control.scopes import Scope
from pierhead.kit.clock import Clock

from .calendar import ReleaseCalendar
from .judging import image_status, line_difference, line_status
from .model import ImageStatus, LineDifference, LineStatus, ReleaseStatus


class ReleaseService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, catalogue: CatalogueService, calendar: ReleaseCalendar, clock: Clock) -> None:
        self.calendar = calendar
        self._catalogue = catalogue
        self._clock = clock

    @property
    def today(self) -> date:
        return self.calendar.today(self._clock.now())

    def lines(self) -> tuple[LineStatus, ...]:
        """Newest first."""
        known, today = self._catalogue.catalogue, self.today
        default = self._catalogue.line
        return tuple(line_status(line, known, default, self.calendar, today) for line in known.release_lines.values())

    def status(self, scope: Scope, infras: Collection[Infra] = tuple(Infra)) -> ReleaseStatus:
        """Every image field as a run in that scope would get it."""
        today = self.today
        return ReleaseStatus(
            today=today,
            default_line=self._catalogue.line,
            newest_line=self._catalogue.catalogue.line(None),
            next_release=self.calendar.next(today),
            previous_release=today if self.calendar.is_release_day(today) else self.calendar.previous(today),
            images=tuple(image for infra in infras for image in self._images(scope, infra, today)),
        )

    def diff(self, before: str, after: str) -> LineDifference:
        """Raises UnknownLineError."""
        return line_difference(before, after, self._catalogue.catalogue)

    def _images(self, scope: Scope, infra: Infra, today: date) -> tuple[ImageStatus, ...]:
        known = self._catalogue.catalogue
        defaults = self._catalogue.default_config(infra)
        deciding: dict[str, Pin] = {}
        for pin in self._catalogue.pins_along(scope, infra):
            deciding.setdefault(pin.field, pin)
        fields = [field.name for field in known.fields_of(infra)]
        return tuple(
            image_status(name, infra, defaults.get(name), deciding.get(name), known, self.calendar, today)
            for name in fields
        )
