"""``colorizer export``: hands a checkpoint to the library."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from colorizer.cli import main
from colorizer.errors import WeightsCorrupt


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Path]]:
    made: list[tuple[Path, Path]] = []

    def export_weights(
        checkpoint: Path, file: Path, native_temperature: float, photos: tuple[Path, ...]
    ) -> Path:
        assert native_temperature == 1.0
        assert list(photos) == list(tmp_path.glob("*.tar"))
        if not checkpoint.read_bytes():
            raise WeightsCorrupt(f"{checkpoint} is empty.")
        made.append((checkpoint, file))
        return file

    module = ModuleType("colorizer.training.export")
    module.export_weights = export_weights  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


def test_export(tmp_path: Path, calls: list[tuple[Path, Path]]) -> None:
    checkpoint, file = tmp_path / "best.pt", tmp_path / "mine.safetensors"
    checkpoint.write_bytes(b"x")
    result = CliRunner().invoke(main, ["export", str(checkpoint), "-o", str(file)])
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    assert calls == [(checkpoint, file)]


def test_photographs_for_the_ranges(tmp_path: Path, calls: list[tuple[Path, Path]]) -> None:
    checkpoint, shard = tmp_path / "best.pt", tmp_path / "photos.tar"
    checkpoint.write_bytes(b"x")
    shard.write_bytes(b"x")
    arguments = ["export", str(checkpoint), "-o", str(tmp_path / "m"), "--ranges", str(shard)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert calls == [(checkpoint, tmp_path / "m")]


def test_a_folder_that_is_not_there_is_told_first(
    tmp_path: Path, calls: list[tuple[Path, Path]]
) -> None:
    checkpoint = tmp_path / "best.pt"
    checkpoint.write_bytes(b"x")
    arguments = ["export", str(checkpoint), "-o", str(tmp_path / "no" / "m.safetensors")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert f"The folder {tmp_path / 'no'} for the weights does not exist." in result.stderr
    assert calls == []


def test_a_bad_checkpoint_is_exit_code_1(tmp_path: Path, calls: list[tuple[Path, Path]]) -> None:
    (tmp_path / "bad.pt").write_bytes(b"")
    result = CliRunner().invoke(main, ["export", str(tmp_path / "bad.pt"), "-o", "x"])
    assert result.exit_code == 1
    assert result.stderr.endswith("bad.pt is empty.\n")


def test_a_missing_checkpoint_is_misuse(tmp_path: Path, calls: list[tuple[Path, Path]]) -> None:
    result = CliRunner().invoke(main, ["export", str(tmp_path / "no.pt"), "-o", "x"])
    assert result.exit_code == 2
    assert calls == []
