r"""Training of the refiner (:mod:`..networks.refiner`) on what pictures look like.

The colours of a second look go through likeness and the colour field, as they do in a finished
picture, and the loss is of what comes out, x with the photograph's own lightness:

    L  =  VGG distance  +  λ_ab · smooth L1 of a*, b* (β = 5)  +  λ_chroma · max(0, least − ratio)²
          −  λ_judge · mean of what a judge says of x

VGG distance as in :mod:`..evaluation.vgg`, half of the steps of the picture at half size and half
of a window at full size; ratio, of the mean chroma of a batch's results to that of its truth.
Without that term the surest way to look right is to be pale; with it the batch as a whole must
have colour, and where is decided by the first term. The second line is of :mod:`.wanted_colours`.

The judge is a discriminator (:class:`Judge`), which learns beside the refiner to tell, patch by
patch, the truth's colours from ours, by the hinge loss; the truth goes through likeness and field
too, its own, so that it judges colours and not sharpness. It comes in late: first the colours
should be right, then alive.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from ..errors import TrainingDiverged, WeightsCorrupt
from ..networks.refiner import Refiner
from ..networks.vgg16 import Blocks
from .answers import SIDE, Answers, Batch
from .augment import to_lab_batch
from .average import moving_average
from .checkpoint import load_checkpoint, save_checkpoint
from .judge import Judge
from .log import LOG, append_row, last_step
from .perception import Perception
from .refine_config import RefineConfig
from .runtime import bf16_on, device_named
from .schedule import cosine_factor
from .smoothed import Smoothed, alike, colours, fields, likenesses
from .validate import enlarged, to_rgb
from .wanted_colours import class_weights, purple_not_there, rare_error, too_warm

_LOG_FIELDS = ("step", "seconds", "vgg", "chroma", "ab", "train_vgg", "train_chroma")


#: batches that are prepared ahead beside a GPU, which is quicker than the colour fields are made
_AHEAD_OF_GPU = 6


class _Prepared:
    """A batch with all that does not depend on the refiner, on the device but for the fields."""

    def __init__(
        self, batch: Batch, device: torch.device, corner: tuple[int, int] = (0, 0)
    ) -> None:
        self.corner = corner
        self.batch = batch
        self.fields = fields(batch)
        for field in self.fields:
            field.factorise()
        self.planes = batch.planes().to(device, memory_format=torch.channels_last)
        self.hues, self.truth = batch.hues.to(device), batch.truth.to(device)
        self.lightness, self.ab, _ = to_lab_batch(self.truth)

    def finished(self, colours: Tensor) -> Tensor:
        """Colours (n, 2, h, w) as likeness, their own, and field leave them."""
        like = alike(colours, likenesses(self.batch, colours))
        found: Tensor = Smoothed.apply(like, self.fields)
        return found


class Refinement:
    """A training that can be stopped and resumed.

    Args:
        config: of it.
        refiner: to start from, with the components of the answers.
        answers: to train on.
        validation: to measure on.
        blocks: of VGG16.

    Raises:
        DeviceUnavailable: if CUDA is asked for and not there.
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
        self.device = device_named(config.device)
        self.bf16 = bf16_on(self.device, config.bf16)
        self.refiner = refiner.to(self.device).to(memory_format=torch.channels_last)
        for layer in self.refiner.project.parameters():
            layer.requires_grad_(False)
        learning = [p for p in refiner.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            learning, config.learning_rate, weight_decay=config.weight_decay
        )
        self.judge = Judge().to(self.device)
        self.judge_optimizer = torch.optim.Adam(
            self.judge.parameters(), config.judge_rate, betas=(0.0, 0.9)
        )
        self.step, self.seconds = 0, 0.0
        self.average = moving_average(self.refiner, config.ema, lambda: self.step)
        self.perceive = Perception(blocks, self.bf16, self.device)
        self.class_weights = class_weights(answers)

    def save(self, file: Path) -> None:
        """Everything that is needed to go on.

        Raises:
            OutputError: if it cannot be written.
        """
        state = {name: part.state_dict() for name, part in self._learning().items()}
        save_checkpoint(file, {**state, "step": self.step, "seconds": self.seconds})

    def resume(self, file: Path) -> None:
        """Go on from what :meth:`save` wrote.

        Raises:
            WeightsMissing: if there is no such file.
            WeightsCorrupt: if it is damaged, or is not of such a training.
        """
        state = load_checkpoint(file, self.device, kind="refiner")
        try:
            for name, part in self._learning().items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise WeightsCorrupt(f"{file} is not the state of such a training: {error}") from error
        self.step, self.seconds = state["step"], state["seconds"]

    def _learning(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "refiner": self.refiner,
            "average": self.average,
            "optimizer": self.optimizer,
            "judge": self.judge,
            "judge_optimizer": self.judge_optimizer,
        }

    def run(self, folder: Path, progress: bool = True) -> None:
        """Train to the end; ``folder`` gets ``refiner.pt`` and ``log.csv``.

        Raises:
            TrainingDiverged: if the loss is no longer finite.
        """
        bar = tqdm(total=round(self.config.minutes * 60), disable=not progress, unit="s")
        bar.update(round(self.seconds))
        mean: dict[str, float] = {}
        batches = self._batches()
        while (done := self.seconds / 60 / self.config.minutes) < 1:
            started = time.monotonic()
            for name, value in self._learn(next(batches), done).items():
                mean[name] = value if name not in mean else 0.98 * mean[name] + 0.02 * value
            self.seconds += time.monotonic() - started
            bar.set_postfix({name: f"{value:.3f}" for name, value in mean.items()})
            bar.update(round(self.seconds) - bar.n)
            if self.step % self.config.validate_every == 0:
                self._log(folder, mean)
        batches.close()
        if last_step(folder / LOG) != self.step:
            self._log(folder, mean)
        bar.close()

    def _batches(self) -> Generator[_Prepared]:
        """Without end; the next ones are prepared while one is learned from."""
        draw = np.random.default_rng((self.config.seed, self.step))
        rows = self.answers.ready()
        ahead = _AHEAD_OF_GPU if self.device.type == "cuda" else 1
        with ThreadPoolExecutor(ahead) as pool:
            coming: deque[Future[_Prepared]] = deque()
            try:
                while True:
                    while len(coming) <= ahead:
                        coming.append(pool.submit(self._prepare, *self._drawn(rows, draw)))
                    yield coming.popleft().result()
            finally:
                for future in coming:
                    future.cancel()

    def _drawn(
        self, rows: NDArray[np.int64], draw: np.random.Generator
    ) -> tuple[NDArray[np.int64], Tensor, tuple[int, int]]:
        chosen = np.sort(draw.choice(rows, min(self.config.batch, len(rows)), replace=False))
        mirrored = torch.from_numpy(draw.random(len(chosen)) < 0.5)
        top, left = (int(c) for c in draw.integers(SIDE - self.config.window + 1, size=2))
        return chosen, mirrored, (top, left)

    def _prepare(
        self, chosen: NDArray[np.int64], mirrored: Tensor, corner: tuple[int, int]
    ) -> _Prepared:
        return _Prepared(self.answers.batch(chosen).mirrored(mirrored), self.device, corner)

    def _results(self, refiner: Callable[[Tensor], Tensor], prepared: _Prepared) -> Tensor:
        """Finished colours (n, 2, h, w)."""
        with self._autocast():
            look = refiner(prepared.planes)
        return prepared.finished(colours(look, prepared.hues))

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

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
        with self._autocast():
            said: Tensor = self.judge(prepared.lightness, ab)
        return said

    def _teach_judge(self, prepared: _Prepared, ab: Tensor) -> None:
        truth = prepared.finished(prepared.ab)
        real, ours = self._judged(prepared, truth), self._judged(prepared, ab)
        loss = functional.relu(1 - real).mean() + functional.relu(1 + ours).mean()
        self.judge_optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.judge_optimizer.step()

    def _halved(self, prepared: _Prepared, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Result and truth, the whole at half size."""
        small = functional.avg_pool2d(torch.cat([prepared.lightness, ab], 1), 2)
        return to_rgb(small[:, :1], small[:, 1:]), functional.avg_pool2d(prepared.truth, 2)

    def _window(self, prepared: _Prepared, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Result and truth, a window at full size."""
        top, left = prepared.corner
        down, across = slice(top, top + self.config.window), slice(left, left + self.config.window)
        lightness = prepared.lightness[..., down, across]
        return to_rgb(lightness, ab[..., down, across]), prepared.truth[..., down, across]

    @torch.no_grad()
    def validate(self, size: int = 8) -> dict[str, float]:
        """VGG distance and mean chroma, as shares of grey's and the truth's, and the error of ab.

        The error, of a* and b* as squared distance, is in dB below grey's.
        """
        self.average.eval()
        rows = self.validation.ready()
        sums = np.zeros(6)
        for first in range(0, len(rows), size):
            prepared = _Prepared(self.validation.batch(rows[first : first + size]), self.device)
            ab = self._results(self.average, prepared)
            truth = self.perceive(prepared.truth)
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
        append_row(folder / LOG, _LOG_FIELDS, row, digits=4)

    def averaged(self) -> Refiner:
        """The moving average, which is what is exported."""
        module = self.average.module
        assert isinstance(module, Refiner)
        return module
