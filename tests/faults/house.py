"""A web server, its queue and its workers: processes on one data folder, to be killed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import psutil
import pytest

from ..app.conftest import wait_until
from ..app.running import Running, widths


class House:
    """Starts processes that share a folder, and ends them all.

    Args:
        folder: empty; the data folder, Redis's and the logs are made in it.
        seconds: that the network takes for a photograph; None is the real network.
        settings: COLORIZER_ variables of all processes, without the prefix.
    """

    def __init__(self, folder: Path, seconds: float | None = None, **settings: str) -> None:
        self.data = folder / "data"
        self._folder = folder
        self._seconds = seconds
        self._settings = {
            "DATA_DIR": str(self.data),
            "PORT": "0",
            "MIN_FREE_DISK_MB": "0",
            "RATE_LIMIT": "100000/minute",
            "UPLOAD_RATE_LIMIT": "100000/minute",
            **settings,
        }
        self._running: list[Running] = []
        self._redis: subprocess.Popen[bytes] | None = None
        self._redis_port = 0
        self._log: IO[str] = (folder / "log").open("a")
        self.web: Running | None = None

    @property
    def address(self) -> str:
        """Of the web server that was started last."""
        assert self.web is not None
        return self.web.address

    def start_redis(self) -> None:
        """At the same port each time, with what its files hold."""
        server = shutil.which("redis-server")
        if server is None:
            pytest.skip("redis-server is not installed")
        if not self._redis_port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self._redis_port = free.getsockname()[1]
            (self._folder / "redis").mkdir()
            self._settings["QUEUE_URL"] = f"redis://127.0.0.1:{self._redis_port}/0"
            self._settings["EMBEDDED_WORKER"] = "false"
        command = [server, "--appendonly", "yes", "--bind", "127.0.0.1"]
        command += ["--port", str(self._redis_port), "--dir", str(self._folder / "redis")]
        self._redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill_redis(self) -> None:
        assert self._redis is not None
        self._redis.kill()
        self._redis.wait(20)

    def start_web(self) -> Running:
        self.web = self._start("serve")
        return self.web

    def start_worker(self) -> Running:
        return self._start("worker")

    def _start(self, command: str) -> Running:
        module = ["colorizer", command]
        if self._seconds is not None:
            finished = str(self._folder / "finished")
            mode = {"serve": "serve", "worker": "work"}[command]
            module = ["tests.app.slow_server", mode, str(self._seconds), finished]
        variables = {f"COLORIZER_{name}": value for name, value in self._settings.items()}
        self._running.append(Running([sys.executable, "-m", *module], variables, self._log))
        return self._running[-1]

    def finished(self) -> list[int]:
        """Widths of the photographs that the slow network has finished, in that order."""
        return widths(self._folder)

    def log(self) -> str:
        """What all processes have logged."""
        return (self._folder / "log").read_text()

    def wait_for_work(self, count: int = 3) -> None:
        """Wait until some photographs are finished, and another is in hand."""
        done = self._predictions() + count
        wait_until(lambda: self._predictions() >= done)
        wait_until(lambda: any(self.data.glob("photos/*/*.claim")))

    def _predictions(self) -> int:
        return sum(1 for _ in self.data.glob("photos/*/*.prediction"))

    def close(self) -> None:
        for running in self._running:
            running.close()
        if self._redis is not None:
            self.kill_redis()
        self._log.close()


def pid_of(running: Running) -> int:
    """Of the process that works, not of the one that looks after it."""
    worker: psutil.Process = running.worker()
    return worker.pid
