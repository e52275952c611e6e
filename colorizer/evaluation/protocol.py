"""From a colour photograph to the truth, the grey input, and results of 8 bits.

1. Decode with Pillow, apply the EXIF orientation, convert to RGB (``Image.convert``: alpha dropped,
   embedded colour profiles ignored).
2. If the short side is not ``short_side`` pixels, resize it to that (Lanczos, with antialiasing;
   smaller photographs are enlarged).
3. Cut the central ``crop`` × ``crop`` pixels. These 8-bit RGB pixels are **the truth**.
4. The input is their luminance: Y of CIE XYZ from linear sRGB, encoded as sRGB grey in 16 bits, so
   that L* is not rounded. If asked for, it is first made old (:mod:`..training.degrade`): blurred,
   unevenly exposed, grainy, faded, scratched, dusty, compressed; photograph number i (from 0, among
   those measured) always in the same way, by a generator of seed i. The truth stays as it is.
5. Results are compared as 8-bit RGB pixels. The "grey" result is the input's L* with a* = b* = 0.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..color.lab import lightness_to_grey
from ..color.palette import WARM_HUES
from ..errors import CorruptImage, ImageError, ImageTooLarge, UnsupportedImage
from ..optional import need_torch
from ..photo.srgb import luminance, to_depth
from .auc import THRESHOLD_MAX
from .bootstrap import CONFIDENCE, RESAMPLES, SEED
from .histograms import CELLS, RGB_CELLS, STEP
from .metrics import PSNR_CAP, Pixels
from .sepia import CHROMA_FLOOR, RESULT_SHARE, TRUTH_SHARE

if TYPE_CHECKING:
    from ..photo import Photo

MAX_PIXELS = 100_000_000
_DEEP_MODES = ("I", "F")  # and "I;16", …: Pillow would clip them to 8 bits


@dataclass(frozen=True)
class Protocol:
    """How photographs are prepared.

    Attributes:
        short_side: pixels of the short side after resizing.
        crop: side of the central square that is kept, 11..short_side (SSIM's window needs 11).
        degrade: how old the input is made to look, 0 (not at all)..1.

    Raises:
        ValueError: if ``crop`` or ``degrade`` is out of its range.
    """

    short_side: int = 256
    crop: int = 256
    degrade: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.degrade <= 1.0:
            raise ValueError(f"The degradation must be between 0 and 1, not {self.degrade:g}.")
        if not 11 <= self.crop <= self.short_side:
            raise ValueError(
                f"The crop must be between 11 and the short side ({self.short_side}) pixels, "
                f"not {self.crop}."
            )

    def truth(self, data: bytes) -> Pixels:
        """Steps 1 to 3: an encoded picture to its 8-bit RGB pixels, (crop, crop, 3).

        Raises:
            ImageError: one of its kinds, if the bytes are not a usable colour photograph.
        """
        image = _decode(data)
        width, height = image.size
        short = min(width, height)
        if short != self.short_side:
            scale = self.short_side / short
            size = (round(width * scale), round(height * scale))
            if size[0] * size[1] > MAX_PIXELS:
                raise ImageTooLarge("The picture is too long and narrow to be measured.")
            image = image.resize(size, Image.Resampling.LANCZOS)
        left, top = (image.width - self.crop) // 2, (image.height - self.crop) // 2
        return np.array(image.crop((left, top, left + self.crop, top + self.crop)))

    def input(self, truth: Pixels, number: int) -> Photo:
        """Step 4: a truth (H, W, 3) to the colorizer's input.

        ``number``: of the photograph among those measured, from 0; decides how it is degraded.
        """
        photo = grey_photo(truth)
        return photo if self.degrade == 0.0 else _degraded(photo, number, self.degrade)

    def describe(self) -> dict[str, Any]:
        """What someone needs to repeat the preparation and the metrics, as plain text."""
        return {
            "decoding": "Pillow, EXIF orientation applied, colour profiles ignored, to 8-bit RGB",
            "short_side": self.short_side,
            "resize_filter": "Lanczos (Pillow, antialiased), only if the short side differs",
            "crop": f"central {self.crop}x{self.crop}",
            "input": "CIE Y from linear sRGB, encoded as sRGB grey, 16 bits",
            "degrade": self._degradation(),
            "compared": "8-bit sRGB pixels of the crop",
            "color_space": "CIE Lab, D65, 2 degree observer, from 8-bit sRGB (scikit-image)",
            "averaging": "mean of the photographs' values; auc, auc_rebalanced and patches pool "
            "all pixels",
            "intervals": f"{CONFIDENCE:.0%} percentile bootstrap, {RESAMPLES:,} draws of as many "
            f"photographs with replacement, seed {SEED}; the prior of auc_rebalanced stays",
            "comparison": "B minus A on the same photographs, interval of the paired difference; "
            "better: share of photographs where B is strictly nearer the ideal (colorfulness: the "
            "truth's, bias: 0)",
            "patches": "root mean square deviation of a* and b* from the region's mean, over the "
            "regions that are uniform in the truth (evaluation/patches.py), all pooled; "
            "patches_truth: of the truth",
            "chroma": "mean of sqrt(a*^2 + b*^2) over the pixels",
            "psnr": f"dB over the three channels together, at most {PSNR_CAP:g} per photograph",
            "ssim": "RGB, Gaussian window 11x11, sigma 1.5, population covariance, range 255",
            "delta_e2000": "CIEDE2000, mean over pixels",
            "colorfulness": "Hasler and Suesstrunk 2003, M3; colorfulness_abs takes |rg|, |yb|",
            "colorfulness_delta": "|mean colorfulness - mean colorfulness of the truth|; "
            "colorfulness_abs_delta likewise",
            "auc": f"share of pixels with ab error <= t, t = 0..{THRESHOLD_MAX} in steps of 1, "
            "trapezoidal area, of 100",
            "auc_rebalanced": "as auc, each pixel weighted by 1/prior of the bin nearest its "
            "truth; prior 'own': the bins' shares of these photographs' true pixels, unsmoothed",
            "bias": "mean of result minus truth in a* and b*",
            "histogram": f"2-D ab histogram, {CELLS}x{CELLS} cells of {STEP:g} centred on the "
            "multiples of 10, L1-normalised, float32, h1 of the truth, h2 of the result; formulas "
            "of OpenCV's compareHist",
            "hist_correlation": "Pearson correlation of h1 and h2 over the cells",
            "hist_chi_square": "sum of (h1 - h2)^2 / h1 over the cells where h1 is not empty",
            "hist_bhattacharyya": "sqrt(1 - sum of sqrt(h1 h2)), properly the Hellinger distance",
            "rgb_histogram": f"{RGB_CELLS}x{RGB_CELLS}x{RGB_CELLS} cells of 8-bit RGB, otherwise "
            "the same; the likeliest reading of the paper, which does not define it",
            "rgb_hist_correlation": "as hist_correlation, of the RGB histograms",
            "rgb_hist_chi_square": "as hist_chi_square, of the RGB histograms",
            "rgb_hist_bhattacharyya": "as hist_bhattacharyya, of the RGB histograms",
            "sepia_rate": f"share of photographs with more than {RESULT_SHARE:.0%} of the "
            f"result's chroma at a hue of {WARM_HUES[0]:g}..{WARM_HUES[1]:g} degrees and a mean "
            f"chroma above {CHROMA_FLOOR:g}, while the truth has less than {TRUTH_SHARE:.0%} there "
            "or is grey",
        }

    def _degradation(self) -> str:
        if self.degrade == 0.0:
            return "none"
        return (
            f"luminance made old at strength {self.degrade:g} (blur, exposure, grain, fading, "
            "scratches, dust, JPEG), seeded by the photograph's number; PSNR, SSIM and dE2000 "
            "count this damage too"
        )


def grey_photo(rgb: Pixels) -> Photo:
    """Step 4 without degradation: a truth (H, W, 3) as an 8-bit colour file would be read.

    Pixels (H, W) are uint16, but uint8 if the truth has no colours at all.
    """
    from ..photo import Photo

    return Photo(pixels=luminance(rgb), bit_depth=8)


def _degraded(photo: Photo, number: int, strength: float) -> Photo:
    need_torch("Making photographs old")
    import torch

    from ..training.degrade import degrade_lightness

    generator = torch.Generator().manual_seed(number)
    lightness = torch.from_numpy(photo.lightness())[None, None]
    old = degrade_lightness(lightness, generator, strength)[0, 0].clamp(0, 100)
    grey = lightness_to_grey(old.numpy())
    return replace(photo, pixels=np.rint(grey * 65535).astype(np.uint16))


def grey_result(grey: NDArray[Any]) -> Pixels:
    """The grey baseline: sRGB grey (H, W), uint8 or uint16, to 8-bit RGB (H, W, 3), a* = b* = 0."""
    return np.repeat(to_8bit(grey)[..., None], 3, axis=-1)


def to_8bit(pixels: NDArray[Any]) -> Pixels:
    """Round uint16 pixels to uint8; uint8 pixels pass. Any shape. TypeError for other kinds."""
    if pixels.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"expected uint8 or uint16 pixels, got {pixels.dtype}")
    return np.asarray(to_depth(pixels, 8))


def _decode(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged EXIF, odd palettes, large pictures
            with Image.open(BytesIO(data)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ImageTooLarge(
                        f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels."
                    )
                if image.mode.startswith(_DEEP_MODES):
                    raise UnsupportedImage("The picture is a 16-bit grey one: it has no colours.")
                image.load()
                return ImageOps.exif_transpose(image).convert("RGB")
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise UnsupportedImage("The file is not a picture that can be read here.") from None
    except Image.DecompressionBombError:
        raise ImageTooLarge("The picture is far too large.") from None
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise CorruptImage("The picture is damaged.") from error
