"""The pipeline that a reader of the paper would write, to measure ours against.

As the example code of such papers does it: the whole photograph to Lab with scikit-image in
float64, the network in torch on a small copy, its ab enlarged bilinearly, the whole photograph back
to RGB with scikit-image, saved. Weights, decoding of the network's answer, the size it sees and the
quality of the file are ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from colorizer import weights
from colorizer.color.bins import annealed_mean
from colorizer.engines.torch_engine import TorchEngine
from colorizer.prediction import working_shape
from colorizer.settings import Settings

Image.MAX_IMAGE_PIXELS = None


class Textbook:
    """Loads the weights once; each photograph then takes what it takes."""

    def __init__(self) -> None:
        settings = Settings()
        self._weights = weights.load(settings.model)
        self._engine = TorchEngine(self._weights, "cpu")
        self._settings = settings

    def colorize(self, source: Path, target: Path) -> None:
        """From file to file; TIFF keeps 16 bits."""
        grey: NDArray[Any]
        if source.suffix == ".tif":
            grey = tifffile.imread(source)
        else:
            grey = np.asarray(Image.open(source).convert("L"))
        top = np.iinfo(grey.dtype).max
        lab = rgb2lab(np.repeat(grey[..., None], 3, axis=2) / top)
        lightness = lab[..., 0]
        ab = self._ab(lightness)
        enlarged = torch.nn.functional.interpolate(
            torch.from_numpy(ab)[None], size=lightness.shape, mode="bilinear", align_corners=False
        )[0]
        lab[..., 1:] = np.moveaxis(enlarged.numpy(), 0, -1)
        rgb = lab2rgb(lab)
        if target.suffix == ".tif":
            tifffile.imwrite(target, (rgb * 65535 + 0.5).astype(np.uint16), photometric="rgb")
        else:
            picture = Image.fromarray((rgb * 255 + 0.5).astype(np.uint8))
            picture.save(target, quality=92, subsampling=0)

    def _ab(self, lightness: NDArray[Any]) -> NDArray[np.float32]:
        height, width = working_shape(*lightness.shape, self._settings.working_size)
        small = Image.fromarray(lightness.astype(np.float32)).resize((width, height))
        padded = np.pad(small, [(0, -height % 8), (0, -width % 8)], mode="edge")
        logits = self._engine.logits(padded[None])[0]
        temperature = self._settings.temperature * self._weights.native_temperature
        ab: NDArray[np.float32] = annealed_mean(logits, temperature, axis=0)
        return ab[:, : -(-height // 4), : -(-width // 4)]
