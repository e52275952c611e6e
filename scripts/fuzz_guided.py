#!/usr/bin/env python3
"""Fuzz the reading path with atheris, which keeps damaged files that reach new lines of code.

    pip install '.[fuzz]'
    python scripts/fuzz_guided.py --minutes 10 -o findings [FOLDER…]

scripts/fuzz_reading.py says what a finding is; it needs nothing beyond the project, and is quicker.
This one gets deeper into the parsers that are written in Python (ours and tifffile's). After a
finding it goes on with a new process until the time is up. Exit code 1: there are findings.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess  # nosec B404 # it starts itself
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

_HANGS_AFTER, _MEMORY_MB, _LONGEST = 20, 2048, 100_000  # s, MB, bytes


def fuzz(arguments: list[str]) -> None:
    """Be libFuzzer with these arguments; does not return."""
    import atheris

    with atheris.instrument_imports(include=["colorizer.photo", "tifffile"]):
        import tifffile  # noqa: F401

        from colorizer.photo import reading, writing  # noqa: F401
        from colorizer.photo.decoders import (  # noqa: F401
            bmp,
            heic,
            jpeg,
            png,
            pnm,
            simple,
            tiff,
        )
    from reading_outcome import outcome

    atheris.Setup([sys.argv[0], *arguments], lambda data: (outcome(data), None)[1])
    atheris.Fuzz()


def main() -> int:
    if sys.argv[1:2] == ["--libfuzzer"]:
        fuzz(sys.argv[2:])
    from fuzz_seeds import generated, of_folder

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="with more files to begin with")
    parser.add_argument("-o", "--output", type=Path, default=Path("findings"), help="for findings")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer; not 0")
    options = parser.parse_args()
    seeds = [data for _, data in generated()]
    seeds += [data for folder in options.folders for _, data in of_folder(folder)]
    options.output.mkdir(parents=True, exist_ok=True)
    before = set(options.output.iterdir())
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as corpus:
        for data in seeds:
            if len(data) <= _LONGEST:
                (Path(corpus) / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        turn = 0
        while (left := end - time.monotonic()) > 1:
            subprocess.run(  # nosec B603 # itself, without a shell
                [
                    *(sys.executable, __file__, "--libfuzzer", corpus),
                    f"-max_total_time={left:.0f}",
                    f"-timeout={_HANGS_AFTER}",
                    f"-rss_limit_mb={_MEMORY_MB}",
                    f"-max_len={_LONGEST}",
                    f"-artifact_prefix={options.output}/",
                    f"-seed={options.seed + turn}",
                    "-close_fd_mask=2",  # decoders complain there; libFuzzer has its own copy
                ],
                check=False,
            )
            turn += 1
    found = set(options.output.iterdir()) - before
    print(f"{len(found)} findings", *sorted(found), sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
