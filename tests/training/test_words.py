"""Training the model of words, on a few small pictures."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from colorizer import Colorizer, Photo
from colorizer.cli import main
from colorizer.errors import InvalidSetting, TrainingDataError
from colorizer.guidance import Words
from colorizer.training.captioned import compute, read_captions, with_captions
from colorizer.training.coarse import COARSE, block_of_bins, coarse_centres
from colorizer.training.photos import Item, find_photos
from colorizer.training.vocabulary import vocabulary_of
from colorizer.training.worded import matching
from colorizer.words import understand
from colorizer.working import said_of

CAPTIONS = ("A red coat on green grass .", "The dog is near a red coat", "a woman runs on grass")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photographs: red above, green below."""
    folder = tmp_path_factory.mktemp("captioned")
    lines = []
    for number in range(6):
        pixels = np.zeros((40, 48, 3), np.uint8)
        pixels[:20], pixels[20:] = (180, 40 + number, 40), (60, 140, 50 + number)
        Image.fromarray(pixels).save(folder / f"p_{number}.png")
        lines += [f"p_{number}\t{caption}" for caption in CAPTIONS]
    (folder / "captions.tsv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def test_the_command_trains_a_model_that_is_found(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["train-words", "--photos", str(pictures), "--work", str(tmp_path / "work")]
    arguments += [
        "--captions",
        str(pictures / "captions.tsv.gz"),
        "--held-out",
        "2",
        "--pictured",
        "4",
    ]
    arguments += ["-o", str(tmp_path / "words.safetensors"), "--epochs"]
    first = CliRunner().invoke(main, [*arguments, "2"])
    assert first.exit_code == 0, first.output
    assert first.output.count("held out") == 3  # and the last pass
    again = CliRunner().invoke(main, [*arguments, "2"])  # nothing is left to do
    assert again.exit_code == 0, again.output
    assert "held out" not in again.output
    other = CliRunner().invoke(main, [*arguments, "3"])
    assert other.exit_code == 2
    assert "other settings" in other.output
    zebras = tmp_path / "zebras.tsv"
    text = gzip.decompress((pictures / "captions.tsv.gz").read_bytes()).decode()
    zebras.write_text(text.replace("dog", "zebra"))
    swapped = [str(zebras) if str(a).endswith(".gz") else a for a in arguments]
    fewer = ["3" if a == "2" else a for a in arguments]
    for changed in (swapped, fewer):  # its tables would belong to other things
        other = CliRunner().invoke(main, [*changed, "2"])
        assert other.exit_code == 2
        assert "other settings or captions" in other.output
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(tmp_path))
    assert [p.thing for p in understand("a red coat, grass, zyzzyva").phrases] == ["coat", "grass"]
    photo = Photo(np.full((64, 64), 90, np.uint8))
    said = said_of(Colorizer.load().predict(photo, working_size=128), Words("red coat"))
    assert said.values.shape == (1, 313)
    assert np.isfinite(said.values).all()


def test_a_folder_of_other_photographs_is_not_gone_on_with(pictures: Path, tmp_path: Path) -> None:
    model, items = Colorizer.load(), find_photos([pictures])
    files = compute(items[:1], tmp_path, model, progress=False)
    assert files["done"].tolist() == [1]
    assert np.square(files["shares"][0] / 255.0).sum(axis=0) == pytest.approx(1, abs=0.05)
    with pytest.raises(InvalidSetting, match="other photographs"):
        compute(items[1:2], tmp_path, model, progress=False)


def test_captions_are_read_by_names(pictures: Path, tmp_path: Path) -> None:
    captions = read_captions(pictures / "captions.tsv.gz")
    assert captions["p_3"] == list(CAPTIONS)
    pairs = with_captions([Item(Path("x.tar"), "a/p_3.avif"), Item(Path("y"), "q.png")], captions)
    assert [lines for _, lines in pairs] == [list(CAPTIONS)]
    with pytest.raises(TrainingDataError, match="None of the photographs"):
        with_captions([Item(Path("y"), "q.png")], captions)
    (tmp_path / "empty.tsv").write_text("no captions here\n")
    with pytest.raises(TrainingDataError, match="no captions"):
        read_captions(tmp_path / "empty.tsv")
    with pytest.raises(TrainingDataError, match="cannot be read"):
        read_captions(tmp_path)
    (tmp_path / "damaged.tsv.gz").write_bytes(gzip.compress(b"a\tb")[:12] + b"\xff" * 9)
    with pytest.raises(TrainingDataError, match="cannot be read"):
        read_captions(tmp_path / "damaged.tsv.gz")


def test_only_a_picture_s_suffix_is_left_out_of_a_name(tmp_path: Path) -> None:
    file = tmp_path / "captions.tsv"
    file.write_text(
        "2019.05.12\ta coat\n2019.05.13.JPG\ta dog\nx.jpg#0\ta hat\ny#1\ta cap\n", "utf-8-sig"
    )
    captions = read_captions(file)
    assert list(captions) == ["2019.05.12", "2019.05.13", "x", "y#1"]
    names = ("2019.05.12.tif", "2019.05.13.png", "x.jpg", "y#1.png", "2019.05.png")
    pairs = with_captions([Item(Path("a"), name) for name in names], captions)
    assert [lines for _, lines in pairs] == [["a coat"], ["a dog"], ["a hat"], ["a cap"]]


def test_what_cannot_come_to_an_end_is_told_at_once(pictures: Path, tmp_path: Path) -> None:
    arguments = ["train-words", "--photos", str(pictures), "--work", str(tmp_path / "work")]
    arguments += ["--captions", str(pictures / "captions.tsv.gz"), "-o"]
    result = CliRunner().invoke(main, [*arguments, str(tmp_path / "words.safetensors")])
    assert result.exit_code == 1
    assert "too few photographs" in result.output
    assert "--held-out takes 400" in result.output
    result = CliRunner().invoke(main, [*arguments, str(tmp_path / "no" / "w"), "--held-out", "2"])
    assert result.exit_code == 1
    assert f"The folder {tmp_path / 'no'} for the words does not exist." in result.output
    assert not (tmp_path / "work").exists()


def test_things_are_told_from_verbs_people_and_looks() -> None:
    lines = [
        "A red coat on the grass .",
        "Two coats on a fence near a wooden wall .",
        "A man runs through the grass .",
        "A dog running , the man with brown hair runs .",
    ] * 6
    things, ignored = vocabulary_of(lines)
    assert {"coat", "grass", "fence", "dog", "clothes", "person"} <= set(things)
    assert not {"coats", "man", "runs", "running", "hair", "red", "wooden"} & set(things)
    assert {"runs", "running"} <= set(ignored)


def test_blocks_hold_all_bins() -> None:
    block = block_of_bins()
    assert set(block) == set(range(COARSE))
    assert np.abs(coarse_centres()).max() <= 110


def test_which_colours_a_name_means() -> None:
    red, black = torch.tensor([50.0, 70, 50]), torch.tensor([0.0, 0, 0])
    light = torch.tensor([50.0, 50, 20, 80])
    ab = torch.tensor([[30.0, 20], [-30, 10], [1, 1], [1, 1]])
    assert matching(red, light, ab).tolist() == [1, 0, 0, 0]
    assert matching(black, light, ab).tolist() == [0, 0, 1, 0]
