"""Small films for tests, and a stand-in for what colours them."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from flask.testing import FlaskClient

from app.context import SERVICE
from colorizer.errors import CorruptFilm
from colorizer.video import Progress, Result

WIDTH, HEIGHT, RATE = 64, 48, 10


def clip(seconds: float = 1.0, *, width: int = WIDTH, bars: int = 0) -> io.BytesIO:
    """A grey gradient that moves, in a file in memory, at its beginning.

    ``bars``: px of black above and below it.
    """
    file = io.BytesIO()
    ramp = np.linspace(0, 255, width * HEIGHT).reshape(HEIGHT, width).astype(np.uint8)
    if bars:
        ramp = 60 + ramp // 2
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", RATE)
        stream.width, stream.height = width, HEIGHT + 2 * bars
        stream.pix_fmt = "yuv444p" if width % 2 else "yuv420p"
        for number in range(round(seconds * RATE)):
            grey = np.pad(np.roll(ramp, 4 * number, axis=1), [(bars, bars), (0, 0)])
            frame = av.VideoFrame.from_ndarray(np.stack([grey] * 3, axis=-1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


def work_off_films(client: FlaskClient) -> None:
    """Colour all films that wait, in this thread."""
    filming = client.application.extensions[SERVICE]._filming
    for id, key in filming._films.unfinished():
        assert filming._take(id, key)


class FakeFilming:
    """In place of ``colorizer.video.colorize``: ten steps, each kept; the result is the source.

    Args:
        seconds: that a step takes.
        log: a file that gets a line for each run: the step at which it began.

    Attributes:
        gate: while it is cleared, it stands at ``holds_at``.
        begun: step at which each run began, 0 where there was nothing to go on from.
        broken: whether it raises an error instead.
    """

    def __init__(self, holds_at: int = 5, *, seconds: float = 0.0, log: Path | None = None) -> None:
        self._seconds = seconds
        self._log = log
        self.gate = threading.Event()
        self.gate.set()
        self.holds_at = holds_at
        self.begun: list[int] = []
        self.calls: list[dict[str, Any]] = []
        self.broken = False

    def __call__(
        self,
        source: Path,
        target: Path,
        colorizer: object,
        settings: object,
        *,
        progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        **options: Any,
    ) -> Result:
        self.calls.append({"settings": settings, **options})
        parts = target.with_name(f".{target.name}.parts")
        parts.mkdir(exist_ok=True)
        if self.broken:
            raise CorruptFilm("The film is damaged.")
        first = len(list(parts.iterdir()))
        self.begun.append(first)
        if self._log is not None:
            with self._log.open("a") as file:
                file.write(f"{first}\n")
        for step in range(first, 10):
            while step >= self.holds_at and not self.gate.wait(0.02) and not cancelled():
                progress(Progress(step, 10, 4.0, (10 - step) / 4))
            if cancelled():
                return Result(None, step, False, 1, 1, 0.1)
            time.sleep(self._seconds)
            (parts / str(step)).touch()
            progress(Progress(step + 1, 10, 4.0, (9 - step) / 4))
        shutil.copyfile(source, target)
        shutil.rmtree(parts)
        return Result(target, 10, True, 1, 1, 0.1, ("The subtitles could not be kept.",))
