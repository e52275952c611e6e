"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from colorizer.atomic import atomic_file, remove_leftovers, write_atomically


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with atomic_file(target) as file:
        file.write(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def interrupted() -> None:
        with atomic_file(target) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_older_files_mode_and_link_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "file", tmp_path / "link"
    write_atomically(target, b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["", "missing/file", "/dev/null"])
def test_places_where_no_file_can_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError):
        write_atomically(tmp_path / name, b"data")


def test_leftovers_of_the_named_files_are_removed(tmp_path: Path) -> None:
    long = "x" * 150 + ".png"
    for name in ("a.png", long):
        before = set(tmp_path.iterdir())
        with atomic_file(tmp_path / name) as file:
            (temporary,) = set(tmp_path.iterdir()) - before
            file.write(b"whole")
        temporary.write_bytes(b"half")  # as if its writer had been killed
    others = {".b.png.0123456789ab.part", ".a.png.part", "a.png.0123456789ab.part"}
    for name in others:
        (tmp_path / name).write_bytes(b"")
    remove_leftovers([tmp_path / "a.png", tmp_path / long, tmp_path / "no-folder" / "c.png"])
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", long, *others}


@pytest.mark.parametrize(
    "name", ["本" * 79 + ".jpg", "é" * 120 + ".tif", "\N{GRINNING FACE}" * 60 + ".png"]
)
def test_every_name_that_the_disk_takes(tmp_path: Path, name: str) -> None:
    with atomic_file(tmp_path / name) as file:
        (temporary,) = tmp_path.iterdir()
        file.write(b"whole")
    temporary.write_bytes(b"half")
    remove_leftovers([tmp_path / name])
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can tell")
def test_what_is_being_written_is_no_leftover(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a.png") as file:
        remove_leftovers([tmp_path / "a.png"])
        file.write(b"whole")
    assert (tmp_path / "a.png").read_bytes() == b"whole"
