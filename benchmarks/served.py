"""A server of its own for a measurement, and clients that use it; for web.py and soak.py."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests
from PIL import Image, ImageEnhance
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ROOT = Path(__file__).resolve().parents[1]
POLL = 0.05  # s


def photographs(count: int, pixels: int = 1_000_000) -> list[bytes]:
    """Different grey JPEGs of about so many pixels, made of the sample photographs."""
    result = []
    sources = sorted((ROOT / "samples").glob("*.jpg"))
    for i in range(count):
        with Image.open(sources[i % len(sources)]) as image:
            grey = image.convert("L")
        scale = (pixels / (grey.width * grey.height)) ** 0.5
        grey = grey.resize((round(grey.width * scale), round(grey.height * scale)))
        grey = ImageEnhance.Brightness(grey).enhance(0.8 + 0.4 * i / max(count - 1, 1))
        buffer = io.BytesIO()
        grey.save(buffer, "JPEG", quality=90)
        result.append(buffer.getvalue())
    return result


@contextmanager
def server(folder: Path, log: Path | None = None) -> Iterator[tuple[str, psutil.Process]]:
    """``colorizer serve`` with rate limits raised and nothing else changed.

    Args:
        folder: for its data.
        log: file for its log; None leaves the log on stderr.

    Yields:
        Its address and its process.
    """
    environment = {
        **os.environ,
        "COLORIZER_DATA_DIR": str(folder),
        "COLORIZER_RATE_LIMIT": "1000000/minute",
        "COLORIZER_UPLOAD_RATE_LIMIT": "1000000/minute",
        "PYTHONPATH": str(ROOT),
    }
    errors = None if log is None else log.open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "colorizer", "serve", "--port", "0"],
        stdout=subprocess.PIPE, stderr=errors, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                break
        else:
            raise SystemExit("The server did not start.")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        address = found.group().rstrip("/.")
        until(lambda: requests.get(f"{address}/readyz", timeout=10).ok, 120)
        yield address, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if errors is not None:
            errors.close()


def until(done: Callable[[], bool], seconds: float) -> None:
    """Ask ``done()`` until it says yes."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"Still waiting after {seconds:g} s.")
        time.sleep(POLL)


def resident(process: psutil.Process) -> int:
    """Resident bytes of the server and all of its processes."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


class Client:
    """One person at a browser: a session with its cookie."""

    def __init__(self, address: str) -> None:
        self.api = f"{address}/api/v1"
        self.session = requests.Session()
        # A connection that was idle may be closed by the server just when it is used again.
        again = Retry(3, allowed_methods=("GET", "DELETE"), backoff_factor=0.1)
        self.session.mount("http://", HTTPAdapter(max_retries=again))

    def send(self, data: bytes) -> requests.Response:
        files = {"file": ("scan.jpg", data, "image/jpeg")}
        return self.session.post(f"{self.api}/photos", files=files, timeout=120)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.api}{path}", params=query, timeout=120)

    def state(self, photo: str) -> str:
        return str(self.get(f"/photos/{photo}").json()["state"])

    def wait(self, photo: str, seconds: float = 600) -> str:
        until(lambda: self.state(photo) in ("ready", "failed"), seconds)
        return self.state(photo)

    def delete(self, photo: str) -> None:
        self.session.delete(f"{self.api}/photos/{photo}", timeout=120).raise_for_status()
