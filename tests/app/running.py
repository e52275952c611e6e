"""Processes of the application that tests start, stop and kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import requests

from ..conftest import ROOT
from .clips import clip
from .conftest import jpeg, wait_until

Start = Callable[..., "Running"]


class Running:
    """A process that was started, and the address that it printed."""

    def __init__(
        self, command: list[str], variables: dict[str, str], log: IO[str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().strip()
        self.address = self.said.rpartition(" ")[2]

    def worker(self) -> psutil.Process:
        """The process that does the work: the only child of the one that was started."""
        master = psutil.Process(self.process.pid)
        children: list[psutil.Process] = []

        def has_one() -> bool:
            children[:] = master.children()
            return len(children) == 1

        wait_until(has_one)
        return children[0]

    def kill_all(self) -> None:
        """What a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def close(self) -> None:
        """Leave nothing behind, however it ended."""
        if self.process.poll() is None:
            self.kill_all()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Start slow servers, or other modules with arguments, on the same data folder.

    What is still running at the end is killed.
    """
    running: list[Running] = []
    finished = str(folder / "finished")

    def start(
        mode: str = "serve", seconds: float = 0.0, command: list[str] | None = None, **more: str
    ) -> Running:
        module = command or ["tests.app.slow_server", mode, str(seconds), finished]
        variables = {
            "COLORIZER_DATA_DIR": str(folder / "data"),
            "COLORIZER_PORT": "0",
            "COLORIZER_MIN_FREE_DISK_MB": "0",
            **more,
        }
        running.append(Running([sys.executable, "-m", *module], variables))
        return running[-1]

    try:
        yield start
    finally:
        for one in running:
            one.close()


class Client:
    """One browser: it keeps its cookie over restarts of the server."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def upload(self, server: Running, width: int) -> str:
        file = ("x.jpg", jpeg(width, 32), "image/jpeg")
        answer = self._session.post(f"{server.address}/api/v1/photos", files={"file": file})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def colour_film(self, server: Running, seconds: float = 1.0, **order: Any) -> str:
        """Upload a film and order a version; returns the version's address."""
        file = ("x.mp4", clip(seconds), "video/mp4")
        answer = self._session.post(f"{server.address}/api/v1/films", files={"file": file})
        assert answer.status_code == 201, answer.text
        return self.order(server, answer.json()["links"]["versions"], **order)

    def order(self, server: Running, versions: str, **order: Any) -> str:
        """Order a version of a film that is there; returns its address."""
        answer = self._session.post(f"{server.address}{versions}", json=order)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["links"]["self"])

    def finished_film(self, server: Running, address: str) -> bytes:
        """The file of a version, as soon as it is ready."""
        wait_until(lambda: bool(self.version(server, address)["state"] == "ready"))
        answer = self._session.get(f"{server.address}{address}/file")
        assert answer.status_code == 200, answer.text
        return answer.content

    def get(self, server: Running, address: str, **headers: str) -> requests.Response:
        return self._session.get(f"{server.address}{address}", headers=headers)

    def remove(self, server: Running, address: str) -> None:
        assert self._session.delete(f"{server.address}{address}").status_code == 204

    def version(self, server: Running, address: str) -> dict[str, Any]:
        answer = self._session.get(f"{server.address}{address}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def view(self, server: Running, id: str) -> dict[str, Any]:
        answer = self._session.get(f"{server.address}/api/v1/photos/{id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def preview(self, server: Running, id: str) -> bytes:
        answer = self._session.get(f"{server.address}/api/v1/photos/{id}/preview")
        assert answer.status_code == 200, answer.text
        return answer.content

    def wait(self, server: Running, id: str, state: str) -> None:
        """Wait for a state; a server that is being restarted is asked again."""

        def reached() -> bool:
            try:
                return bool(self.view(server, id)["state"] == state)
            except requests.ConnectionError:
                time.sleep(0.1)
                return False

        wait_until(reached)

    def close(self) -> None:
        self._session.close()


def widths(tmp_path: Path) -> list[int]:
    """Of the photographs that the network finished, in that order."""
    path = tmp_path / "finished"
    return [int(line) for line in path.read_text().split()] if path.exists() else []
