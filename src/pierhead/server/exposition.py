"""The figures of a server in the text format of Prometheus, from a registry of its own."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from pierhead import __version__
from pierhead.kit.clock import Clock

from .request_figures import BOUNDS_S, RequestFigures

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

Counts = Mapping[str, Mapping[tuple[str, ...], int]]
CONTENT_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
KEPT_S: Final = 5.0
_GAUGES: Final = (
    ("tasks", "pierhead_tasks", "Tasks by state and kind.", ("state", "kind")),
    ("runs", "pierhead_runs", "Runs by state.", ("state",)),
    ("delegates", "pierhead_delegates", "Delegates by state.", ("state", "connected")),
    ("delegate_tokens", "pierhead_delegate_tokens", "Delegate tokens by status.", ("status",)),
    ("tokens", "pierhead_tokens", "API tokens by the type of their owner.", ("owner",)),
    ("sessions", "pierhead_sessions", "Sessions of people.", ()),
    ("audit_sequence", "pierhead_audit_sequence", "Number of the newest audit record.", ()),
)


class Exposition:
    """Thread-safe. ``counts`` is asked once in ``KEPT_S`` seconds at most, however often somebody looks."""

    def __init__(self, requests: RequestFigures, counts: Callable[[], Counts], clock: Clock) -> None:
        self._requests = requests
        self._counts = counts
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, Counts | None] = (float("-inf"), None)
        self._registry: CollectorRegistry | None = None

    def text(self) -> bytes:
        from prometheus_client.exposition import generate_latest

        return generate_latest(self._registered())

    def collect(self) -> "Iterable[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        info = GaugeMetricFamily("pierhead_info", "The release that runs.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        yield self._request_seconds()
        counts = self._recent()
        answers = GaugeMetricFamily("pierhead_database_up", "Whether the database gave the figures below.")
        answers.add_metric((), 0 if counts is None else 1)
        yield answers
        for key, name, text, labels in _GAUGES:
            family = GaugeMetricFamily(name, text, labels=labels)
            for values, number in (counts or {}).get(key, {}).items():
                family.add_metric(values, number)
            yield family

    def _request_seconds(self) -> "Metric":
        from prometheus_client.core import HistogramMetricFamily

        labels = ("method", "route", "status")
        family = HistogramMetricFamily("pierhead_http_request_seconds", "Requests and their duration.", labels=labels)
        for kind, tally in self._requests.now().items():
            so_far, buckets = 0, []
            for bound, number in zip((*map(str, BOUNDS_S), "+Inf"), tally.within, strict=True):
                so_far += number
                buckets.append((bound, float(so_far)))
            family.add_metric((kind.method, kind.route, kind.status), buckets, tally.seconds)
        return family

    def _recent(self) -> Counts | None:
        """None when the database does not give any; the next to look asks again."""
        with self._lock:
            at, counts = self._kept
            if counts is None or self._clock.monotonic() - at >= KEPT_S:
                try:
                    counts = self._counts()
                except Exception:  # whatever it is, the figures that need no database are still wanted
                    return None
                self._kept = (self._clock.monotonic(), counts)
            return counts

    def _registered(self) -> "CollectorRegistry":
        from prometheus_client.gc_collector import GCCollector
        from prometheus_client.process_collector import ProcessCollector
        from prometheus_client.registry import CollectorRegistry

        with self._lock:
            if self._registry is None:
                registry = CollectorRegistry(auto_describe=False)
                ProcessCollector(registry=registry)
                GCCollector(registry=registry)
                registry.register(self)
                self._registry = registry
            return self._registry
