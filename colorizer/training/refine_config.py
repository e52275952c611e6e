"""Settings of a training of the refiner (:mod:`.refine`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..errors import InvalidSetting
from .answers import SIDE


@dataclass(frozen=True)
class RefineConfig:
    """A training of a refiner.

    Attributes:
        batch: photographs a step.
        learning_rate: of AdamW; a linear warm-up of 100 steps, then half a cosine to 0.
        minutes: training time, above 0.
        ab_weight, chroma_weight, rare_weight, purple_weight, warm_weight, judge_weight: λ of
            :mod:`.refine`, 0 or more.
        judge_from: share of the training after which the judge comes in, 0..1.
        judge_rate: its learning rate.
        least_chroma: of the truth's, 0..1.
        window: side of the windows, px, 32..224; half of the steps see the whole at half size.
        ema: decay of the weights' moving average, 0..1.
        validate_every: steps.
        bf16: compute in bfloat16 where the device has it.
        device: "cpu", "cuda", "cuda:N", or "auto": a GPU if there is one.
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
    device: str = "auto"
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
