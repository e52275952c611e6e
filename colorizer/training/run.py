"""Everything that a training run holds between steps: networks, optimiser, averages, counters."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from .. import networks
from ..color.bins import BIN_COUNT
from ..errors import InvalidSetting, TrainingDataError, WeightsCorrupt
from .augment import to_lab_batch
from .checkpoint import load_checkpoint, save_checkpoint
from .config import TrainConfig
from .data import Stream
from .frozen import FeatureFunction, openvino_features, torch_features
from .losses import ColorizationLoss
from .photos import find_photos, load_squares
from .prior import compute_prior
from .runtime import Runtime
from .schedule import Schedule
from .validate import validate
from .vgg16 import calibrate_batchnorm, load_vgg16, read_vgg16

log = logging.getLogger(__name__)


def build_network(config: TrainConfig, stream: Stream) -> nn.Module:
    """The network of ``config`` with its starting weights."""
    network = networks.build(config.network, **config.network_options)
    if config.initial_weights:
        from .. import weights

        _load_state(network, weights.load(config.initial_weights).state_dict, config.network)
    elif config.vgg16:
        encoder: Any = getattr(network, "encoder", None)
        if encoder is None and config.vgg16 == TrainConfig.vgg16:
            return network  # the default is for networks that have such an encoder
        if encoder is None:
            raise InvalidSetting(f"The network {config.network} has no VGG16 encoder.")
        load_vgg16(encoder, read_vgg16(config.vgg16))
        calibrate_batchnorm(encoder, _calibration(stream, config.calibration_photos))
    elif hasattr(network, "encoder") and config.freeze_encoder:
        log.warning("The encoder is frozen with random weights: set vgg16 or initial_weights.")
    return network


def _load_state(module: nn.Module, state: dict[str, Tensor], source: object) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsCorrupt(f"The weights of {source} do not fit this network: {error}") from error


def _calibration(stream: Stream, count: int) -> Tensor:
    squares = stream.sample(count).cpu()
    return to_lab_batch(squares.permute(0, 3, 1, 2).float() / 255.0).lightness


def find_prior(config: TrainConfig, stream: Stream) -> NDArray[np.float64]:
    """The prior file of ``config``, or the prior of its photographs (evenly spaced, 5,000 at most).

    Raises:
        TrainingDataError: if the file is missing or holds anything but 313 numbers.
    """
    if not config.prior:
        parts = torch.split(stream.sample(min(len(stream), 5_000)), 32)
        return compute_prior(tqdm(parts, "colour prior", leave=False, disable=stream.rank > 0))
    try:
        prior: NDArray[np.float64] = np.load(config.prior, allow_pickle=False).astype(np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise TrainingDataError(f"The prior {config.prior} cannot be read: {error}") from error
    if prior.shape != (BIN_COUNT,) or not (prior >= 0).all() or not prior.sum() > 0:
        raise TrainingDataError(f"The prior {config.prior} must hold {BIN_COUNT} shares.")
    prior /= prior.sum()
    return prior


class Run:
    """Everything that a run holds between steps; :func:`train` is the loop itself."""

    def __init__(self, config: TrainConfig, runtime: Runtime) -> None:
        self.config, self.runtime = config, runtime
        self.folder = Path(config.output)
        self.stream = Stream.open(config, runtime.device, runtime.rank, runtime.world)
        self.prior = find_prior(config, self.stream)
        if config.frozen_encoder_engine == "openvino" and runtime.device.type != "cpu":
            raise InvalidSetting("openvino features are for the CPU: set device to cpu.")
        self.network: Any = build_network(config, self.stream).to(runtime.device)
        if runtime.device.type == "cuda":
            self.network = self.network.to(memory_format=torch.channels_last)
        self.criterion = ColorizationLoss(
            self.prior,
            lambda_ce=config.lambda_ce,
            lambda_l2=config.lambda_l2,
            lambda_consistency=config.lambda_consistency,
            sigma_lightness=config.sigma_lightness,
            rebalancing_mix=config.rebalancing_mix,
            k=config.soft_k,
            sigma=config.soft_sigma,
        ).to(runtime.device)
        self.validation = self._load_validation()
        groups = self._parameter_groups()
        self.optimizer = torch.optim.Adam(groups, weight_decay=config.weight_decay)
        self.schedule = Schedule(config)
        self.average: Any = None
        if config.ema:
            blend: Any = get_ema_multi_avg_fn  # torch leaves it without types
            self.average = AveragedModel(
                self.network, multi_avg_fn=blend(config.ema), use_buffers=True
            )
        self.step = 0  # micro-steps of this process so far
        self.seconds = 0.0
        self.best = float("inf")
        self.unimproved = 0
        self._features: FeatureFunction | None = None
        self.trained: Any = self.network
        if config.compile:
            self.trained = torch.compile(self.network)
        if runtime.world > 1:
            self.trained = DistributedDataParallel(self.network, find_unused_parameters=True)

    def _load_validation(self) -> Tensor:
        c = self.config
        if not c.validation:
            return self.stream.sample(min(c.validation_limit, 64))
        items = find_photos(c.validation)[: c.validation_limit]
        squares, _ = load_squares(items, c.resize, limit=1, progress=False)
        return squares.to(self.runtime.device)

    def _parameter_groups(self) -> list[dict[str, Any]]:
        c = self.config
        encoder = getattr(self.network, "encoder", None)
        ours = set() if encoder is None else set(encoder.parameters())
        rest = [p for p in self.network.parameters() if p not in ours]
        groups = [{"params": rest, "lr": c.learning_rate, "base": c.learning_rate}]
        if encoder is not None:
            rate = c.encoder_learning_rate
            groups.append({"params": list(encoder.parameters()), "lr": rate, "base": rate})
        return groups

    @property
    def epoch(self) -> float:
        return self.step / self.stream.batches_per_epoch

    @property
    def progress(self) -> float:
        """How much of the run is done, 0..1."""
        if self.config.minutes > 0:
            return min(self.seconds / 60 / self.config.minutes, 1.0)
        return min(self.epoch / self.config.epochs, 1.0)

    @property
    def frozen(self) -> bool:
        c = self.config
        starts = c.freeze_encoder < 0 or self.epoch < c.freeze_encoder
        return starts and hasattr(self.network, "encoder")

    def features(self, lightness: Tensor) -> Any:
        """Features of the frozen encoder, by the engine that the config names."""
        if self._features is None:
            encoder: Any = self.network.encoder
            if self.config.frozen_encoder_engine == "openvino":
                calibration = _calibration(self.stream, self.config.calibration_photos)
                self._features = openvino_features(encoder, calibration, self.config.threads)
            else:
                self._features = torch_features(encoder)
        return self._features(lightness)

    def logits(self, lightness: Tensor, network: Any) -> Any:
        """Forward pass; while the encoder is frozen only the decoder is differentiated."""
        if self.runtime.device.type == "cuda":
            lightness = lightness.contiguous(memory_format=torch.channels_last)
        if not self.frozen:
            return network(lightness)
        if isinstance(network, DistributedDataParallel):
            return network(lightness)  # its hooks need the whole forward pass
        return network.decoder(self.features(lightness))

    def autocast(self) -> Any:
        if not self.config.bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.runtime.device.type, dtype=torch.bfloat16)

    def training_mode(self) -> None:
        self.trained.train()
        encoder = getattr(self.network, "encoder", None)
        if encoder is not None:
            for parameter in encoder.parameters():
                parameter.requires_grad_(not self.frozen)
            if self.frozen:
                encoder.eval()

    def evaluated(self) -> Any:
        """The network to validate and to keep: the average if there is one."""
        network: Any = self.network if self.average is None else self.average.module
        return network.eval()

    def validate(self) -> dict[str, float]:
        network = self.evaluated()

        def logits_of(lightness: Tensor) -> Tensor:
            with self.autocast():  # the network alone: losses and colours stay float32
                logits: Tensor = self.logits(lightness, network)
            return logits

        return validate(logits_of, self.validation, self.criterion)

    def save(self, name: str) -> None:
        if not self.runtime.main:
            return
        state = {
            "config": self.config.to_dict(),
            "network": self.network.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "prior": torch.from_numpy(np.asarray(self.prior)),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "unimproved": self.unimproved,
            "skipped": self.stream.skipped,
            "gradients": self._pending_gradients(),
        }
        save_checkpoint(self.folder / name, state)

    def _pending_gradients(self) -> list[Tensor | None] | None:
        """Gradients of the micro-steps since the last step, if there are any."""
        if self.step % self.config.accumulate == 0:
            return None
        return [p.grad for p in self.network.parameters()]

    def resume(self, path: Path) -> None:
        """Continue where the checkpoint was saved; the config given now applies.

        Raises:
            WeightsMissing, WeightsCorrupt: if it is not there, not whole or of another network.
        """
        state = load_checkpoint(path, self.runtime.device)
        _load_state(self.network, state["network"], path)
        if self.average is not None and state["average"] is not None:
            _load_state(self.average, state["average"], path)
        self.optimizer.load_state_dict(state["optimizer"])
        for group, given in zip(self.optimizer.param_groups, self._parameter_groups(), strict=True):
            group |= {"base": given["base"], "weight_decay": self.config.weight_decay}
        self.schedule.load_state_dict(state["schedule"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.best, self.unimproved = state["best"], state["unimproved"]
        if self.stream.squares is None:  # on the fast path they have just been counted again
            self.stream.skipped = state["skipped"]
        parameters = self.network.parameters()
        for parameter, gradient in zip(parameters, state.get("gradients") or (), strict=False):
            parameter.grad = gradient
        self._features = None
