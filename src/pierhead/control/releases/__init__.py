"""Releases of the core images: lines and their days, what is still supported, what a move to another line changes."""

from .calendar import ReleaseCalendar, month_after, read_calendar
from .errors import ReleaseCalendarError
from .files import load_calendar
from .judging import image_status, line_difference, line_status, supported_until
from .model import ImageChange, ImageStatus, LineDifference, LineStatus, ReleaseStatus
from .service import ReleaseService

__all__ = [
    "ImageChange",
    "ImageStatus",
    "LineDifference",
    "LineStatus",
    "ReleaseCalendar",
    "ReleaseCalendarError",
    "ReleaseService",
    "ReleaseStatus",
    "image_status",
    "line_difference",
    "line_status",
    "load_calendar",
    "month_after",
    "read_calendar",
    "supported_until",
]
