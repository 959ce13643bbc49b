"""Counts and times for Prometheus."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .cache import StyleCache

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class _Now(Collector):
    """What is asked for when it is read."""

    def __init__(self, taken: Callable[[], int], codes: StyleCache) -> None:
        self._taken, self._codes = taken, codes

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("adain_places_taken", "Requests that are here.", self._taken())
        looked = CounterMetricFamily(
            "adain_style_codes", "Paintings sent, by whether their code was known.", labels=["known"]
        )
        looked.add_metric(["yes"], self._codes.hits)
        looked.add_metric(["no"], self._codes.misses)
        yield looked


class Metrics:
    """Of one service.

    Args:
        taken: how many places are.
        codes: whose hits and misses are told.
    """

    def __init__(self, taken: Callable[[], int], codes: StyleCache) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Now(taken, codes))
        self._answers = Counter(
            "adain_answers",
            "Of /stylize: ok, gone, or the code of a problem.",
            ["code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "adain_seconds", "Time of pictures by stage.", ["stage"], registry=self._registry, buckets=SECONDS
        )

    def count(self, code: str) -> None:
        """One more answer."""
        self._answers.labels(code).inc()

    def measure(self, stage: str, seconds: float) -> None:
        """The time of a stage."""
        self._seconds.labels(stage).observe(seconds)

    def text(self) -> bytes:
        """In the format of Prometheus."""
        return generate_latest(self._registry)
