"""Colorizers that end their process, and actors without Ray."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from colorizer.cluster.actor import Actor, Work
from colorizer.cluster.collection import Job
from colorizer.cluster.ray_data import Cluster
from colorizer.guidance import Hint
from colorizer.photo import Photo

from ..fake_colorizer import FakeColorizer

#: Widths of photographs, px: what kills its process at the first time, and each time.
KILLS_ONCE, KILLS_ALWAYS = 31, 32


class Deadly(FakeColorizer):
    """Its process ends, as if the system had run out of memory, at photographs of two widths."""

    def __init__(self, folder: str, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.folder = Path(folder)

    def predict(
        self, photo: Photo, *, working_size: int | None = None, hints: Sequence[Hint] = ()
    ) -> int:
        with (self.folder / "tried").open("a") as file:
            file.write(f"{photo.width}\n")
        tried = (self.folder / "tried").read_text().split()
        first = tried.count(str(photo.width)) == 1
        if photo.width == KILLS_ALWAYS or (photo.width == KILLS_ONCE and first):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict(photo, working_size=working_size)


class InThisProcess:
    """Stands in for Ray: one actor, no process; counts the jobs, and gives up after some."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.jobs: list[str] = []

    def __call__(
        self, jobs: Sequence[Job], work: Work, cluster: Cluster
    ) -> Generator[dict[str, Any]]:
        actor = Actor(work)
        for job in jobs[: self.stop_after]:
            self.jobs.append(job.name)
            yield json.loads(actor({"job": json.dumps(asdict(job))})["result"])
