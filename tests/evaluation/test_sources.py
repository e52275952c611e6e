from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from colorizer.evaluation.sources import candidates, count, expand

from .conftest import pack


def names(paths: list[Path]) -> list[str]:
    return [Path(candidate.name).name for candidate in candidates(expand(paths))]


def test_folders_are_searched_and_sorted(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.JPG", "a/b/c.webp", "a.png", ".hidden.png", ".cache/x.png", "n.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    found = expand([tmp_path])
    relative = [path.relative_to(tmp_path).as_posix() for path in found]
    assert relative == ["a/b/c.webp", "a/z.JPG", "a.png", "b.png"]
    assert [candidate.data for candidate in candidates(found)] == [
        name.encode() for name in relative
    ]
    assert count(found) == 4


def test_files_come_in_the_order_they_are_named_and_once(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "odd"):
        (tmp_path / name).write_bytes(b"x")
    paths = [tmp_path / "b.png", tmp_path / "odd", tmp_path, tmp_path / "b.png"]
    assert names(paths) == ["b.png", "odd", "a.png"]


@pytest.mark.parametrize(("suffix", "mode"), [(".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz")])
def test_shards_are_read_in_their_own_order(tmp_path: Path, suffix: str, mode: str) -> None:
    members = {"z.png": b"1", "sub/a.jpg": b"22", "notes.txt": b"no", "sub/.b.jpg": b"no"}
    members[".thumbnails/z.png"] = b"no"
    shard = pack(tmp_path / f"photos{suffix}", members, mode)
    found = list(candidates(expand([shard])))
    assert [candidate.data for candidate in found] == [b"1", b"22"]
    assert [candidate.problem for candidate in found] == [None, None]
    assert found[1].name.endswith(f"photos{suffix}:sub/a.jpg")
    assert count(expand([shard])) == (2 if suffix == ".tar" else None)
    assert sorted(path.name for path in tmp_path.iterdir()) == [shard.name]  # nothing unpacked


def test_shards_in_folders_are_found(tmp_path: Path) -> None:
    pack(tmp_path / "b.tar", {"1.png": b"1", "2.png": b"2"})
    (tmp_path / "a.png").write_bytes(b"0")
    found = expand([tmp_path])
    assert [candidate.data for candidate in candidates(found)] == [b"0", b"1", b"2"]
    assert count(found) == 3


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = pack(tmp_path / "good.tar", {"1.png": b"1"})
    whole = pack(tmp_path / "big.tar", {"1.png": b"1" * 5000, "2.png": b"2" * 50000}).read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[:20000])
    (tmp_path / "nonsense.tar").write_bytes(b"no shard at all" * 100)
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(whole)[:-60])
    paths = [tmp_path / "missing.png", cut, tmp_path / "nonsense.tar", packed, good]
    found = list(candidates(expand(paths)))
    usable = [candidate.data[:1] for candidate in found if candidate.problem is None]
    assert usable[0] == b"1"
    assert usable[-1] == b"1"
    assert b"2" not in [
        candidate.data[:1]
        for candidate in found
        if candidate.problem is None and "cut.tar" in candidate.name
    ]
    problems = {Path(candidate.name.split(":")[0]).name for candidate in found if candidate.problem}
    assert problems == {"missing.png", "cut.tar", "nonsense.tar", "packed.tar.gz"}


def test_a_giant_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorizer.evaluation.sources.MAX_BYTES", 10)
    (tmp_path / "a.png").write_bytes(b"x" * 11)
    pack(tmp_path / "b.tar", {"1.png": b"1" * 11, "2.png": b"2"})
    found = list(candidates(expand([tmp_path])))
    assert [(c.data, c.problem is None) for c in found] == [
        (b"", False),
        (b"", False),
        (b"2", True),
    ]
