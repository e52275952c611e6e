"""A collection from beginning to end, with one actor in this process in Ray's place."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colorizer import photo
from colorizer.cluster import places
from colorizer.cluster.actor import Actor, Work
from colorizer.cluster.collection import find_jobs
from colorizer.cluster.manifest import MANIFEST
from colorizer.cluster.run import run
from colorizer.errors import ColorizerError, WeightsMissing
from colorizer.settings import Settings

from ..fake_colorizer import FakeColorizer
from ..photo.pictures import smooth
from ..pictures import channels, picture
from .fakes import InThisProcess

FAKE: Any = FakeColorizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(6):
        picture(tmp_path / "in" / ("sub" if i % 2 else "") / f"{i}.png")
    return tmp_path / "in"


def colorize(
    source: object, out: object, actors: Any = None, work: Work | None = None, **options: Any
) -> list[dict[str, Any]]:
    jobs = find_jobs([str(source)], str(out))
    actors = actors or InThisProcess()
    return list(run(jobs, str(out), work or Work(FAKE), results=actors, **options))


def manifest(out: object) -> dict[str, dict[str, Any]]:
    """The lines by the results' names, of which no two are the same."""
    data = places.read_bytes(f"{out}/{MANIFEST}") or b""
    lines = [json.loads(line) for line in data.splitlines()]
    by_name = {line["output"]: line for line in lines}
    assert len(by_name) == len(lines)
    return by_name


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


RESULTS = ["0.png", "2.png", "4.png", "sub/1.png", "sub/3.png", "sub/5.png"]


def test_each_is_colorized_and_noted(folder: Path) -> None:
    out = folder.parent / "out"
    (folder / "2.png").write_bytes(b"no picture")
    rows = {Path(row["input"]).name: row for row in colorize(folder, out)}
    assert len(rows) == 6
    bad = rows.pop("2.png")
    assert bad["status"] == "failed"
    assert bad["error"]["type"] == "UnsupportedImage"
    assert bad["error"]["message"].startswith("2.png is not a picture")
    noted = manifest(out)
    assert noted.pop("2.png") == {
        "input": str(folder / "2.png"), "output": "2.png", "status": "failed",
        "error": bad["error"]["message"], "seconds": bad["seconds"], "sha256": None,
    }  # fmt: skip
    assert files(out) == sorted([*RESULTS[:1], *RESULTS[2:], MANIFEST])
    for name, line in noted.items():
        data = (out / name).read_bytes()
        assert line["status"] == "done"
        assert line["sha256"] == hashlib.sha256(data).hexdigest()
        assert rows[Path(name).name]["sha256"] == line["sha256"]
        assert rows[Path(name).name]["output"] == str(out / name)
        assert channels(out / name) == 3


def test_what_is_wrong_with_a_photograph_is_said(tmp_path: Path) -> None:
    file = picture(tmp_path / "in" / "a.jpg", 200, 160)
    file.write_bytes(file.read_bytes()[:-700])
    (row,) = colorize(file, tmp_path / "out", work=Work(FAKE, read_options={"salvage": True}))
    assert row["warnings"] == ["a.jpg is incomplete: what is missing of the picture is grey."]


@pytest.mark.parametrize(("colour", "status"), [("skip", "left_out"), ("keep", "kept")])
def test_colour_photographs_are_noted(folder: Path, colour: Any, status: str) -> None:
    out = folder.parent / "out"
    Image.fromarray(smooth(3, 60, 80)).save(folder / "2.png")
    work = Work(FAKE, colour=colour)
    rows = {Path(row["input"]).name: row for row in colorize(folder, out, work=work)}
    row = rows["2.png"]
    assert (row["status"], row["was_colour"], len(row["warnings"])) == (status, True, 1)
    assert rows["0.png"]["warnings"] == []
    line = manifest(out)["2.png"]
    assert line["status"] == status
    if colour == "keep":
        data = (folder / "2.png").read_bytes()
        assert (out / "2.png").read_bytes() == data
        assert line["sha256"] == hashlib.sha256(data).hexdigest()
    else:
        assert not (out / "2.png").exists()
        assert line["sha256"] is None
    again = {Path(row["input"]).name: row["status"] for row in colorize(folder, out, work=work)}
    assert again["2.png"] == ("skipped" if colour == "keep" else "left_out")


def test_a_run_that_was_stopped_goes_on(folder: Path) -> None:
    out = folder.parent / "out"
    jobs = find_jobs([str(folder)], str(out))
    rows = run(jobs, str(out), Work(FAKE), results=InThisProcess())
    assert [next(rows)["status"] for _ in range(4)] == ["done"] * 4
    rows.close()
    assert len(manifest(out)) == 4
    (out / ".5.png.0123456789ab.part").write_bytes(b"what a killed process leaves")
    (out / "sub" / ".5.png.0123456789ab.part").write_bytes(b"what a killed process leaves")
    second = InThisProcess()
    statuses = [row["status"] for row in colorize(folder, out, second)]
    assert statuses == ["skipped"] * 4 + ["done"] * 2
    assert len(second.jobs) == 2
    assert sorted(manifest(out)) == RESULTS
    assert files(out) == sorted([".5.png.0123456789ab.part", *RESULTS, MANIFEST])  # not of a job
    third = InThisProcess()
    assert [row["status"] for row in colorize(folder, out, third)] == ["skipped"] * 6
    assert third.jobs == []


def test_what_was_finished_but_not_noted_is_found(folder: Path) -> None:
    out = folder.parent / "out"
    colorize(folder, out)
    lines = (out / MANIFEST).read_bytes().splitlines(keepends=True)
    (out / MANIFEST).write_bytes(b"".join(lines[:-2]) + lines[-1][:20])
    actors = InThisProcess()
    assert {row["status"] for row in colorize(folder, out, actors)} == {"skipped"}
    assert actors.jobs == []
    noted = manifest(out)
    assert sorted(noted) == RESULTS
    found = [line for line in noted.values() if line["status"] == "found"]
    assert len(found) == 2
    for line in found:
        data = (out / line["output"]).read_bytes()
        assert line["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_failed_or_is_gone_is_tried_again(folder: Path) -> None:
    out = folder.parent / "out"
    (folder / "2.png").write_bytes(b"no picture")
    colorize(folder, out)
    picture(folder / "2.png")
    (out / "4.png").unlink()
    actors = InThisProcess()
    colorize(folder, out, actors)
    assert actors.jobs == ["2.png", "4.png"]
    assert {line["status"] for line in manifest(out).values()} == {"done"}


def test_overwriting_notes_the_new_results(folder: Path) -> None:
    out = folder.parent / "out"
    colorize(folder, out)
    old = manifest(out)
    work = Work(FAKE, Settings(tint=3))
    assert {row["status"] for row in colorize(folder, out, work=work, overwrite=True)} == {"done"}
    new = manifest(out)
    assert sorted(new) == sorted(old)
    assert all(new[name]["sha256"] != old[name]["sha256"] for name in new)


def test_who_has_no_result_has_failed(folder: Path) -> None:
    out = folder.parent / "out"
    rows = colorize(folder, out, InThisProcess(stop_after=4))
    assert [row["status"] for row in rows] == ["done"] * 4 + ["failed"] * 2
    assert "3.png died" in rows[4]["error"]["message"]
    assert [line["status"] for line in manifest(out).values()].count("failed") == 2


def test_a_result_that_comes_twice_is_noted_once(folder: Path) -> None:
    actors = InThisProcess()

    def twice(*arguments: Any) -> Generator[dict[str, Any]]:
        for result in actors(*arguments):
            yield result
            yield result

    out = folder.parent / "out"
    assert [row["status"] for row in colorize(folder, out, twice)] == ["done"] * 6
    assert len(manifest(out)) == 6


def test_without_a_model_the_run_ends(folder: Path) -> None:
    def missing() -> Any:
        raise WeightsMissing("There are no weights.")

    def broken() -> Any:
        raise RuntimeError

    for factory, kind, message in (
        (missing, WeightsMissing, "There are no weights"),
        (broken, ColorizerError, "RuntimeError"),
    ):
        actors = InThisProcess()
        with pytest.raises(kind, match=message):
            colorize(folder, folder.parent / "out", actors, Work(factory))
        assert len(actors.jobs) == 1


def test_leftovers_of_actors_are_removed(folder: Path) -> None:
    out = folder.parent / "out"

    def dying(*_: Any) -> Generator[dict[str, Any]]:
        out.joinpath("sub").mkdir(parents=True)
        (out / "sub" / ".3.png.0123456789ab.part").write_bytes(b"half")
        yield from ()

    colorize(folder, out, dying)
    assert files(out) == [MANIFEST]


def test_settings_and_options_arrive(folder: Path) -> None:
    out = folder.parent / "out"
    settings = Settings(saturation=1.5)
    work = Work(FAKE, settings, True, {"max_pixels": 1000}, {"bit_depth": 16})
    picture(folder / "large.png", 40, 40)
    rows = colorize(folder, out, work=work)
    failed = [row["error"]["type"] for row in rows if row["status"] == "failed"]
    assert failed == ["ImageTooLarge"]
    note = photo.provenance_of(out / "0.png")
    assert note is not None
    assert note.settings["saturation"] == 1.5
    assert photo.read(out / "0.png").bit_depth == 16
    colorize(folder, out, work=Work(FAKE, provenance=False), overwrite=True)
    assert photo.provenance_of(out / "0.png") is None


def test_from_a_store_and_into_one(folder: Path, bucket: str, tmp_path: Path) -> None:
    for file in folder.rglob("*.png"):
        name = file.relative_to(folder).as_posix()
        places.write_bytes(f"{bucket}/in/{name}", file.read_bytes())
    places.write_bytes(f"{bucket}/in/bad.png", b"no picture")
    for source, out in (
        (f"{bucket}/in", f"{bucket}/out"),
        (f"{bucket}/in", tmp_path / "out"),
        (folder, f"{bucket}/from-folder"),
    ):
        rows = colorize(source, out)
        done = [row for row in rows if row["status"] == "done"]
        assert len(done) == 6
        for row in rows:
            if row["status"] == "failed":
                assert row["input"] == f"{bucket}/in/bad.png"
                assert row["error"]["message"].startswith("bad.png is not a picture")
        for row in done:
            assert places.sha256_of(row["output"]) == row["sha256"]
            with places.as_file(row["output"]) as file:
                assert channels(file) == 3
        assert {n for n, line in manifest(out).items() if line["status"] == "done"} == {*RESULTS}
        again = InThisProcess()
        rows = colorize(source, out, again)
        assert [row["status"] for row in rows].count("skipped") == 6
        assert len(again.jobs) == len(rows) - 6


def test_a_photograph_that_vanished_is_a_failure(folder: Path) -> None:
    out = folder.parent / "out"
    jobs = find_jobs([str(folder)], str(out))
    (folder / "0.png").unlink()
    rows = list(run(jobs, str(out), Work(FAKE), results=InThisProcess()))
    assert [row["status"] for row in rows] == ["failed"] + ["done"] * 5
    assert "There is no file" in rows[0]["error"]["message"]


def test_names_that_are_not_text(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.png")
    picture(tmp_path / "plain.png").rename(tmp_path / "in.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in.png").rename(tmp_path / "in" / odd)
    (row,) = colorize(tmp_path / "in", tmp_path / "out")
    assert row["status"] == "done"
    assert odd in manifest(tmp_path / "out")


def test_relative_names_begin_where_the_command_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    work = Work(partial(FAKE))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Actor(work)
    assert Path.cwd() == tmp_path
