"""What a camera, a darkroom, time and a scanner do to a photograph: degradations of the input.

Networks trained on clean pictures lose their colours on old ones. So a share of the inputs is made
old: blurred, unevenly exposed, grainy, faded, scratched, dusty, compressed, in the order in which
that befalls a photograph. Each effect falls on some of the pictures, each time with other amounts.
The idea of training on synthetic film damage is that of Wan et al., "Bringing Old Photos Back to
Life" (CVPR 2020), section 3.1; the effects and their ranges here are our own.

Sizes are in pixels of the picture that is given, and meant for a short side of about 256 px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import InvalidSetting

_BLUR_TAPS = 4  # on either side
_SCRATCHES, _SPOTS = 3, 12  # at most, in one picture

#: the table of luminance of JPEG (ITU-T T.81, table K.1), row by row
_JPEG_TABLE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def degrade_lightness(
    lightness: Tensor, generator: torch.Generator, strength: float = 1.0
) -> Tensor:
    """Make photographs look old, each in its own way.

    Args:
        lightness: (N, 1, H, W) float, L* 0..100, on any device.
        generator: on the CPU; it alone decides (pixel noise depends on the kind of device too).
        strength: 0..1; scales all amounts, 0 returns ``lightness`` itself.

    Returns:
        (N, 1, H, W), L* 0..100.

    Raises:
        InvalidSetting: if ``strength`` is out of range.
    """
    if not 0 <= strength <= 1:
        raise InvalidSetting("The strength of degradations must be between 0 and 1.")
    if strength == 0 or not len(lightness):
        return lightness
    draws = _Draws(generator, len(lightness), lightness.device)
    for effect in (_blur, _expose, _grain, _fade, _scratch, _dust, _compress):
        lightness = effect(lightness, draws, strength).clamp(0, 100)
    return lightness


@dataclass
class _Draws:
    """Random numbers for a batch, drawn on the CPU and moved to the batch's device."""

    generator: torch.Generator
    count: int
    device: torch.device

    def uniform(self, low: float, high: float, number: int = 1) -> Tensor:
        """(N, number, 1, 1), low..high."""
        draw = torch.rand((self.count, number, 1, 1), generator=self.generator)
        return (low + (high - low) * draw).to(self.device)

    def some(self, share: float, number: int = 1) -> Tensor:
        """(N, number, 1, 1): 1 with probability ``share``, else 0."""
        return (self.uniform(0, 1, number) < share).float()

    def noise(self, like: Tensor) -> Tensor:
        """White Gaussian noise, drawn on the device: a million numbers are slow to move."""
        seed = int(torch.randint(2**62, (), generator=self.generator))
        own = torch.Generator(self.device).manual_seed(seed)
        return torch.randn(like.shape, generator=own, device=self.device)


def _gaussian(x: Tensor, sigma: Tensor) -> Tensor:
    """Blur each picture by its own Gaussian: x (N, 1, H, W), sigma (N, 1, 1, 1) px."""
    count, taps = len(x), _BLUR_TAPS
    places = torch.arange(-taps, taps + 1, device=x.device)
    kernel = torch.exp(-places.square() / (2 * sigma.clamp(min=0.05).square()))
    kernel = kernel / kernel.sum(dim=3, keepdim=True)  # (N, 1, 1, 2 taps + 1)
    # pictures as channels of one picture: a convolution has one kernel for each
    x = functional.pad(x.transpose(0, 1), (taps,) * 4, mode="replicate")
    x = functional.conv2d(x, kernel, groups=count)
    return functional.conv2d(x, kernel.transpose(2, 3), groups=count).transpose(0, 1)


def _grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates of rows (H, 1) and columns (1, W) in px."""
    height, width = x.shape[2:]
    rows = torch.arange(height, device=x.device, dtype=x.dtype)[:, None]
    return rows, torch.arange(width, device=x.device, dtype=x.dtype)[None]


def _blur(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """Lens, movement and enlarger, as one Gaussian of up to 1.3 px."""
    return _gaussian(x, strength * draws.some(0.6) * draws.uniform(0.3, 1.3))


def _expose(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """Corners that fall off, round a centre that need not be the picture's, and a slope."""
    rows, columns = _grid(x)
    v, u = (2 * part / max(part.numel() - 1, 1) - 1 for part in (rows, columns))  # -1..1
    centre, slope = draws.uniform(-0.4, 0.4, 2), draws.uniform(-0.15, 0.15, 2)
    radius = (u - centre[:, :1]).square() + (v - centre[:, 1:]).square()  # 0.. about 2
    loss = draws.uniform(0, 0.25) * radius + slope[:, :1] * u + slope[:, 1:] * v
    return x * (1 - strength * draws.some(0.5) * loss)


def _grain(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """Clumps of silver of 0.3 to 0.8 px; most in the mid-tones; 0.5 to 4.5 L*, mostly little."""
    field = _gaussian(draws.noise(x), draws.uniform(0.3, 0.8))
    field = field / field.square().mean(dim=(2, 3), keepdim=True).sqrt().clamp(min=1e-6)
    amount = 0.5 + 4 * draws.uniform(0, 1).square()
    tone = (x / 100).clamp(0, 1)
    return x + strength * draws.some(0.7) * amount * field * (0.4 + 2.4 * tone * (1 - tone))


def _fade(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """Blacks lifted, whites lowered, another gradation; now and then a hard print instead."""
    some = strength * draws.some(0.7)
    black, white = some * draws.uniform(-8, 24), 100 - some * draws.uniform(-8, 24)
    gamma = torch.exp(some * draws.uniform(-0.4, 0.4))
    return black + (white - black) * (x / 100).clamp(1e-4, 1) ** gamma


def _cover(x: Tensor, bright: Tensor, dark: Tensor) -> Tensor:
    """Lay almost white and almost black over x, by coverages of its shape (0 none, 1 all)."""
    x = x + (96 - x) * bright.clamp(0, 1)
    return x + (4 - x) * dark.clamp(0, 1)


def _scratch(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """Up to three thin, slightly bent lines in any direction, most of them bright."""
    rows, columns = _grid(x)
    number, long = _SCRATCHES, max(x.shape[2:])
    angle, bend = draws.uniform(0, math.pi, number), draws.uniform(-1, 1, number) / (8 * long)
    down = rows - draws.uniform(0, 1, number) * x.shape[2]
    right = columns - draws.uniform(0, 1, number) * x.shape[3]
    along = right * angle.cos() + down * angle.sin()
    across = down * angle.cos() - right * angle.sin() + bend * along.square()
    cover = torch.exp(-(across / draws.uniform(0.35, 0.8, number)).square())
    cover = cover * (draws.uniform(0.1, 0.8, number) * long - along.abs()).clamp(0, 1)
    there = draws.some(0.2) * draws.some(0.6, number)
    cover = cover * (strength * there * draws.uniform(0.2, 0.7, number))
    bright = draws.some(0.75, number)
    light, dark = (cover * side for side in (bright, 1 - bright))
    return _cover(x, light.sum(dim=1, keepdim=True), dark.sum(dim=1, keepdim=True))


def _dust(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """Up to a dozen spots of 0.4 to 2 px; as sums of products of rows and columns."""
    rows, columns = (part.flatten() for part in _grid(x))
    number = _SPOTS

    def profile(places: Tensor) -> Tensor:  # (N, number, places)
        radius = 0.4 + 1.6 * draws.uniform(0, 1, number).square()
        centre = draws.uniform(0, 1, number) * len(places)
        return torch.exp(-((places - centre) / radius).square())[:, :, 0]

    there = draws.some(0.35) * draws.some(0.6, number)
    cover = strength * there * draws.uniform(0.3, 1, number)
    bright = draws.some(0.65, number)
    down, right = profile(rows), profile(columns)
    light, dark = (
        torch.bmm((down * (cover * side)[:, :, 0]).transpose(1, 2), right)[:, None]
        for side in (bright, 1 - bright)
    )
    return _cover(x, light, dark)


def _compress(x: Tensor, draws: _Draws, strength: float) -> Tensor:
    """JPEG at a quality of 30 to 90 (libjpeg's scale)."""
    some = draws.some(0.5)
    quality = 100 - strength * draws.uniform(10, 70)
    return torch.where(some > 0, jpeg(x * 2.55, quality) / 2.55, x)


def jpeg(grey: Tensor, quality: Tensor) -> Tensor:
    """What baseline JPEG leaves of grey pictures: its discrete cosine transform, rounded.

    Everything else in such a file is free of loss, so no file need be written. For a batch, on any
    device, each picture with its own quality; against libjpeg only the rounding of pixels differs.

    Args:
        grey: (N, 1, H, W), 0..255.
        quality: (N, 1, 1, 1), 1..100 as libjpeg counts.

    Returns:
        (N, 1, H, W), 0..255.
    """
    height, width = grey.shape[2:]
    x = functional.pad(grey, (0, -width % 8, 0, -height % 8), mode="replicate") - 128
    count, _, tall, wide = x.shape
    blocks = x.reshape(count, tall // 8, 8, wide // 8, 8).transpose(2, 3)
    basis = _cosines(x)
    table = torch.tensor(_JPEG_TABLE, dtype=x.dtype, device=x.device).reshape(8, 8)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    step = (table * scale + 0.5).floor().clamp(1, 255)[:, :, None]  # (N, 1, 1, 8, 8)
    coefficients = ((basis @ blocks @ basis.T) / step).round() * step
    x = (basis.T @ coefficients @ basis).transpose(2, 3).reshape(count, 1, tall, wide)
    return (x + 128).clamp(0, 255)[:, :, :height, :width]


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal 8-point discrete cosine transform (DCT-II), (8, 8): frequency, place."""
    k = torch.arange(8, dtype=like.dtype, device=like.device)
    basis = torch.cos(math.pi / 8 * k[:, None] * (k + 0.5)) / 2
    basis[0] = 8**-0.5
    return basis
