"""What Prometheus may ask of one server. Nothing is global: each application has its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ..errors import StorageUnavailable
from ..storage.folder import Storage
from ..work.admission import Budget

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts, durations, queue length, and the memory of this process.

    What :class:`app.work.counting.Counting` asks for, and requests.

    Args:
        queue_length: called when somebody asks.
        films_waiting, storage, budget: asked then too.
    """

    def __init__(
        self,
        queue_length: Callable[[], float],
        films_waiting: Callable[[], float],
        storage: Storage,
        budget: Budget,
    ) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._uploads = Counter(
            "colorizer_uploads", "Uploads by outcome.", ["outcome"], registry=registry
        )
        self._predictions = Counter(
            "colorizer_predictions", "Predictions by outcome.", ["outcome"], registry=registry
        )
        self._predict_seconds = Histogram(
            "colorizer_predict_seconds",
            "From taking a photograph up to its stored prediction.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._render_seconds = Histogram(
            "colorizer_render_seconds",
            "Rendering and encoding a picture.",
            ["kind"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._photos = Counter(
            "colorizer_photographs", "Photographs that got their colours.", registry=registry
        )
        self._films = Counter(
            "colorizer_films", "Versions of films by outcome.", ["outcome"], registry=registry
        )
        self._film_seconds = Counter(
            "colorizer_film_seconds", "Time spent on colouring films.", registry=registry
        )
        self._requests = Counter(
            "colorizer_http_requests",
            "Requests that were answered.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "colorizer_http_request_seconds",
            "From a request to the beginning of its answer.",
            ["route", "method"],
            buckets=_SECONDS,
            registry=registry,
        )
        gauges: tuple[tuple[str, str, Callable[[], float]], ...] = (
            ("queue_length", "Photographs that wait.", queue_length),
            ("films_waiting", "Versions of films that are not finished.", _if_there(films_waiting)),
            ("data_bytes", "Size of data folder or store.", _if_there(storage.usage.bytes)),
            (
                "disk_free_bytes",
                "What is free on the disk of the data folder.",
                _if_there(storage.free),
            ),
            ("pixels_in_work", "Pixels worked on at full size.", lambda: budget.used),
            ("waiting_for_memory", "Photographs that wait for memory.", lambda: budget.waiting),
        )
        for name, about, value in gauges:
            Gauge(f"colorizer_{name}", about, registry=registry).set_function(value)

    def uploaded(self, outcome: str) -> None:
        """A photograph or a film was taken in ("stored"), or refused: the error's name."""
        self._uploads.labels(outcome).inc()

    def predicted(self, outcome: str, seconds: float) -> None:
        """A photograph was worked on: "ready", or what went wrong."""
        self._predictions.labels(outcome).inc()
        self._predict_seconds.observe(seconds)
        if outcome == "ready":
            self._photos.inc()

    def rendering(self, kind: str) -> AbstractContextManager[object]:
        """Take the time of a picture's rendering: "preview", "uncertainty", "found", …"""
        return self._render_seconds.labels(kind).time()

    def filmed(self, outcome: str, seconds: float) -> None:
        """A version of a film was worked on: "ready", "removed", or what went wrong."""
        self._films.labels(outcome).inc()
        self._film_seconds.inc(seconds)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route, method).observe(seconds)

    def serve(self, host: str, port: int) -> None:
        """Answer Prometheus at a port, in a thread, as long as the process lives.

        Raises:
            OSError: if nobody can listen there.
        """
        start_http_server(port, host, self._registry)

    def expose(self) -> tuple[bytes, str]:
        """The text that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _if_there(value: Callable[[], float]) -> Callable[[], float]:
    """Not a number while the disk or the store of photographs is out of reach."""

    def asked() -> float:
        try:
            return value()
        except (OSError, StorageUnavailable):
            return math.nan

    return asked
