"""Artifact sources: which tags of an image are meant, in which order, and watches that see new and moved ones."""

from .arranging import Sort, Wanted, by_moment, wanted_tags
from .collecting import DIGESTS_AT_ONCE, Digests, Listing, to_check
from .errors import (
    NoTagMatchesError,
    OneTagRuleError,
    TooManyWatchesError,
    WatchExistsError,
    WatchIntervalError,
    WatchMissingError,
)
from .model import (
    DEFAULT_INTERVAL_S,
    KEPT_EVENTS,
    LEAST_INTERVAL_S,
    MOST_INTERVAL_S,
    EventKind,
    SeenTag,
    TagRule,
    Watch,
    WatchDraft,
    WatchEvent,
    WatchState,
    watch_document,
)
from .ports import OnEvent, WatchRecords, WatchStore, WatchTransaction
from .service import Watched, WatchService

__all__ = [
    "DEFAULT_INTERVAL_S",
    "DIGESTS_AT_ONCE",
    "KEPT_EVENTS",
    "LEAST_INTERVAL_S",
    "MOST_INTERVAL_S",
    "Digests",
    "EventKind",
    "Listing",
    "NoTagMatchesError",
    "OnEvent",
    "OneTagRuleError",
    "SeenTag",
    "Sort",
    "TagRule",
    "TooManyWatchesError",
    "Wanted",
    "Watch",
    "WatchDraft",
    "WatchEvent",
    "WatchExistsError",
    "WatchIntervalError",
    "WatchMissingError",
    "WatchRecords",
    "WatchService",
    "WatchState",
    "WatchStore",
    "WatchTransaction",
    "Watched",
    "by_moment",
    "to_check",
    "wanted_tags",
    "watch_document",
]
