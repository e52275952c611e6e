#!/usr/bin/env python3
"""Read damaged files until something gives way that must not.

    python scripts/fuzz_reading.py --minutes 10 -o findings [FOLDER…]

Small files of every format, the sample photographs and the files of the folders are read as they
are, and then damaged again and again by a seeded generator. Other processes read each (and write
it, if it can be read and is small): one that dies, needs more than 20 s or 2 GB, or raises anything
but the library's typed errors is a finding, and the file is kept in the folder of ``-o``. With
``--files N`` the same seed reads the same files.

Prints how many files of each kind ended how, as JSON. Exit code 1: there are findings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import sys
import threading
import time
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import fuzz_seeds  # noqa: E402
from mutations import mutated  # noqa: E402

HANGS_AFTER = 20.0  # s
MEMORY = 2 << 30  # bytes
FINDING = "FINDING "  # begins the name of an outcome that is one
_START_WITHIN = 120.0  # s
_RENEWED_AFTER = 5000  # files, so that a leak of memory is not taken for a hungry file

Seed = tuple[str, bytes]


def read_all(pipe: Connection) -> None:
    """A process that reads what it is sent and answers with the outcome, until the pipe ends."""
    import resource

    from reading_outcome import outcome

    warnings.simplefilter("error")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders complain there
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe.send("ready")
    while True:
        try:
            data = pipe.recv_bytes()
        except EOFError:
            return
        try:
            answer = outcome(data)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            answer = f"{FINDING}{type(error).__name__} at {where}: {error}"[:300]
        pipe.send(answer)


class Reader:
    """A process of :func:`read_all`, replaced when it died or had to be ended."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._count = 0

    def read(self, data: bytes) -> str:
        """The outcome for a file; begins with :data:`FINDING` if it is one."""
        if self._process is None or self._count >= _RENEWED_AFTER:
            self.close()
            self._start()
        self._count += 1
        try:
            self._pipe.send_bytes(data)
            if self._pipe.poll(HANGS_AFTER):
                return str(self._pipe.recv())
            answer = f"{FINDING}hang of more than {HANGS_AFTER:g} s"
        except (EOFError, OSError):
            assert self._process is not None
            self._process.join(5)
            answer = f"{FINDING}the process died (exit code {self._process.exitcode})"
        self.close()
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=read_all, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._count = 0
        if not self._pipe.poll(_START_WITHIN) or self._pipe.recv() != "ready":
            raise SystemExit("A process that reads did not start.")

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None


class Fuzzer:
    """Several readers, one after another given files, until time or files have run out.

    Args:
        seeds: (kind, bytes) of whole files.
        keep: folder for the findings.
        number: of the seeded generator.
        until: of ``time.monotonic()``, when no further file is begun.
        files: damaged ones at most; None is no limit.
    """

    def __init__(
        self, seeds: Sequence[Seed], keep: Path, number: int, until: float, files: int | None
    ) -> None:
        self.outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        self.findings: dict[str, str] = {}
        self._seeds = seeds
        self._pieces = [data for _, data in seeds]
        self._keep = keep
        self._generator = random.Random(number)  # nosec B311 # to be repeated
        self._until = until
        self._left = len(seeds) + (sys.maxsize >> 1 if files is None else files)
        self._turn = 0
        self._lock = threading.Lock()

    def run(self, workers: int) -> None:
        """Read until the end has come."""
        threads = [threading.Thread(target=self._work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _next(self) -> Seed | None:
        """First every whole file, then damaged ones; None at the end."""
        with self._lock:
            if not self._left or time.monotonic() > self._until:
                return None
            self._left -= 1
            self._turn += 1
            if self._turn <= len(self._seeds):
                return self._seeds[self._turn - 1]
            kinds = sorted({kind for kind, _ in self._seeds})
            wanted = self._generator.choice(kinds)  # every format is as likely as any other
            data = self._generator.choice([d for kind, d in self._seeds if kind == wanted])
            return wanted, mutated(data, self._generator, self._pieces)

    def _work(self) -> None:
        reader = Reader()
        try:
            while (item := self._next()) is not None:
                kind, data = item
                answer = reader.read(data)
                with self._lock:
                    name = "FINDING" if answer.startswith(FINDING) else answer
                    self.outcomes[kind][name] += 1
                if name == "FINDING":
                    self._found(kind, data, answer.removeprefix(FINDING))
        finally:
            reader.close()

    def _found(self, kind: str, data: bytes, reason: str) -> None:
        self._keep.mkdir(parents=True, exist_ok=True)
        path = self._keep / f"{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
        path.write_bytes(data)
        with self._lock:
            self.findings[path.name] = reason
        print(f"{path}: {reason}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="with more files to begin with")
    parser.add_argument("-o", "--output", type=Path, default=Path("findings"), help="for findings")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--files", type=int, help="damaged files at most")
    parser.add_argument("--seed", type=int, default=0, help="of the generator")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    seeds = list(fuzz_seeds.generated())
    for folder in (ROOT / "samples", *options.folders):
        seeds += fuzz_seeds.of_folder(folder)
    start = time.monotonic()
    until = start + 60 * options.minutes
    fuzzer = Fuzzer(seeds, options.output, options.seed, until, options.files)
    fuzzer.run(options.workers)
    report = {
        "whole_files": len(seeds),
        "files_read": sum(sum(counts.values()) for counts in fuzzer.outcomes.values()),
        "seconds": round(time.monotonic() - start),
        "seed": options.seed,
        "outcomes": {kind: dict(counts) for kind, counts in sorted(fuzzer.outcomes.items())},
        "findings": fuzzer.findings,
    }
    print(json.dumps(report, indent=2))
    return int(bool(fuzzer.findings))


if __name__ == "__main__":
    sys.exit(main())
