"""Rows that are computed once and kept: what is missing is computed, little is held meanwhile."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colorizer.errors import InvalidSetting, OutputError, TrainingDataError
from colorizer.training.kept_rows import DONE, fill_rows, open_rows

_FACTS = {"weights": "0"}


def _open(folder: Path, count: int = 8, facts: dict[str, str] = _FACTS) -> dict[str, Any]:
    return open_rows(folder / "facts.json", facts, {"value": ((2,), np.float32)}, count, "rows")


def test_only_missing_rows_are_computed_and_unreadable_ones_left(tmp_path: Path) -> None:
    files = _open(tmp_path)
    asked: list[int] = []
    stops = [5]

    def look(row: int) -> int | None:
        asked.append(row)
        return None if row == 3 else row

    def put(row: int, seen: int) -> None:
        if seen in stops:
            stops.remove(seen)
            raise KeyboardInterrupt
        files["value"][row] = seen

    with pytest.raises(KeyboardInterrupt):
        fill_rows(files, look, put, "rows", progress=False)
    assert files[DONE].tolist() == [1, 1, 1, 0, 1, 0, 0, 0]
    again = _open(tmp_path)
    fill_rows(again, look, put, "rows", progress=False)
    assert again[DONE].tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    assert again["value"][:, 0].tolist() == [0, 1, 2, 0, 4, 5, 6, 7]
    assert asked[-4:] == [3, 5, 6, 7]
    assert not stops


def test_photographs_are_not_read_far_ahead(tmp_path: Path) -> None:
    """Reading is quicker than what is computed; a hundred thousand photographs must not wait."""
    files = _open(tmp_path)
    read: list[int] = []

    def look(row: int) -> int:
        read.append(row)
        return row

    def put(row: int, seen: int) -> None:
        time.sleep(0.05)
        assert len(read) <= row + 3

    fill_rows(files, look, put, "rows", progress=False)
    assert read == list(range(8))


def test_errors_are_typed(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError):
        fill_rows(_open(tmp_path / "a"), lambda row: None, lambda *_: None, "rows", progress=False)
    with pytest.raises(InvalidSetting):
        _open(tmp_path / "a", facts={"weights": "1"})
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        _open(tmp_path / "file" / "folder")


def test_damaged_facts_and_files_are_typed_errors(tmp_path: Path) -> None:
    _open(tmp_path)
    (tmp_path / "value.npy").write_bytes(b"nonsense")
    with pytest.raises(InvalidSetting, match="damaged rows"):
        _open(tmp_path)
    (tmp_path / "facts.json").write_text("{")
    with pytest.raises(InvalidSetting, match="is damaged"):
        _open(tmp_path)


def test_a_full_disk_is_told_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OutputError, match="No space left"):
        _open(tmp_path)
    monkeypatch.undo()
    _open(tmp_path)
    assert (tmp_path / "value.npy").stat().st_blocks > 0
