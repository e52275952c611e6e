"""What Prometheus may ask of one server. Nothing is global: each application has its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts, durations, queue length, and the memory of this process.

    Args:
        queue_length: called when somebody asks.
    """

    def __init__(self, queue_length: Callable[[], float]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.uploads = Counter(
            "colorizer_uploads", "Uploads by outcome.", ["outcome"], registry=registry
        )
        self.predictions = Counter(
            "colorizer_predictions", "Predictions by outcome.", ["outcome"], registry=registry
        )
        self.predict_seconds = Histogram(
            "colorizer_predict_seconds",
            "From taking a photograph up to its stored prediction.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.render_seconds = Histogram(
            "colorizer_render_seconds",
            "Rendering and encoding a picture.",
            ["kind"],
            buckets=_SECONDS,
            registry=registry,
        )
        gauge = Gauge("colorizer_queue_length", "Photographs that wait.", registry=registry)
        gauge.set_function(queue_length)

    def expose(self) -> tuple[bytes, str]:
        """The text that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
