"""The encoder starts as VGG16: reading its weights, and the identity after calibration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from colorizer.color.lab import grey_to_lightness
from colorizer.errors import WeightsCorrupt, WeightsMissing
from colorizer.networks.eccv16_vgg16 import VGG16Encoder
from colorizer.training.photos import find_photos, load_squares
from colorizer.training.vgg16 import calibrate_batchnorm, load_vgg16, read_vgg16

from .tiny import pictures

#: conv name -> output and input channels, index in torchvision's ``features``
SHAPES = {
    "conv1_1": (64, 3, 0), "conv1_2": (64, 64, 2), "conv2_1": (128, 64, 5),
    "conv2_2": (128, 128, 7), "conv3_1": (256, 128, 10), "conv3_2": (256, 256, 12),
    "conv3_3": (256, 256, 14), "conv4_1": (512, 256, 17), "conv4_2": (512, 512, 19),
    "conv4_3": (512, 512, 21), "conv5_1": (512, 512, 24), "conv5_2": (512, 512, 26),
    "conv5_3": (512, 512, 28),
}  # fmt: skip
Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    """A VGG16 of the right shapes, BGR; stored float16 as the file beside the repository."""
    rng = np.random.default_rng(0)
    result: Arrays = {}
    for name, (outputs, inputs, _) in SHAPES.items():
        weight = rng.standard_normal((outputs, inputs, 3, 3), dtype=np.float32)
        result[f"{name}.weight"] = (weight * (2 / inputs / 9) ** 0.5).astype(np.float16)
        result[f"{name}.bias"] = rng.standard_normal(outputs).astype(np.float16)
    result["conv1_1.weight"][0] *= np.float16(1e-5)
    result["conv1_1.bias"][0] = 0.25
    return result


@pytest.fixture(scope="module")
def npz(arrays: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("vgg16") / "vgg16.npz"
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file


def grey_lightness(squares: Tensor) -> Tensor:
    """L* of the green channel alone: any grey photograph will do."""
    lightness: Tensor = grey_to_lightness(squares[..., 1].float() / 255)[:, None]
    return lightness


def plain_vgg16(lightness: Tensor, arrays: Arrays) -> dict[int, Tensor]:
    """Convolution and ReLU; pools after blocks 1 to 3; block 5 dilated. Outputs of blocks 3-5."""
    y = ((lightness + 16) / 116) ** 3
    y = torch.where(lightness > 8, y, lightness / 903.2963)
    grey = torch.where(y > 0.0031308, 1.055 * y.clamp(min=1e-9) ** (1 / 2.4) - 0.055, 12.92 * y)
    mean = torch.tensor([104.00698793, 116.66876762, 122.67891434]).reshape(1, 3, 1, 1)
    x = grey * 255 - mean
    outputs = {}
    for block in range(1, 6):
        dilation = 2 if block == 5 else 1
        for name in (n for n in SHAPES if n.startswith(f"conv{block}_")):
            weight, bias = (
                torch.from_numpy(arrays[f"{name}.{part}"].astype(np.float32))
                for part in ("weight", "bias")
            )
            x = functional.conv2d(x, weight, bias, 1, dilation, dilation).clamp(min=0)
        outputs[block] = x
        if block <= 3:
            x = functional.max_pool2d(x, 2, 2)
    return outputs


@torch.no_grad()
def assert_identity(encoder: VGG16Encoder, lightness: Tensor, arrays: Arrays) -> None:
    assert not encoder.training
    features, expected = encoder(lightness), plain_vgg16(lightness, arrays)
    for block in (3, 4, 5):
        theirs, ours = expected[block], getattr(features, f"block{block}")
        assert theirs.std() > 0
        assert (ours - theirs).abs().max() <= 2e-5 * theirs.abs().max(), block


def calibrated(source: Path, photographs: Tensor) -> VGG16Encoder:
    encoder = VGG16Encoder()
    load_vgg16(encoder, read_vgg16(source))
    calibrate_batchnorm(encoder, photographs, batch=3)
    return encoder


def test_a_random_vgg16_is_kept_on_other_photographs(npz: Path, arrays: Arrays) -> None:
    photographs = grey_lightness(pictures(6, 32))
    encoder = calibrated(npz, photographs[:4])
    assert_identity(encoder, photographs[4:], arrays)
    # calibration is not idle: mean and variance are those of its photographs
    layer: Any = encoder.block1
    conv, norm, _ = layer[0]
    with torch.no_grad():
        out = conv(encoder.prepare(photographs[:4]))
        normalised = norm(out)
    mean, variance = out.double().mean(dim=(0, 2, 3)), out.double().var(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(norm.running_mean.double(), mean, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(norm.running_var.double(), variance, rtol=1e-4, atol=1e-3)
    # and exact also for a channel that varies less than BatchNorm's epsilon
    assert 0 < variance[0] < norm.eps
    torch.testing.assert_close(normalised[:, 0] - mean[0], out[:, 0] - mean[0], rtol=0, atol=1e-6)


def test_the_identity_fails_without_calibration(npz: Path, arrays: Arrays) -> None:
    encoder = VGG16Encoder().eval()
    load_vgg16(encoder, read_vgg16(npz))
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean = torch.full_like(module.weight, 0.5)
    with pytest.raises(AssertionError):
        assert_identity(encoder, grey_lightness(pictures(1, 32)), arrays)


def test_the_real_vgg16_is_kept_on_real_photographs(shared: Path) -> None:
    file = shared / "data" / "vgg16" / "vgg16_conv_caffe.npz"
    shard = shared / "data" / "photos" / "val-000.tar"
    if not file.is_file() or not shard.is_file():
        pytest.skip("the VGG16 file or the photographs are not here")
    squares, _ = load_squares(find_photos([shard])[:5], 64, limit=1, progress=False)
    photographs = grey_lightness(squares)
    with np.load(file) as data:
        arrays = dict(data)
    assert_identity(calibrated(file, photographs[:3]), photographs[3:], arrays)


def test_torchvisions_file_gives_the_same(npz: Path, arrays: Arrays, tmp_path: Path) -> None:
    state = {}
    for name, (_, _, index) in SHAPES.items():
        weight = torch.from_numpy(arrays[f"{name}.weight"]).float()
        if name == "conv1_1":
            weight = weight[:, [2, 1, 0]]  # torchvision's input is RGB
        state[f"features.{index}.weight"] = weight
        state[f"features.{index}.bias"] = torch.from_numpy(arrays[f"{name}.bias"]).float()
    state["classifier.0.weight"] = torch.zeros(2, 2)
    torch.save(state, tmp_path / "vgg16.pth")
    theirs, ours = read_vgg16(tmp_path / "vgg16.pth"), read_vgg16(npz)
    assert theirs.keys() == ours.keys() == SHAPES.keys()
    for name in SHAPES:
        for a, b in zip(theirs[name], ours[name], strict=True):
            assert a.dtype == b.dtype == torch.float32
            assert torch.equal(a, b)


def test_torchvision_is_asked_for_the_caffe_weights(
    monkeypatch: pytest.MonkeyPatch, arrays: Arrays
) -> None:
    models = pytest.importorskip("torchvision.models")
    asked = []

    def get_state_dict(self: Any, *_: Any, **__: Any) -> dict[str, Tensor]:
        asked.append(self.name)
        raise OSError("no network")

    monkeypatch.setattr(models.VGG16_Weights, "get_state_dict", get_state_dict)
    with pytest.raises(WeightsMissing, match=r"no network.*local file"):
        read_vgg16("torchvision")
    assert asked == ["IMAGENET1K_FEATURES"]


def test_wrong_shapes_and_missing_layers_are_typed_errors(npz: Path) -> None:
    convolutions = read_vgg16(npz)
    encoder = VGG16Encoder()
    weight, bias = convolutions["conv3_2"]
    for changed in ((weight[:, :5], bias), (weight, bias[:4])):
        with pytest.raises(WeightsCorrupt, match="conv3_2"):
            load_vgg16(encoder, convolutions | {"conv3_2": changed})
    del convolutions["conv4_1"]
    with pytest.raises(WeightsCorrupt, match="conv4_1"):
        load_vgg16(encoder, convolutions)


def test_a_missing_file_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="no VGG16 file"):
        read_vgg16(tmp_path / "vgg16.npz")


Writer = Callable[[Path], object]
DAMAGED: dict[str, tuple[str, Writer]] = {
    "lacks a tensor": ("a.npz", lambda f: np.savez(f, **{"conv1_1.weight": np.zeros(3)})),  # type: ignore[arg-type]
    "text as npz": ("a.npz", lambda f: f.write_bytes(b"not an archive")),
    "empty npz": ("a.npz", lambda f: f.write_bytes(b"")),
    "cut zip": ("a.npz", lambda f: f.write_bytes(b"PK\x03\x04" + bytes(50))),
    "text as pth": ("a.pth", lambda f: f.write_bytes(b"not a checkpoint")),
    "empty pth": ("a.pth", lambda f: f.write_bytes(b"")),
    "a list": ("a.pth", lambda f: torch.save([1, 2], f)),
    "another network": ("a.pth", lambda f: torch.save({"layer.weight": torch.zeros(2)}, f)),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files_are_typed_errors(tmp_path: Path, case: str) -> None:
    name, write = DAMAGED[case]
    write(tmp_path / name)
    with pytest.raises(WeightsCorrupt, match=name):
        read_vgg16(tmp_path / name)
