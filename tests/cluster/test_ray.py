"""Real runs on Ray's cluster of this machine, each in processes of its own that end with it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from colorizer.cluster import places, ray_data
from colorizer.cluster.actor import Work
from colorizer.cluster.collection import Job
from colorizer.cluster.manifest import MANIFEST
from colorizer.cluster.ray_data import RETRIES, Cluster
from colorizer.errors import ClusterUnavailable, InvalidSetting, PackageMissing

from ..conftest import ROOT
from ..pictures import channels, picture
from .fakes import KILLS_ALWAYS, KILLS_ONCE

#: Seconds. A run takes half a minute by itself, and ten times that on a machine that is busy: each
#: process that Ray starts imports for seconds.
PATIENCE = 500
pytestmark = pytest.mark.timeout(3 * PATIENCE)


@dataclass
class Driver:
    """A process that started Ray; ``mark`` is in the environment of all that belong to it."""

    process: subprocess.Popen[str]
    mark: str

    def alive(self) -> list[psutil.Process]:
        """It, and those that Ray started, which need not be its children."""
        return [one for one in psutil.process_iter() if self._is_ours(one)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("RAY_TMPDIR") == self.mark
        except psutil.Error:
            return False


@contextmanager
def started(*arguments: object, folder: Path) -> Iterator[Driver]:
    """Python with these arguments, its output in files; at the end none of its processes stays."""
    # Ray's sockets need a short path
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as short:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_TMPDIR": short}
        environment.pop("RAY_ADDRESS", None)
        with (folder / "stdout").open("w") as stdout, (folder / "stderr").open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, *map(str, arguments)], cwd=folder, env=environment,
                stdout=stdout, stderr=stderr, text=True,
            )  # fmt: skip
        driver = Driver(process, short)
        try:
            yield driver
        finally:
            ours = driver.alive()
            for one in ours:
                one.kill()
            psutil.wait_procs(ours, timeout=20)
            process.wait()


def finished(*arguments: object, folder: Path) -> int:
    with started(*arguments, folder=folder) as driver:
        code = driver.process.wait(timeout=PATIENCE)
        wait_until(lambda: not driver.alive(), "Ray was not shut down")
    return code


def listening(processes: list[psutil.Process]) -> set[str]:
    """The addresses on which they listen."""
    numbers = {process.pid for process in processes}
    return {
        connection.laddr[0].removeprefix("::ffff:")
        for connection in psutil.net_connections("inet")
        if connection.laddr
        and connection.status == psutil.CONN_LISTEN
        and connection.pid in numbers
    }


def wait_until(condition: Callable[[], bool], message: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.2)


def lines(file: Path) -> list[dict[str, Any]]:
    """The rows that a run printed; Ray prints, too."""
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def manifest(out: object) -> dict[str, dict[str, Any]]:
    """The lines by the results' names, of which no two are the same."""
    data = places.read_bytes(f"{out}/{MANIFEST}") or b""
    rows = [json.loads(line) for line in data.splitlines()]
    by_name = {row["output"]: row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


def results(out: Path) -> list[str]:
    return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())


def test_an_actor_that_dies_loses_nothing(tmp_path: Path) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    for i in range(8):
        picture(photos / f"{i}.png")
    picture(photos / "once.png", KILLS_ONCE)
    picture(photos / "always.png", KILLS_ALWAYS)
    (photos / "bad.png").write_bytes(b"no picture")
    arguments = ("-m", "tests.cluster.ray_fake", photos, out, tmp_path, 0.05)
    assert finished(*arguments, folder=tmp_path) == 0, (tmp_path / "stderr").read_text()[-3000:]
    tried = (tmp_path / "tried").read_text().split()
    assert tried.count(str(KILLS_ONCE)) == 2
    assert tried.count(str(KILLS_ALWAYS)) == 1 + RETRIES
    rows = lines(tmp_path / "stdout")
    assert len(rows) == 11
    noted = manifest(out)
    good = {*(f"{i}.png" for i in range(8)), "once.png"}
    assert {name for name, line in noted.items() if line["status"] == "done"} == good
    assert noted["always.png"]["error"].startswith("The process that coloured always.png died")
    assert noted["bad.png"]["error"].startswith("bad.png is not a picture")
    assert len(noted) == 11
    assert results(out) == sorted([*good, MANIFEST])
    for name in good:
        assert channels(out / name) == 3
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == noted[name]["sha256"]


def test_a_run_that_is_killed_goes_on(tmp_path: Path) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    for i in range(24):
        picture(photos / f"{i:02}.png")
    arguments = ("-m", "tests.cluster.ray_fake", photos, out, tmp_path)
    with started(*arguments, 0.4, folder=tmp_path) as driver:
        wait_until(lambda: len(lines(tmp_path / "stdout")) >= 4, "nothing was done")
        assert listening(driver.alive()) == {"127.0.0.1"}
        driver.process.kill()
        driver.process.wait()
        wait_until(lambda: not driver.alive(), "Ray outlives its driver")
    first = manifest(out)
    assert 4 <= len(first) < 24
    before = {name: (out / name).stat().st_mtime_ns for name in results(out) if name != MANIFEST}
    assert {*first} <= {*before}
    assert finished(*arguments, 0, folder=tmp_path) == 0, (tmp_path / "stderr").read_text()[-3000:]
    second = manifest(out)
    assert sorted(second) == sorted(path.name for path in photos.iterdir())
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert {name: second[name] for name in first} == first
    assert {line["status"] for line in second.values()} <= {"done", "found"}
    for name, line in second.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == line["sha256"]
    assert results(out) == sorted([*second, MANIFEST])


def test_the_command_from_a_store_into_one(tmp_path: Path, bucket: str) -> None:
    for name in ("a.png", "sub/b.jpg"):
        file = picture(tmp_path / "in" / name, 160, 130)
        places.write_bytes(f"{bucket}/in/{name}", file.read_bytes())
    places.write_bytes(f"{bucket}/in/bad.png", b"no picture")
    command = (
        *("-m", "colorizer", "colorize", f"{bucket}/in", "-o", f"{bucket}/out", "--json"),
        *("--engine", "ray", "--actors", "1", "--working-size", "128"),
    )
    assert finished(*command, folder=tmp_path) == 1, (tmp_path / "stderr").read_text()[-3000:]
    *rows, last = [json.loads(line) for line in (tmp_path / "stdout").read_text().splitlines()]
    assert {row["output"]: row["status"] for row in rows} == {
        f"{bucket}/out/a.png": "done",
        f"{bucket}/out/sub/b.jpg": "done",
        f"{bucket}/out/bad.png": "failed",
    }
    assert last["summary"]["done"] == 2
    assert last["summary"]["photographs_per_second"] > 0
    assert f"{bucket}/in/bad.png: bad.png is not a pic" in (tmp_path / "stderr").read_text()
    noted = manifest(bucket + "/out")
    assert len(noted) == 3
    for name in ("a.png", "sub/b.jpg"):
        assert noted[name]["sha256"] == places.sha256_of(f"{bucket}/out/{name}")
        with places.as_file(f"{bucket}/out/{name}") as file:
            assert channels(file) == 3


def test_the_cluster_must_have_room_for_an_actor() -> None:
    has = {"CPU": 4.0, "GPU": 1.0}
    cases = [
        (1.0, 0.0, 4),
        (2.0, 0.0, 2),
        (1.0, 0.25, 4),
        (0.5, 0.5, 2),
        (1.0, 1.0, 1),
        (0.1, 0.0, 40),
    ]
    for cpus, gpus, expected in cases:
        assert ray_data.actors(has, Cluster(cpus=cpus, gpus=gpus)) == expected
    assert ray_data.actors(has, Cluster(actors=7)) == 7
    for cluster in (Cluster(cpus=8), Cluster(gpus=2)):
        with pytest.raises(InvalidSetting, match="has 4 processors and 1 graphics"):
            ray_data.actors(has, cluster)


def test_ray_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_data, "find_spec", lambda name: None)
    job = Job("/in/a.png", "/out/a.png", "png", "a.png")
    with pytest.raises(PackageMissing, match=r"colorizer\[ray\]"):
        next(ray_data.results([job], Work(lambda: pytest.fail("loaded")), Cluster()))


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "no:port"])
def test_a_cluster_that_does_not_answer(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = address.format(port=server.getsockname()[1])  # free again after the block
    job = Job("/in/a.png", "/out/a.png", "png", "a.png")
    with pytest.raises(ClusterUnavailable, match=f"{address} cannot be reached"):
        next(ray_data.results([job], Work(lambda: pytest.fail("loaded")), Cluster(address)))
