"""The weights that the repository ships: whole, small, and as good as their float original."""

from pathlib import Path

import numpy as np
import pytest
import torch

from colorizer import Colorizer, Settings, read, weights
from colorizer.color.bins import annealed_mean
from colorizer.color.lab import srgb_to_lab
from colorizer.engines import open_engine
from colorizer.pipeline import shrink_lightness
from colorizer.prediction import working_shape
from colorizer.settings import DEFAULT_MODEL
from colorizer.weights.tensors import from_torch

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted((ROOT / "samples").glob("*.jpg"))


@pytest.fixture(scope="module")
def model() -> Colorizer:
    return Colorizer.load(device="cpu")


def test_the_file_is_small_whole_and_described() -> None:
    file = weights.path(DEFAULT_MODEL)
    assert file.stat().st_size <= 34_000_000
    weights.verify(DEFAULT_MODEL)
    card = (ROOT / "weights" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert weights.load(DEFAULT_MODEL).sha256 in card


def test_the_network_is_the_default_one_with_a_prior(model: Colorizer) -> None:
    loaded = model.weights
    assert loaded.network == "eccv16-vgg16"
    assert loaded.prior is not None
    assert loaded.prior.shape == (313,)
    assert loaded.prior.sum() == pytest.approx(1.0, abs=1e-5)
    assert loaded.prior.argmax() == 120  # grey is the most common colour


def test_int8_changes_ab_by_at_most_half_a_unit(model: Colorizer, tmp_path: Path) -> None:
    """Against a float network that these int8 weights could have been rounded from.

    Each weight is moved at random within the cell that rounds to its stored value, the result is
    stored again, and both networks decode the samples.
    """
    loaded = model.weights
    generator = torch.Generator().manual_seed(0)
    original = {}
    for key, tensor in loaded.state_dict.items():
        if tensor.ndim == 4 and tensor.numel() > 4096:
            step = tensor.abs().amax(dim=(1, 2, 3), keepdim=True) / 127
            noise = torch.rand(tensor.shape, generator=generator) - 0.5
            original[key] = tensor + step * noise
        else:
            original[key] = tensor
    file = tmp_path / "again.safetensors"
    weights.store_quantised(
        file,
        original,
        network=loaded.network,
        options=loaded.options,
        native_temperature=loaded.native_temperature,
        prior=loaded.prior,
        metadata={},
    )
    from dataclasses import replace

    engines = (
        open_engine(replace(loaded, tensors=from_torch(original)), "cpu"),
        open_engine(weights.load(str(file)), "cpu"),
    )
    differences = []
    for sample in SAMPLES[:3]:
        photo = read(sample)
        height, width = (size // 8 * 8 for size in working_shape(photo.height, photo.width, 192))
        lightness = shrink_lightness(photo, height, width)[None]
        ab = [annealed_mean(e.logits(lightness)[0], Settings().temperature, 0) for e in engines]
        differences.append(np.linalg.norm(ab[0] - ab[1], axis=0).mean())
    assert 0 < np.mean(differences) <= 0.5


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_samples_get_colour_and_keep_their_lightness(model: Colorizer, sample: Path) -> None:
    photo = read(sample)
    result = model.colorize(photo)
    lab = srgb_to_lab(result.pixels / 255.0)
    assert np.abs(lab[..., 0] - photo.lightness()).max() <= 0.6
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    assert 3 < chroma.mean() < 40
    assert np.median(chroma) < 40


def test_results_are_reproducible(model: Colorizer) -> None:
    photo = read(SAMPLES[0])
    first, second = model.colorize(photo), model.colorize(photo)
    np.testing.assert_array_equal(first.pixels, second.pixels)
