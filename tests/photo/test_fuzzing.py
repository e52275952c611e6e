"""A short run of the fuzzer, and that it finds what it is for."""

from __future__ import annotations

import json
import random
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..conftest import ROOT
from .pictures import noise, saved

SCRIPT = ROOT / "scripts" / "fuzz_reading.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux limits memory")


def fuzzed(tmp_path: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, str(SCRIPT), "-o", str(tmp_path / "findings"), *options]
    run = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert run.stdout, run.stderr
    report: dict[str, Any] = json.loads(run.stdout)
    assert run.returncode == bool(report["findings"])
    return report


def test_damaged_files_of_every_format_are_read_or_refused(tmp_path: Path) -> None:
    report = fuzzed(tmp_path, "--workers", "1", "--files", "500", "--minutes", "4", "--seed", "1")
    assert report["findings"] == {}
    formats = {"png", "jpeg", "tiff", "webp", "bmp", "pnm", "gif", "avif", "jpeg 2000", "jpeg xl"}
    assert formats <= set(report["outcomes"])
    for format in formats:
        counts = report["outcomes"][format]
        assert counts["read"] > 0
        assert counts.get("CorruptImage", 0) + counts.get("UnsupportedImage", 0) > 0


@pytest.mark.parametrize(
    ("reading", "finding"),
    [
        ("raise KeyError('leaked')", "KeyError"),
        ("import os; os.abort()", "the process died"),
        ("bytearray(3 << 30)", "MemoryError"),
        ("import time; time.sleep(99)", "hang"),
    ],
)
def test_what_gives_way_is_found(tmp_path: Path, reading: str, finding: str) -> None:
    """The same reader on an outcome that misbehaves."""
    (tmp_path / "reading_outcome.py").write_text(f"def outcome(data):\n    {reading}\n")
    reader = tmp_path / "run.py"
    reader.write_text(
        "import sys\n"
        f"sys.path[:0] = [{str(tmp_path)!r}, {str(SCRIPT.parent)!r}]\n"
        "import fuzz_reading\n"
        "fuzz_reading.HANGS_AFTER = 3\n"
        "if __name__ == '__main__':\n"
        "    reader = fuzz_reading.Reader()\n"
        "    print(reader.read(b'x'))\n"
        "    reader.close()\n"
    )
    run = subprocess.run(
        [sys.executable, str(reader)], capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stdout.startswith("FINDING ")
    assert finding in run.stdout


def test_the_same_seed_damages_in_the_same_way() -> None:
    mutated = runpy.run_path(str(SCRIPT.parent / "mutations.py"))["mutated"]
    data = saved(noise(), "PNG")

    def made(seed: int) -> list[bytes]:
        generator = random.Random(seed)
        return [mutated(data, generator) for _ in range(50)]

    assert made(1) == made(1)
    assert made(1) != made(2)
    assert sum(one != data for one in made(1)) > 40
