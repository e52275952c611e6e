#!/usr/bin/env python3
"""Films: how steady and how good colours are, how fast they are made, and how much memory it takes.

    python benchmarks/video.py FILMS… [--limit 60] [-o docs/video.json]

Of each film the first frames are measured as by ``colorizer evaluate --video``. Speed is that of
the first film, made 640 x 480, twenty seconds and a minute of it (repeated), from file to file with
the default settings and in a process of its own; peak memory is that process's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from colorizer import Colorizer
from colorizer.evaluation.films import FilmReport, Row, evaluate_film, film_table
from colorizer.evaluation.machine import describe_machine
from colorizer.evaluation.vgg import VggDistance

_TIMED = """
import json, os, re, sys, time
from colorizer import Colorizer, video
colorizer = Colorizer.load()
began, used = time.monotonic(), time.process_time()
result = video.colorize(sys.argv[1], sys.argv[2], colorizer)
print(json.dumps({
    "frames": result.frames,
    "frames_per_second": result.frames / (time.monotonic() - began),
    "cpu_ms_per_frame": 1000 * (time.process_time() - used) / result.frames,
    "peak_mb": int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024,
    "load": os.getloadavg()[0],
}))
"""


def enlarged(source: Path, target: Path, seconds: int) -> None:
    """The film at 640 x 480, repeated until it is so long."""
    with av.open(str(source)) as film, av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        count = 0
        while count < 25 * seconds:
            film.seek(0)
            for frame in film.decode(video=0):
                if count == 25 * seconds:
                    break
                picture = frame.reformat(640, 480, "yuv420p")
                picture.pts, picture.time_base = count, Fraction(1, 25)
                out.mux(stream.encode(picture))
                count += 1
        out.mux(stream.encode(None))


def speed(source: Path, seconds: int) -> dict[str, Any]:
    """Of a film of so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        enlarged(source, film, seconds)
        command = [sys.executable, "-c", _TIMED, str(film), str(Path(folder) / "out.mp4")]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        return {"seconds": seconds, **json.loads(run.stdout)}


def table(report: dict[str, Any]) -> str:
    """Of what :func:`main` wrote, as Markdown."""
    films = [
        FilmReport(**{**film, "rows": {name: Row(**row) for name, row in film["rows"].items()}})
        for film in report["films"]
    ]
    frames = "all frames" if report["limit"] is None else f"the first {report['limit']} frames"
    lines = [film_table(films), "", f"Of {frames} of each film. {report['machine']}.", ""]
    lines += ["| 640 × 480 | frames a second | processor for each frame | peak memory |"]
    lines += ["|---|---:|---:|---:|"]
    for found in report["speed"]:
        lines.append(
            f"| {found['seconds']} s | {found['frames_per_second']:.1f} "
            f"| {found['cpu_ms_per_frame']:.0f} ms | {found['peak_mb']:.0f} MB |"
        )
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, help="frames of each film")
    parser.add_argument(
        "--lengths", type=int, nargs="*", default=[20, 60], help="seconds, of speed"
    )
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    speeds = [speed(options.films[0], seconds) for seconds in options.lengths]
    colorizer, vgg = Colorizer.load(), VggDistance()
    reports = [evaluate_film(colorizer, f, vgg=vgg, limit=options.limit) for f in options.films]
    content = {
        "films": [report.as_dict() for report in reports],
        "limit": options.limit,
        "speed": speeds,
        **describe_machine(),
    }
    print(table(content))
    if options.output is not None:
        options.output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
