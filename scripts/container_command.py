"""Runs inside a fresh container: times the command line, twice.

The second run finds the files in the system's cache.
"""

from __future__ import annotations

import subprocess
import time
from importlib.util import find_spec

from app.resources import folder


def main() -> None:
    print("torch is installed" if find_spec("torch") else "torch is not installed")
    photograph = folder("samples") / "camera.jpg"
    for name in ("first", "second"):
        start = time.perf_counter()
        command = ["colorizer", "colorize", str(photograph), "-o", f"/tmp/{name}.jpg"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"colorizer colorize camera.jpg, {name} run: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
