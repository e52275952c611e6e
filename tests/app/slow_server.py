"""A server whose network takes its time; a process of its own, to be killed by tests.

    python -m tests.app.slow_server serve|work|films SECONDS FINISHED

"films" serves, and colours films really, in short segments, SECONDS for each key frame. All else
comes from COLORIZER_ variables. Each prediction that was finished adds a line to FINISHED, each run
at a film to FINISHED.films; claims in Redis end 2 s after their process was killed.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.config import Config
from app.processes.server import Server
from app.processes.supervisor import work
from app.service import Service
from app.storage import claims
from app.work import filming
from colorizer import video
from colorizer.photo import Photo
from colorizer.prediction import Prediction
from colorizer.video import Progress, Result, into_film, run, stretches

from ..video.clips import KnowingColorizer
from .clips import FakeFilming
from .fakes import FakeNetwork


class SlowNetwork(FakeNetwork):
    """Takes photographs of a real size slowly, and its first try not."""

    def __init__(self, seconds: float, finished: Path) -> None:
        super().__init__()
        self._slow = seconds
        self._finished = finished

    def predict(self, photo: Photo, *, working_size: int | None = None) -> Prediction:
        trial = not self.calls
        self.seconds = 0 if trial else self._slow
        prediction = super().predict(photo, working_size=working_size)
        if not trial:
            with self._finished.open("a") as file:
                file.write(f"{photo.width}\n")
        return prediction


def real_films(seconds: float, log: Path) -> Callable[[str], KnowingColorizer]:
    """Make segments short and log at which frame each run begins; what loads a model."""
    into_film.SEGMENT = 0.3
    run.REPORT = 0.0
    stretches.MOST_FRAMES = 9
    filming._TELL_EVERY = 0.0
    real = video.colorize

    def logged(*arguments: Any, progress: Callable[[Progress], None], **options: Any) -> Result:
        told: list[int] = []

        def tell(how_far: Progress) -> None:
            if not told:
                with log.open("a") as file:
                    file.write(f"{how_far.frames - 1}\n")
            told.append(how_far.frames)
            progress(how_far)

        return real(*arguments, progress=tell, **options)

    def load(model: str) -> KnowingColorizer:
        is_of_film = threading.current_thread().name == "films"
        return KnowingColorizer(on_predict=lambda: time.sleep(seconds if is_of_film else 0))

    video.colorize = logged  # type: ignore[assignment]
    return load


def main() -> None:
    mode, seconds, finished = sys.argv[1:]
    claims.ENDS_AFTER = 2.0
    log = Path(f"{finished}.films")
    load: Callable[[str], Any]
    if mode == "films":
        load = real_films(float(seconds), log)
    else:
        video.colorize = FakeFilming(seconds=float(seconds), log=log)  # type: ignore[assignment]
        network = SlowNetwork(float(seconds), Path(finished))
        load = lambda model: network  # noqa: E731

    def make_service(config: Config) -> Service:
        return Service(config, load=load)

    def announce(text: str) -> None:
        print(text, flush=True)

    if mode == "work":
        work(Config.load(), make_service, announce)
    else:
        Server(Config.load(), make_service, announce).run()


if __name__ == "__main__":
    main()
