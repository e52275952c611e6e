"""``colorizer colorize --cluster ray``: what the options mean; tests/cluster has real runs."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from colorizer.cli import main
from colorizer.cluster import run as module
from colorizer.cluster.actor import Work
from colorizer.cluster.collection import Job
from colorizer.cluster.ray_data import Cluster
from colorizer.pipeline import Colorizer

from ..pictures import picture


class FakeRun:
    """In place of :func:`colorizer.cluster.run.run`: all is done; remembers what it was told."""

    def __call__(
        self, jobs: Sequence[Job], out: str, work: Work, cluster: Cluster, *, overwrite: bool
    ) -> Generator[dict[str, Any]]:
        self.jobs, self.out, self.work, self.cluster = jobs, out, work, cluster
        self.overwrite = overwrite
        for job in jobs:
            print("what a library says")
            row = {"input": job.input, "output": job.output, "status": "done", "seconds": 0.1}
            more = {"warnings": [], "was_colour": False}
            yield {**row, **more, "error": None, "sha256": "0" * 64}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRun:
    fake = FakeRun()
    monkeypatch.setattr(module, "run", fake)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    picture(Path("in/a.png"))
    picture(Path("in/b.jpg"))
    return fake


def colorize(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["colorize", *arguments])


@pytest.mark.parametrize(
    ("options", "engine"),
    [
        (["--cluster", "ray"], "auto"),
        (["--engine", "ray"], "auto"),
        (["--cluster", "ray", "--engine", "torch"], "torch"),
    ],
)
def test_the_engine_is_what_runs_the_network(
    fake: FakeRun, monkeypatch: pytest.MonkeyPatch, options: list[str], engine: str
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Colorizer, "load", lambda *model, **more: asked.append((model, more)))
    result = colorize("in", "-o", "out", *options, "--model", "mine", "--device", "cuda:1")
    assert result.exit_code == 0, result.output
    fake.work.colorizer_factory()
    assert asked == [(("mine",), {"device": "cuda:1", "engine": engine})]
    assert fake.cluster == Cluster()


def test_every_option_arrives(fake: FakeRun) -> None:
    result = colorize(
        *("in", "-o", "out", "--cluster", "ray", "--ray-address", "auto", "--actors", "3"),
        *("--actor-cpus", "2", "--actor-gpus", "0.25", "--overwrite", "--no-provenance"),
        *("--saturation", "1.5", "--quality", "80", "--max-megapixels", "2", "--format", "jpeg"),
        *("--page", "2", "--salvage"),
    )
    assert result.exit_code == 0, result.output
    assert fake.cluster == Cluster("auto", 3, 2.0, 0.25)
    assert fake.overwrite
    assert not fake.work.provenance
    assert fake.work.settings.saturation == 1.5
    assert fake.work.read_options == {"max_pixels": 2_000_000, "page": 2, "salvage": True}
    assert fake.work.write_options == {"quality": 80, "lossless": False}
    assert sorted(job.name for job in fake.jobs) == ["a.jpg", "b.jpg"]


def test_the_address_may_be_a_variable(fake: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert colorize("in", "-o", "out", "--cluster", "ray").exit_code == 0
    assert fake.cluster.address == "10.0.0.1:6379"
    result = colorize("in", "-o", "no/such/file.png")  # without a cluster it means nothing
    assert "needs --cluster" not in result.stderr


def test_only_results_are_on_stdout(fake: FakeRun) -> None:
    result = colorize("in", "-o", "out", "--cluster", "ray", "--json")
    *rows, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["sha256"] for row in rows] == ["0" * 64] * 2
    assert last["summary"]["done"] == 2
    assert result.stderr.count("what a library says") == 2


def test_the_rate_is_said(fake: FakeRun) -> None:
    result = colorize("in", "-o", "out", "--cluster", "ray")
    assert result.stdout.startswith("2 colorized (")
    assert result.stdout.endswith(" per second): out\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in", "-o", "out", "--actors", "2"], "--actors needs --cluster ray"),
        (["in", "-o", "out", "--actor-gpus", "1"], "--actor-gpus needs --cluster ray"),
        (["in", "-o", "out", "--ray-address", "auto"], "--ray-address needs --cluster ray"),
        (["in", "-o", "out", "--cluster", "ray", "--jobs", "2"], "use --actors"),
        (["s3://bucket/in", "-o", "out"], "s3://bucket/in is an address; that needs --cluster"),
        (["in", "-o", "s3://bucket/out"], "s3://bucket/out is an address"),
        (["in", "-o", "out", "--cluster", "ray", "--actors", "0"], "--actors"),
        (["in", "-o", "out", "--cluster", "ray", "--bit-depth", "16"], "JPEG has 8 bits only"),
        (["in", "s3://bucket/in", "-o", "out", "--cluster", "ray"], "not both at once"),
        (["missing", "-o", "out", "--cluster", "ray"], "does not exist"),
        (["in", "-o", "out", "--cluster", "ray", "--page", "all"], "--page all is not possible"),
    ],
)
def test_misuse_is_exit_code_2(fake: FakeRun, arguments: list[str], message: str) -> None:
    result = colorize(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("out").exists()
    assert not hasattr(fake, "jobs")
