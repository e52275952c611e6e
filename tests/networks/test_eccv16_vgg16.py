"""The default network: resolutions, layers, settings."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from colorizer import networks
from colorizer.networks.attention import PooledAttention
from colorizer.networks.eccv16_vgg16 import ECCV16VGG16, Decoder, Features
from colorizer.networks.layout import CAFFE_BGR_MEAN


@pytest.fixture(scope="module")
def small() -> ECCV16VGG16:
    torch.manual_seed(0)
    network = networks.build("eccv16-vgg16", width=8)
    assert isinstance(network, ECCV16VGG16)
    return network.eval()


@torch.no_grad()
def test_resolutions_of_the_paper(small: ECCV16VGG16) -> None:
    lightness = torch.rand(1, 1, 224, 224) * 100
    features = small.encoder(lightness)
    assert features.block5.shape == (1, 512, 28, 28)
    assert features.block4.shape == (1, 512, 28, 28)
    assert features.block3.shape == (1, 256, 56, 56)
    assert small.decoder(features).shape == (1, 313, 56, 56)


@torch.no_grad()
@pytest.mark.parametrize("blocks", [3, 4, 5])
def test_the_encoder_in_two_parts(small: ECCV16VGG16, blocks: int) -> None:
    lightness = torch.rand(1, 1, 32, 40) * 100
    lower = small.encoder.lower(lightness, blocks)
    assert len(lower) == blocks - 2
    for part, whole in zip(small.encoder.upper(lower), small.encoder(lightness), strict=True):
        assert torch.equal(part, whole)


@torch.no_grad()
@pytest.mark.parametrize("size", [(8, 8), (32, 40), (64, 24)])
@pytest.mark.parametrize(
    "options",
    [
        {"width": 8},
        {"width": 12, "skips": False},
        {"width": 8, "global_context": True},
        {"width": 8, "skips": False, "global_context": True},
        {"width": 8, "attention": 2, "batch_norm": "after"},
    ],
)
def test_any_multiple_of_8_and_any_setting(
    small: ECCV16VGG16, size: tuple[int, int], options: dict[str, Any]
) -> None:
    decoder = Decoder(**options).eval()
    logits = decoder(small.encoder(torch.zeros(2, 1, *size)))
    assert logits.shape == (2, 313, size[0] // 4, size[1] // 4)
    names = {name.split(".")[0] for name, _ in decoder.named_parameters()}
    assert ({"skip3", "skip4"} <= names) is bool(options.get("skips", True))
    assert ("context" in names) is bool(options.get("global_context", False))
    assert ("attention" in names) is bool(options.get("attention", 0))


def test_width_is_the_decoders(small: ECCV16VGG16) -> None:
    # 14,714,688 parameters of VGG16's convolutions, and gamma and beta of 4,224 channels
    assert sum(p.numel() for p in small.encoder.parameters()) == 14_714_688 + 2 * 4_224
    for width in (8, 24):
        decoder = Decoder(width)
        inner = [m for m in decoder.modules() if isinstance(m, nn.BatchNorm2d) and m.affine]
        assert {m.num_features for m in inner} == {width}
        assert decoder.classify.in_channels == width
    assert small.decoder.classify.in_channels == 8
    assert ECCV16VGG16().decoder.classify.in_channels == 256


def test_encoder_is_13_convolutions_norm_before_each_relu(small: ECCV16VGG16) -> None:
    layers = [m for m in small.encoder.modules() if not list(m.children())]
    assert [type(m) for m in layers] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * 13
    convolutions = [m for m in layers if isinstance(m, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert convolutions[0].in_channels == 3
    assert all(a.out_channels == b.in_channels for a, b in pairwise(convolutions))
    assert [c.dilation for c in convolutions] == [(1, 1)] * 10 + [(2, 2)] * 3
    assert all(c.padding == c.dilation and c.stride == (1, 1) for c in convolutions)


def test_decoder_has_a_norm_before_every_relu_and_a_dilated_block_6(small: ECCV16VGG16) -> None:
    modules = list(small.decoder.modules())
    for before, relu in pairwise(modules):
        assert not isinstance(relu, nn.ReLU) or isinstance(before, nn.BatchNorm2d)
    block6 = [m for m in small.decoder.block6.modules() if isinstance(m, nn.Conv2d)]
    block7 = [m for m in small.decoder.block7.modules() if isinstance(m, nn.Conv2d)]
    assert {m.dilation for m in block6} == {(2, 2)}
    assert {m.dilation for m in block7} == {(1, 1)}


def test_batch_norm_after_relu_as_in_eccv16() -> None:
    decoder = Decoder(8, batch_norm="after")
    for relu, after in pairwise(decoder.modules()):
        assert not isinstance(relu, nn.ReLU) or isinstance(after, nn.BatchNorm2d)
    layers = [m for m in decoder.modules() if isinstance(m, nn.Conv2d)]
    assert all(m.bias is not None for m in layers)  # the ReLU comes before a norm could shift
    assert not set(dict(Decoder(8).named_parameters())) >= set(dict(decoder.named_parameters()))


def test_attention_is_an_option_of_so_many_heads() -> None:
    for given, heads in ((True, 4), (4, 4), (2, 2)):
        block = ECCV16VGG16(width=8, attention=given).decoder.attention
        assert isinstance(block, PooledAttention)
        assert block.heads == heads
    assert ECCV16VGG16(width=8).decoder.attention is None
    assert ECCV16VGG16(width=8, attention=False).decoder.attention is None


@torch.no_grad()
def test_attention_carries_from_end_to_end(small: ECCV16VGG16) -> None:
    torch.manual_seed(0)
    decoder = Decoder(width=8, skips=False, attention=2).eval()
    assert decoder.attention is not None
    features = small.encoder(torch.rand(1, 1, 256, 16) * 100)
    far = features._replace(block5=features.block5.clone())
    far.block5[:, :, -1] += 1.0

    def top_row_changes() -> float:
        return float((decoder(far) - decoder(features))[:, :, 0].abs().max())

    assert top_row_changes() == 0.0
    nn.init.normal_(decoder.attention.project.weight)
    assert top_row_changes() > 1e-6


@torch.no_grad()
def test_input_is_grey_three_times_minus_caffes_mean(small: ECCV16VGG16) -> None:
    lightness = torch.tensor([0.0, 53.585, 100.0])[:, None, None, None].expand(3, 1, 2, 2)
    prepared = small.encoder.prepare(lightness)
    assert prepared.shape == (3, 3, 2, 2)
    assert CAFFE_BGR_MEAN == (104.00698793, 116.66876762, 122.67891434)
    # L* 53.585 is sRGB grey 128
    expected = torch.tensor([0.0, 128.0, 255.0])[:, None] - torch.tensor(CAFFE_BGR_MEAN)
    torch.testing.assert_close(prepared[:, :, 0, 0], expected, atol=0.01, rtol=0)
    assert "encoder.bgr_mean" not in small.state_dict()


@torch.no_grad()
def test_each_skip_and_the_context_reach_the_logits(small: ECCV16VGG16) -> None:
    torch.manual_seed(0)
    decoder = Decoder(width=8, global_context=True).eval()
    assert decoder.context is not None
    nn.init.normal_(decoder.context.weight)
    features = small.encoder(torch.rand(1, 1, 16, 16) * 100)
    base = decoder(features)
    for field in ("block3", "block4", "block5"):
        changed = features._replace(**{field: getattr(features, field) + 10})
        assert (decoder(changed) - base).abs().max() > 1e-6, field


@torch.no_grad()
def test_no_block_drowns_the_others() -> None:
    """In training the decoder is blind to the features' scales; VGG16's differ a hundredfold."""
    torch.manual_seed(0)
    decoder = Decoder(width=8, global_context=True).train()
    features = Features(
        torch.rand(2, 256, 8, 8), torch.rand(2, 512, 4, 4), torch.rand(2, 512, 4, 4)
    )
    louder = Features(*(block * (10.0 ** (2 + i)) for i, block in enumerate(features)))
    quieter = Features(*(block * (10.0 ** (4 - i)) for i, block in enumerate(features)))
    torch.testing.assert_close(decoder(louder), decoder(quieter), atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_global_context_carries_from_end_to_end(small: ECCV16VGG16) -> None:
    torch.manual_seed(0)
    decoder = Decoder(width=8, skips=False, global_context=True).eval()
    assert decoder.context is not None
    features = small.encoder(torch.rand(1, 1, 256, 16) * 100)
    far = features._replace(block5=features.block5.clone())
    far.block5[:, :, -1] += 1.0

    def top_row_changes() -> float:
        return float((decoder(far) - decoder(features))[:, :, 0].abs().max())

    nn.init.zeros_(decoder.context.weight)
    assert top_row_changes() == 0.0
    nn.init.normal_(decoder.context.weight)
    assert top_row_changes() > 1e-6


def test_gradients_reach_encoder_and_decoder() -> None:
    torch.manual_seed(0)
    network = ECCV16VGG16(width=8, global_context=True, attention=2)
    assert network.decoder.attention is not None
    nn.init.normal_(network.decoder.attention.project.weight)  # at zero nothing passes yet
    network(torch.rand(2, 1, 32, 32) * 100).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
