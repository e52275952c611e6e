"""``colorizer prior``: counting colours."""

from __future__ import annotations

import io
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from colorizer.cli import main
from colorizer.color.bins import GREY_BIN, smooth_prior
from colorizer.commands import prior
from colorizer.training import prior as counting
from colorizer.training.losses import SoftEncodingTable


@pytest.fixture(autouse=True)
def _one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of the nearest bins takes a while to compute; it is the same for all tests."""
    monkeypatch.setattr(counting, "SoftEncodingTable", _table)


@cache
def _table(k: int, sigma: float) -> SoftEncodingTable:
    return SoftEncodingTable(k, sigma)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["prior", *map(str, arguments)])


def paint(file: Path, rgb: tuple[int, int, int], size: tuple[int, int] = (64, 64)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, rgb).save(file)
    return file


def test_grey_photographs_count_as_grey(tmp_path: Path) -> None:
    paint(tmp_path / "in" / "a.png", (128, 128, 128))
    file = tmp_path / "counts.npy"
    result = invoke(tmp_path / "in", "-o", file, "--counts", "--resize", "32")
    assert result.exit_code == 0, result.output
    counts = np.load(file)
    assert counts.dtype == np.int64
    assert counts.shape == (313,)
    assert counts[GREY_BIN] == counts.sum() == (32 // 4) ** 2


def test_the_prior_is_the_smoothed_counts(tmp_path: Path) -> None:
    paint(tmp_path / "in" / "a.png", (200, 40, 40))
    paint(tmp_path / "in" / "b.jpg", (40, 200, 40), (128, 64))
    counts, smoothed = tmp_path / "counts.npy", tmp_path / "prior.npy"
    assert invoke(tmp_path / "in", "-o", counts, "--counts", "--resize", "32").exit_code == 0
    assert invoke(tmp_path / "in", "-o", smoothed, "--resize", "32").exit_code == 0
    prior_ = np.load(smoothed)
    assert prior_.dtype == np.float64
    assert prior_.sum() == pytest.approx(1)
    assert np.count_nonzero(np.load(counts)) > 1
    np.testing.assert_allclose(prior_, smooth_prior(np.load(counts)))


def test_any_number_of_photographs_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prior, "_AT_ONCE", 2)
    for i in range(5):
        paint(tmp_path / "in" / f"{i}.png", (100 + i, 30 * i, 50))
    (tmp_path / "in" / "5.png").write_bytes(b"broken")
    (tmp_path / "in" / "6.png").write_bytes(b"broken")
    (tmp_path / "in" / "7.png").write_bytes(b"broken")
    file = tmp_path / "counts.npy"
    result = invoke(tmp_path / "in", "-o", file, "--counts", "--resize", "32")
    assert result.exit_code == 0
    assert "from 5 photographs, 3 could not be read" in result.stdout
    assert np.load(file).sum() == 5 * 64


def test_tar_shards(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), (0, 0, 255)).save(buffer, "PNG")
    with tarfile.open(tmp_path / "shard.tar", "w") as shard:
        info = tarfile.TarInfo("a.png")
        info.size = len(buffer.getvalue())
        shard.addfile(info, io.BytesIO(buffer.getvalue()))
    assert invoke(tmp_path / "shard.tar", "-o", tmp_path / "p.npy").exit_code == 0
    assert np.load(tmp_path / "p.npy").argmax() != GREY_BIN


def test_nothing_to_count_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"broken")
    for source in (tmp_path, tmp_path / "a.png"):
        result = invoke(source, "-o", tmp_path / "p.npy")
        assert result.exit_code == 1
        assert result.stderr == "Error: None of the photographs could be read.\n"
    assert not (tmp_path / "p.npy").exists()


def test_a_file_that_cannot_be_written_is_exit_code_1(tmp_path: Path) -> None:
    source = paint(tmp_path / "a.png", (9, 9, 9))
    result = invoke(source, "-o", tmp_path / "nowhere" / "p.npy", "--resize", "32")
    assert result.exit_code == 1
    assert "nowhere for the numbers does not exist" in result.stderr
    assert "photo" not in result.stderr  # nothing was counted
