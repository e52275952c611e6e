r"""Training of the refiner (:mod:`..networks.refiner`) on what pictures look like.

The colours of a second look go through the colour field, as they do in a finished picture, and the
loss is of what comes out, x with the photograph's own lightness:

    L  =  VGG distance  +  λ_ab · smooth L1 of a*, b* (β = 5)  +  λ_chroma · max(0, least − ratio)²
          −  λ_judge · mean of what a judge says of x

VGG distance as in :mod:`..evaluation.vgg`, half of the steps of the picture at half size and half
of a window at full size; ratio, of the mean chroma of a batch's results to that of its truth.
Without that term the surest way to look right is to be pale; with it the batch as a whole must
have colour, and where is decided by the first term. The second line is of :mod:`.wanted_colours`.

The judge is a discriminator (:class:`Judge`), which learns beside the refiner to tell, patch by
patch, the truth's colours from ours, by the hinge loss; the truth goes through the colour field
too, so that it judges colours and not sharpness. It comes in late: first the colours should be
right, then alive.

The field is linear in the colours: x = A⁻¹ C d. So is its gradient, C A⁻¹ g, with the factors that
are there already.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from ..color.coherence import field_of_parts
from ..color.field import ColourField
from ..color.hues import HUES
from ..color.second_look import SHIFT
from ..errors import InvalidSetting, TrainingDiverged
from ..networks import REFINER
from ..networks.refiner import Refiner
from ..networks.vgg16 import Blocks
from ..pipeline import LOGIT_STRIDE
from ..weights import store_quantised
from ..weights.checkpoint import REFINED_FIELD
from .answers import SIDE, Answers, Batch
from .augment import to_lab_batch
from .average import moving_average
from .judge import Judge
from .perception import Perception
from .ranges import activation_ranges
from .schedule import cosine_factor
from .validate import enlarged, to_rgb
from .wanted_colours import class_weights, purple_not_there, rare_error, too_warm

_LOG_FIELDS = ("step", "seconds", "vgg", "chroma", "ab", "train_vgg", "train_chroma")


@dataclass(frozen=True)
class RefineConfig:
    """A training of a refiner.

    Attributes:
        batch: photographs a step.
        learning_rate: of AdamW; a linear warm-up of 100 steps, then half a cosine to 0.
        minutes: training time, above 0.
        ab_weight, chroma_weight, rare_weight, purple_weight, warm_weight, judge_weight: λ of the
            module's docstring, 0 or more.
        judge_from: share of the training after which the judge comes in, 0..1.
        judge_rate: its learning rate.
        least_chroma: of the truth's, 0..1.
        window: side of the windows, px, 32..224; half of the steps see the whole at half size.
        ema: decay of the weights' moving average, 0..1.
        validate_every: steps.
        bf16: compute in bfloat16 where it can be.
        seed: decides order, windows and mirroring.

    Raises:
        InvalidSetting: if one is out of range.
    """

    batch: int = 12
    learning_rate: float = 1.2e-3
    weight_decay: float = 1e-4
    minutes: float = 60.0
    ab_weight: float = 0.02
    chroma_weight: float = 4.0
    rare_weight: float = 0.006
    purple_weight: float = 0.06
    warm_weight: float = 2.0
    judge_weight: float = 0.15
    judge_from: float = 0.5
    judge_rate: float = 4e-4
    least_chroma: float = 0.8
    window: int = 112
    ema: float = 0.998
    validate_every: int = 500
    bf16: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        shares = (self.ab_weight, self.chroma_weight, self.rare_weight, self.purple_weight)
        good = (
            self.batch > 0
            and self.learning_rate > 0
            and self.minutes > 0
            and self.judge_rate > 0
            and min(self.weight_decay, *shares, self.warm_weight, self.judge_weight) >= 0
            and 0 <= self.judge_from <= 1
            and 0 <= self.least_chroma <= 1
            and 32 <= self.window <= SIDE
            and 0 <= self.ema < 1
            and self.validate_every > 0
        )
        if not good:
            raise InvalidSetting(f"A setting of the training is out of its range: {asdict(self)}.")


def colours(look: Tensor, hues: Tensor) -> Tensor:
    """As :func:`..color.second_look.applied`, of many photographs: (n, 2, h, w).

    Args:
        look: (n, OUTPUTS, h/2, w/2).
        hues: (n, 2, HUES, h, w).
    """
    size = hues.shape[-2:]
    full = functional.interpolate(look.float(), size=size, mode="bilinear", align_corners=False)
    believed = 2 * torch.sigmoid(full[:, :HUES])
    return (hues * believed[:, None]).sum(dim=2) + SHIFT * full[:, HUES:]


def fields(batch: Batch) -> list[ColourField]:
    """The colour field of each photograph of a batch."""
    lightness = functional.avg_pool2d(batch.lightness, LOGIT_STRIDE)[:, 0].numpy()
    parts = zip(lightness, batch.variance.numpy(), batch.classes.square().numpy(), strict=True)
    return [field_of_parts(*part) for part in parts]


class Smoothed(torch.autograd.Function):
    """Colours (n, 2, h, w) on the CPU through each photograph's colour field."""

    @staticmethod
    def forward(ctx: Any, colours: Tensor, found: list[ColourField]) -> Tensor:
        ctx.fields = found
        pairs = zip(found, colours.detach().numpy(), strict=True)
        return torch.from_numpy(np.stack([field.smooth(planes) for field, planes in pairs]))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        pairs = zip(ctx.fields, gradients[0].numpy(), strict=True)
        back = [f.confidence * f.smooth(planes / f.confidence) for f, planes in pairs]
        return torch.from_numpy(np.stack(back).astype(np.float32)), None


class _Prepared:
    """A batch with all that does not depend on the refiner."""

    def __init__(self, batch: Batch, corner: tuple[int, int] = (0, 0)) -> None:
        self.batch, self.corner = batch, corner
        self.planes = batch.planes().contiguous(memory_format=torch.channels_last)
        self.fields = fields(batch)
        for field in self.fields:
            field.factorise()
        self.lightness, self.ab, _ = to_lab_batch(batch.truth)


class Refinement:
    """A training that can be stopped and resumed.

    Args:
        config: of it.
        refiner: to start from, with the components of the answers.
        answers: to train on.
        validation: to measure on.
        blocks: of VGG16.
    """

    def __init__(
        self,
        config: RefineConfig,
        refiner: Refiner,
        answers: Answers,
        validation: Answers,
        blocks: Blocks,
    ) -> None:
        self.config, self.answers, self.validation = config, answers, validation
        self.refiner = refiner.to(memory_format=torch.channels_last)
        for layer in self.refiner.project.parameters():
            layer.requires_grad_(False)
        learning = [p for p in refiner.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            learning, config.learning_rate, weight_decay=config.weight_decay
        )
        self.judge = Judge()
        self.judge_optimizer = torch.optim.Adam(
            self.judge.parameters(), config.judge_rate, betas=(0.0, 0.9)
        )
        self.step, self.seconds = 0, 0.0
        self.average = moving_average(self.refiner, config.ema, lambda: self.step)
        self.perceive = Perception(blocks, config.bf16)
        self.class_weights = class_weights(answers)

    def save(self, file: Path) -> None:
        """Everything that is needed to go on."""
        state = {
            "refiner": self.refiner.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "judge": self.judge.state_dict(),
            "judge_optimizer": self.judge_optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)

    def resume(self, file: Path) -> None:
        """Go on from what :meth:`save` wrote."""
        state = torch.load(file, weights_only=True)
        self.refiner.load_state_dict(state["refiner"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.judge.load_state_dict(state["judge"])
        self.judge_optimizer.load_state_dict(state["judge_optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    def run(self, folder: Path, progress: bool = True) -> None:
        """Train to the end; ``folder`` gets ``refiner.pt`` and ``log.csv``.

        Raises:
            TrainingDiverged: if the loss is no longer finite.
        """
        draw = np.random.default_rng((self.config.seed, self.step))
        rows = self.answers.ready()
        bar = tqdm(total=round(self.config.minutes * 60), disable=not progress, unit="s")
        bar.update(round(self.seconds))
        mean: dict[str, float] = {}
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self._prepare, rows, draw)
            while (done := self.seconds / 60 / self.config.minutes) < 1:
                started = time.monotonic()
                prepared, coming = coming.result(), pool.submit(self._prepare, rows, draw)
                for name, value in self._learn(prepared, done).items():
                    mean[name] = value if name not in mean else 0.98 * mean[name] + 0.02 * value
                self.seconds += time.monotonic() - started
                bar.set_postfix({name: f"{value:.3f}" for name, value in mean.items()})
                bar.update(round(self.seconds) - bar.n)
                if self.step % self.config.validate_every == 0:
                    self._log(folder, mean)
        self._log(folder, mean)
        bar.close()

    def _prepare(self, rows: NDArray[np.int64], draw: np.random.Generator) -> _Prepared:
        chosen = np.sort(draw.choice(rows, min(self.config.batch, len(rows)), replace=False))
        mirrored = torch.from_numpy(draw.random(len(chosen)) < 0.5)
        top, left = (int(c) for c in draw.integers(SIDE - self.config.window + 1, size=2))
        return _Prepared(self.answers.batch(chosen).mirrored(mirrored), (top, left))

    def _results(self, refiner: Callable[[Tensor], Tensor], prepared: _Prepared) -> Tensor:
        """Colours (n, 2, h, w) as the field leaves them."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bf16):
            look = refiner(prepared.planes)
        found: Tensor = Smoothed.apply(colours(look, prepared.batch.hues), prepared.fields)
        return found

    def _learn(self, prepared: _Prepared, done: float) -> dict[str, float]:
        config = self.config
        rate = config.learning_rate * min(1.0, (self.step + 1) / 100)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * cosine_factor(done)
        self.refiner.train()
        ab = self._results(self.refiner, prepared)
        seen = self._window if self.step % 2 else self._halved
        ours, truth = seen(prepared, enlarged(ab))
        with torch.no_grad():
            wanted = self.perceive(truth)
        vgg = self.perceive.distance(self.perceive(ours), wanted).mean()
        off = functional.smooth_l1_loss(ab, prepared.ab, beta=5.0)
        chroma = (ab.square().sum(dim=1) + 1e-3).sqrt().mean()
        ratio = chroma / prepared.ab.norm(dim=1).mean().clamp(min=1e-3)
        pale = functional.relu(config.least_chroma - ratio) ** 2
        loss = vgg + config.ab_weight * off + config.chroma_weight * pale
        loss = loss + config.rare_weight * rare_error(ab, prepared.ab, self.class_weights)
        loss = loss + config.purple_weight * purple_not_there(ab, prepared.ab)
        loss = loss + config.warm_weight * too_warm(ab, prepared.ab)
        if config.judge_weight and done >= config.judge_from:
            self._teach_judge(prepared, ab.detach())
            loss = loss - config.judge_weight * self._judged(prepared, ab).mean()
        if not math.isfinite(loss.item()):
            raise TrainingDiverged(f"The loss is {loss.item()} at step {self.step}.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.refiner.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.refiner)
        self.step += 1
        return {"vgg": vgg.item(), "chroma": ratio.item()}

    def _judged(self, prepared: _Prepared, ab: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bf16):
            said: Tensor = self.judge(prepared.lightness, ab)
        return said

    def _teach_judge(self, prepared: _Prepared, ab: Tensor) -> None:
        truth = Smoothed.apply(prepared.ab, prepared.fields)
        real, ours = self._judged(prepared, truth), self._judged(prepared, ab)
        loss = functional.relu(1 - real).mean() + functional.relu(1 + ours).mean()
        self.judge_optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.judge_optimizer.step()

    def _halved(self, prepared: _Prepared, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Result and truth, the whole at half size."""
        small = functional.avg_pool2d(torch.cat([prepared.lightness, ab], 1), 2)
        return to_rgb(small[:, :1], small[:, 1:]), functional.avg_pool2d(prepared.batch.truth, 2)

    def _window(self, prepared: _Prepared, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Result and truth, a window at full size."""
        top, left = prepared.corner
        down, across = slice(top, top + self.config.window), slice(left, left + self.config.window)
        lightness = prepared.lightness[..., down, across]
        return to_rgb(lightness, ab[..., down, across]), prepared.batch.truth[..., down, across]

    @torch.no_grad()
    def validate(self, size: int = 8) -> dict[str, float]:
        """VGG distance and mean chroma, as shares of grey's and the truth's, and the error of ab.

        The error, of a* and b* as squared distance, is in dB below grey's.
        """
        self.average.eval()
        rows = self.validation.ready()
        sums = np.zeros(6)
        for first in range(0, len(rows), size):
            prepared = _Prepared(self.validation.batch(rows[first : first + size]))
            ab = self._results(self.average, prepared)
            truth = self.perceive(prepared.batch.truth)
            for place, picture in enumerate((enlarged(ab), torch.zeros_like(enlarged(ab)))):
                ours = self.perceive(to_rgb(prepared.lightness, picture))
                sums[place] += float(self.perceive.distance(ours, truth).sum())
            sums[2] += float(ab.norm(dim=1).mean(dim=(1, 2)).sum())
            sums[3] += float(prepared.ab.norm(dim=1).mean(dim=(1, 2)).sum())
            sums[4] += float((ab - prepared.ab).square().sum())
            sums[5] += float(prepared.ab.square().sum())
        return {
            "vgg": sums[0] / sums[1],
            "chroma": sums[2] / sums[3],
            "ab": 10 * math.log10(sums[5] / sums[4]),
        }

    def _log(self, folder: Path, mean: dict[str, float]) -> None:
        self.save(folder / "refiner.pt")
        row = {"step": self.step, "seconds": round(self.seconds)} | self.validate()
        row |= {f"train_{name}": value for name, value in mean.items()}
        path = folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _LOG_FIELDS)
            if new:
                writer.writeheader()
            writer.writerow({k: round(v, 4) for k, v in row.items()})

    def averaged(self) -> Refiner:
        """The moving average, which is what is exported."""
        module = self.average.module
        assert isinstance(module, Refiner)
        return module


#: photographs that the ranges of activations are measured on
_RANGE_PHOTOS = 64


def export_refiner(
    refiner: Refiner, answers: Answers, file: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a refiner: to lie beside the weights that it refines, see ``refiner_of``.

    The ranges of its activations are measured on some of the answers: with them the convolutions
    of 3 x 3 run in 8 bits where the engine can.

    Args:
        answers: that it was trained on.
        metadata: free text fields to add.

    Raises:
        OutputError: if the file cannot be written.
    """
    options = {
        "sources": [layer.in_channels for layer in refiner.project],
        "components": [layer.out_channels for layer in refiner.project],
        "widths": refiner.widths,
    }
    rows = answers.ready()
    chosen = rows[:: max(len(rows) // _RANGE_PHOTOS, 1)][:_RANGE_PHOTOS]
    ranges = activation_ranges(refiner.eval(), answers.batch(chosen).planes())
    store_quantised(
        file,
        refiner.state_dict(),
        network=REFINER,
        options=options,
        native_temperature=1.0,
        prior=None,
        metadata={REFINED_FIELD: answers.refined, **(metadata or {})},
        ranges={name: found for name, found in ranges.items() if "." in name},
    )
