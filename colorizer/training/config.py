"""Everything that defines a training run, in one dataclass that is saved with each checkpoint."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import InvalidSetting

#: a network learns nothing by more than a thousandth of it
HIGHEST_RATE = 1000.0
_POSITIVE = (
    "batch", "accumulate", "calibration_photos", "validation_limit", "smallest_scale",
    "learning_rate", "epochs", "restart_period", "restart_multiplier", "plateau_factor",
    "sigma_lightness", "soft_sigma",
)  # fmt: skip
_RANGES = {
    "smallest_scale": (0.0, 1.0),
    "brightness": (0.0, 1.0),
    "input_contrast": (0.0, 1.0),
    "input_noise": (0.0, 100.0),
    "degrade": (0.0, 1.0),
    "balance": (0.0, 1.0),
    "learning_rate": (0.0, HIGHEST_RATE),
    "encoder_learning_rate": (0.0, HIGHEST_RATE),
    "freeze_until": (0.0, 1.0),
    "freeze_blocks": (0, 5),
    "rebalancing_mix": (0.0, 1.0),
    "soft_k": (1, 313),
    "plateau_factor": (0.0, 0.99),
    "ema": (0.0, 0.999999),
    "workers": (0, 1024),
    "threads": (0, 1024),
    "seed": (0, 2**31 - 1),
} | dict.fromkeys(
    ("lambda_ce", "lambda_l2", "lambda_consistency", "weight_decay",
     "clip", "warmup", "minutes", "early_stop", "validate_every", "checkpoint_every",
     "sample_every", "sample_photos", "plateau_patience"),
    (0.0, math.inf),
)  # fmt: skip


def _typed(name: str, kind: Any, value: Any) -> Any:
    """``value`` as the field's type; a whole number may stand for a float, nothing else."""
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            if math.isfinite(value):
                return float(value)
    elif kind in ("int", "bool", "str"):
        if type(value).__name__ == kind:
            return value
    elif kind not in ("float", "int", "bool", "str"):
        return value
    raise InvalidSetting(f"{name} must be of type {kind}, not {value!r}.")


def _paths(name: str, paths: Any) -> tuple[str, ...]:
    """One path or a list of them, as text."""
    if isinstance(paths, str | Path):
        return (str(paths),)
    if isinstance(paths, list | tuple) and all(isinstance(path, str | Path) for path in paths):
        return tuple(map(str, paths))
    raise InvalidSetting(f"{name} must be a list of files and folders, not {paths!r}.")


def _source_weights(weights: Any) -> dict[str, float]:
    """``weights``, checked."""
    if isinstance(weights, dict) and all(
        isinstance(weight, int | float) and 0 < weight < math.inf for weight in weights.values()
    ):
        return {str(source): float(weight) for source, weight in weights.items()}
    raise InvalidSetting(
        f"source_weights must have a number above 0 for each source, not {weights!r}."
    )


def _crop_steps(steps: Any) -> tuple[tuple[float, int], ...]:
    """``steps``, maybe lists as JSON has them, as pairs of a share of the run and a crop."""
    try:
        pairs = tuple((float(start), crop) for start, crop in steps)
    except (TypeError, ValueError):
        pairs = ((math.nan, 0),)
    if not all(0 <= start <= 1 and type(crop) is int for start, crop in pairs):
        raise InvalidSetting(
            f"crop_steps must be pairs of a share of the run (0..1) and a crop, not {steps!r}."
        )
    return pairs


@dataclass
class TrainConfig:
    """A training run. Defaults are those of the paper where it gives them.

    Lengths of time are in epochs (passes over the training photographs) unless ``minutes`` is set.
    """

    # data
    photos: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    validation_limit: int = 256
    resize: int = 256  # short side, px
    crop: int = 224  # px, a multiple of 8
    crop_steps: tuple[tuple[float, int], ...] = ()  # from a share of the run (0..1) on, that crop
    smallest_scale: float = 1.0  # a crop covers 1..1/smallest_scale times ``crop`` before resizing
    brightness: float = 0.1  # gain in linear light is drawn from 1 +- this
    input_contrast: float = 0.0  # lightness contrast changed on the input only, 1 +- this
    input_noise: float = 0.0  # up to this much Gaussian grain (L*) on the input only
    degrade: float = 0.0  # share of the inputs that are made to look like old photographs
    balance: float = 0.0  # 0: every square as often, 1: every source as often, or in between
    source_weights: dict[str, float] = field(default_factory=dict)  # shown so much more often
    in_memory: bool = False  # keep all pictures as one uint8 tensor on the device
    workers: int = 2  # decoding processes, when not in memory

    # network
    network: str = "eccv16-vgg16"
    network_options: dict[str, Any] = field(default_factory=dict)
    vgg16: str = "torchvision"  # "" = random, "torchvision", or a .npz / .pth file
    initial_weights: str = ""  # a catalogue name or a stored file to start from
    calibration_photos: int = 64

    # losses
    lambda_ce: float = 1.0
    lambda_l2: float = 1.0
    lambda_consistency: float = 0.1
    sigma_lightness: float = 5.0  # L*, in the consistency loss
    rebalancing_mix: float = 0.5
    soft_k: int = 5
    soft_sigma: float = 5.0
    prior: str = ""  # an .npy file; "" = computed from the training photographs

    # optimisation
    batch: int = 32
    accumulate: int = 4
    learning_rate: float = 1e-4
    encoder_learning_rate: float = 1e-5
    freeze_encoder: float = 0.0  # epochs the encoder starts frozen; negative: for ever
    freeze_until: float = 0.0  # the same as a share of the run (0..1); the later of both counts
    freeze_blocks: int = 0  # so many of the encoder's five blocks, from below, never learn
    frozen_encoder_engine: str = "torch"  # or "openvino": int8 features of what never learns
    weight_decay: float = 0.0
    clip: float = 1.0  # largest gradient norm; 0 = no clipping
    schedule: str = "plateau"  # "plateau", "restarts", "plateau+restarts", "cosine"
    plateau_factor: float = 0.1
    plateau_patience: int = 2
    restart_period: float = 10.0  # epochs of the first warm restart
    restart_multiplier: int = 2
    warmup: float = 0.0  # epochs (cosine only)
    epochs: float = 150.0
    minutes: float = 0.0  # > 0: stop, and let the cosine end, after so much training time
    early_stop: int = 5  # validations without improvement; 0 = never
    ema: float = 0.0  # exponential moving average of the weights; 0 = none

    # running
    output: str = "runs/default"
    device: str = "auto"
    bf16: bool = False
    compile: bool = False
    threads: int = 0  # 0 = torch's choice
    seed: int = 0
    validate_every: float = 1.0  # epochs
    checkpoint_every: float = 1.0  # epochs
    sample_every: float = 5.0  # epochs
    sample_photos: int = 12

    def __post_init__(self) -> None:
        self.photos = _paths("photos", self.photos)
        self.validation = _paths("validation", self.validation)
        self.crop_steps = _crop_steps(self.crop_steps)
        self.source_weights = _source_weights(self.source_weights)
        self.check()

    def check(self) -> None:
        """Raise InvalidSetting for values that cannot work together."""
        for f in fields(self):
            setattr(self, f.name, _typed(f.name, f.type, getattr(self, f.name)))
        crops = (self.crop, *(crop for _, crop in self.crop_steps))
        if any(side % 8 for side in (*crops, self.resize)) or not (
            32 <= min(crops) <= max(crops) <= self.resize
        ):
            raise InvalidSetting(
                "crop and resize must be multiples of 8, crop at least 32 and at most resize."
            )
        if any(late <= early for (early, _), (late, _) in pairwise(self.crop_steps)):
            raise InvalidSetting("The shares of the run in crop_steps must rise.")
        if self.schedule not in {"plateau", "restarts", "plateau+restarts", "cosine"}:
            raise InvalidSetting(f"There is no schedule called {self.schedule!r}.")
        if self.frozen_encoder_engine not in {"torch", "openvino"}:
            raise InvalidSetting("frozen_encoder_engine must be torch or openvino.")
        if (
            self.frozen_encoder_engine == "openvino"
            and self.freeze_encoder >= 0
            and self.freeze_blocks < 3
        ):
            raise InvalidSetting(
                "openvino features need an encoder that stays frozen, or at least three of its "
                "blocks."
            )
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise InvalidSetting(f"{name} must be above 0.")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise InvalidSetting(f"{name} must be between {low:g} and {high:g}.")

    @property
    def starts_frozen(self) -> bool:
        """Whether the encoder does not learn from the first step on."""
        return self.freeze_encoder != 0 or self.freeze_until > 0 or self.freeze_blocks > 0

    def crop_at(self, progress: float) -> int:
        """The side of a crop, px, when the share ``progress`` (0..1) of the run is done."""
        return [self.crop, *(crop for start, crop in self.crop_steps if start <= progress)][-1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they are saved in a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """The inverse of :meth:`to_dict`; unknown names raise InvalidSetting."""
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        if unknown:
            raise InvalidSetting(f"Unknown training setting {', '.join(unknown)}.")
        return cls(**values)

    @classmethod
    def from_file(cls, path: str | Path) -> TrainConfig:
        """Read a JSON file of settings."""
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidSetting(f"The settings file {path} cannot be read: {error}.") from error
        if not isinstance(values, dict):
            raise InvalidSetting(f"The settings file {path} must hold one JSON object.")
        return cls.from_dict(values)
