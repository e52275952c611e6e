"""Sample pictures of a run: input, result, truth, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from PIL import Image

from ..color.bins import TEMPERATURE, annealed_mean
from .augment import to_lab_batch
from .photos import thinned
from .validate import render_batch

if TYPE_CHECKING:
    from .run import Run


@torch.no_grad()
def save_samples(run: Run) -> None:
    """Write ``samples/EPOCH.jpg``: rows of photographs; columns grey, T = 0.38, T = 1, truth."""
    count = min(run.config.sample_photos, len(run.validation))
    if count < 1:
        return
    squares = thinned(run.validation, count)
    rgb = squares.permute(0, 3, 1, 2).float() / 255.0
    lightness = to_lab_batch(rgb).lightness
    network = run.evaluated()
    with run.autocast():
        logits = torch.cat([run.logits(x, network).float() for x in torch.split(lightness, 4)])
    columns = [render_batch(lightness, torch.zeros_like(annealed_mean(logits, 1.0, axis=1)))]
    columns += [render_batch(lightness, annealed_mean(logits, t, axis=1)) for t in (TEMPERATURE, 1)]
    columns.append(rgb)
    rows = torch.cat([torch.cat(list(column), dim=1) for column in columns], dim=2)
    picture = (rows.permute(1, 2, 0) * 255).round().clamp(0, 255).byte().cpu().numpy()
    folder = run.folder / "samples"
    folder.mkdir(exist_ok=True)
    Image.fromarray(picture).save(folder / f"{run.epoch:07.2f}.jpg", quality=88)
