"""A server whose network takes its time; a process of its own, to be killed by tests.

    python -m tests.app.slow_server serve|work SECONDS FINISHED

All else comes from COLORIZER_ variables. Each prediction that was finished adds a line to FINISHED,
each run at a film to FINISHED.films; claims in Redis end 2 s after their process was killed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.config import Config
from app.processes.server import Server
from app.processes.supervisor import work
from app.service import Service
from app.storage import claims
from colorizer import video
from colorizer.photo import Photo
from colorizer.pipeline import Prediction

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


def main() -> None:
    mode, seconds, finished = sys.argv[1:]
    claims.ENDS_AFTER = 2.0
    filming = FakeFilming(seconds=float(seconds), log=Path(f"{finished}.films"))
    video.colorize = filming  # type: ignore[assignment]
    network = SlowNetwork(float(seconds), Path(finished))

    def make_service(config: Config) -> Service:
        return Service(config, load=lambda model: network)

    def announce(text: str) -> None:
        print(text, flush=True)

    if mode == "serve":
        Server(Config.load(), make_service, announce).run()
    else:
        work(Config.load(), make_service, announce)


if __name__ == "__main__":
    main()
