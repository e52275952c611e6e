"""What is planned for a collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from colorizer.cluster import places
from colorizer.cluster.collection import Job, find_jobs
from colorizer.errors import InvalidSetting
from colorizer.plan import find_inputs, plan

from ..pictures import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.tif", "sub/c.png", "sub/c.tif"):
        picture(tmp_path / "in" / name)
    return tmp_path / "in"


@pytest.fixture
def address(bucket: str, folder: Path) -> str:
    for file in folder.rglob("*.*"):
        places.write_bytes(f"{bucket}/in/{file.relative_to(folder).as_posix()}", file.read_bytes())
    return f"{bucket}/in"


def planned(jobs: list[Job]) -> list[tuple[str, str]]:
    return [(job.name, job.format) for job in jobs]


@pytest.mark.parametrize("format", [None, "webp"])
def test_the_plan_is_that_of_the_local_batch(
    folder: Path, address: str, bucket: str, format: str | None
) -> None:
    out = folder.parent / "out"
    tasks = plan(find_inputs([folder], out=out), out, format=format)
    expected = [(task.output.relative_to(out).as_posix(), task.format) for task in tasks]
    assert len(expected) == 4
    for source in (str(folder), address):
        for target in (str(out), f"{bucket}/out", f"{bucket}/out/"):
            jobs = find_jobs([source], target, format=format)
            assert planned(jobs) == expected
            for job in jobs:
                assert job.output == f"{target.rstrip('/')}/{job.name}"
                assert job.input.startswith(f"{source}/")
                assert places.read_bytes(job.input)


def test_paths_become_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    (job,) = find_jobs(["in/a.jpg"], "out")
    assert (job.input, job.output) == (str(folder / "a.jpg"), f"{folder.parent}/out/a.jpg")


def test_of_several_sources_each_keeps_its_name(address: str) -> None:
    jobs = find_jobs([f"{address}/sub/", f"{address}/a.jpg"], "/out")
    assert [job.name for job in jobs] == ["sub/c.png.png", "sub/c.tif.png", "a.jpg"]
    again = find_jobs([f"{address}/a.jpg", f"{address}/a.jpg"], "/out")
    assert [job.name for job in again] == ["a.jpg"]


def test_misuse_is_refused(folder: Path, address: str, bucket: str) -> None:
    cases = [
        ([str(folder), address], "/out", "either folders or addresses"),
        ([f"{bucket}/empty"], "/out", f"no photographs in {bucket}/empty"),
        ([str(folder / "a.jpg")], str(folder.parent / "out.png"), "is the name of a file"),
        ([f"{address}/a.jpg"], address, "would replace the original"),
        ([address, f"{address}/sub"], f"{bucket}/in", "cannot be both"),
        ([f"{bucket}/in/sub/c.png", f"{bucket}/in/c.png"], "/out", "both be written to"),
    ]
    places.write_bytes(f"{bucket}/in/c.png", b"")
    for sources, out, message in cases:
        with pytest.raises(InvalidSetting, match=message):
            find_jobs(sources, out)
