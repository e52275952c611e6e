"""Runs inside the container: waits until it is ready, and colours a photograph over HTTP.

Argument: when the container was started, s since 1970.
"""

from __future__ import annotations

import io
import os
import sys
import time

import psutil
import requests
from PIL import Image

from app.resources import folder

ADDRESS = "http://127.0.0.1:8000"
WAIT = 300  # s


def main() -> None:
    deadline = time.monotonic() + WAIT
    while not _ok(f"{ADDRESS}/readyz"):
        assert time.monotonic() < deadline, "it did not become ready"
        time.sleep(0.1)
    passed = time.time() - float(sys.argv[1])
    print(f"ready {passed:.1f} s after the start, {_busy():.1f} s of processor time")
    with requests.Session() as session:
        with (folder("samples") / "camera.jpg").open("rb") as file:
            answer = session.post(f"{ADDRESS}/api/v1/photos", files={"file": file}, timeout=60)
        assert answer.status_code == 201, answer.text
        photo = f"{ADDRESS}/api/v1/photos/{answer.json()['id']}"
        while (state := session.get(photo, timeout=60).json()["state"]) != "ready":
            assert state != "failed"
            assert time.monotonic() < deadline, state
            time.sleep(0.5)
        picture = Image.open(io.BytesIO(session.get(f"{photo}/image", timeout=120).content))
    assert picture.mode == "RGB", picture.mode
    print(f"coloured: {picture.format}, {picture.size}")


def _busy() -> float:
    """Processor time of the server, which is all that runs beside this, s."""
    others = (process for process in psutil.process_iter() if process.pid != os.getpid())
    return sum(sum(process.cpu_times()[:2]) for process in others)


def _ok(address: str) -> bool:
    try:
        return requests.get(address, timeout=10).status_code == 200
    except requests.RequestException:
        return False


if __name__ == "__main__":
    main()
