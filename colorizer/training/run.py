"""Everything that a training run holds between steps: networks, optimiser, averages, counters."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from ..errors import InvalidSetting, TrainingDiverged
from ..networks.eccv16_vgg16 import VGG16Encoder
from .average import moving_average
from .checkpoint import load_checkpoint, save_checkpoint
from .config import TrainConfig
from .data import Stream
from .frozen import FeatureFunction, openvino_features
from .losses import ColorizationLoss
from .photos import find_photos, load_squares, thinned
from .runtime import Runtime, bf16_on
from .schedule import Schedule
from .start import build_network, calibration, check_weights, find_prior, load_state
from .validate import validate


class Run:
    """Everything that a run holds between steps; :func:`train` is the loop itself.

    ``stream`` gives photographs that have been decoded already; without it they are opened here.
    """

    def __init__(self, config: TrainConfig, runtime: Runtime, stream: Stream | None = None) -> None:
        self.config, self.runtime = config, runtime
        self.folder = Path(config.output)
        if stream is None:
            stream = Stream.open(config, runtime.device, runtime.rank, runtime.world)
        self.stream = stream
        self.prior = find_prior(config, self.stream)
        check_weights(self.prior, config.rebalancing_mix)
        if config.frozen_encoder_engine == "openvino" and runtime.device.type != "cpu":
            raise InvalidSetting("openvino features are for the CPU: set device to cpu.")
        if config.frozen_encoder_engine == "openvino" and runtime.world > 1:
            raise InvalidSetting("openvino features are for one process: set the engine to torch.")
        self.network: Any = build_network(config, self.stream).to(runtime.device)
        blocks = config.freeze_blocks or config.frozen_encoder_engine == "openvino"
        if blocks and not isinstance(getattr(self.network, "encoder", None), VGG16Encoder):
            raise InvalidSetting(f"{config.network} has no VGG16 encoder with blocks to freeze.")
        self.bf16 = bf16_on(runtime.device, config.bf16)
        self.channels_last = runtime.device.type == "cuda" or self.bf16
        if self.channels_last:  # on a CPU twice as fast in bfloat16, no faster in float32
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
            self.average = moving_average(
                self.network, config.ema, lambda: self.step // config.accumulate
            )
        self.step = 0  # micro-steps of this process so far
        self.train_loss = 0.0  # moving average; 0 is none yet
        self.seconds = 0.0
        self.best = float("inf")
        self.unimproved = 0
        self._features: FeatureFunction | None = None
        self.trained: Any = self.network
        if config.compile:
            self.trained = torch.compile(self.network, dynamic=False)  # anew for each crop
        if runtime.world > 1:
            self.trained = DistributedDataParallel(self.trained, find_unused_parameters=True)

    def _load_validation(self) -> Tensor:
        c = self.config
        if not c.validation:
            return self.stream.sample(min(c.validation_limit, 64))
        items = thinned(find_photos(c.validation), c.validation_limit)
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
        """Whether the encoder does not learn at this place of the run."""
        c = self.config
        epochs = c.freeze_encoder < 0 or self.epoch < c.freeze_encoder
        return (epochs or self.progress < c.freeze_until) and hasattr(self.network, "encoder")

    def prepare(self) -> None:
        """Quantise the encoder, if it is to run in int8, before the clock of the run starts."""
        if self.config.frozen_encoder_engine == "openvino":
            side = self.config.crop_at(self.progress)
            self.features(torch.zeros(self.config.batch, 1, side, side))

    def features(self, lightness: Tensor) -> Any:
        """Features of those blocks of the encoder that never learn, in int8."""
        if self._features is None:
            samples = calibration(self.stream, self.config.calibration_photos)
            c = self.config
            blocks = 5 if c.freeze_encoder < 0 else c.freeze_blocks
            self._features = openvino_features(self.network.encoder, samples, c.threads, blocks)
        return self._features(lightness)

    def logits(self, lightness: Tensor, network: Any) -> Any:
        """Forward pass of ``network``, the encoder by the engine that the config names."""
        if self.channels_last:
            lightness = lightness.contiguous(memory_format=torch.channels_last)
        if self.config.frozen_encoder_engine == "openvino":
            return network.decoder(network.encoder.upper(self.features(lightness)))
        return network(lightness)

    def autocast(self) -> Any:
        if not self.bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.runtime.device.type, dtype=torch.bfloat16)

    def training_mode(self) -> None:
        """Set what learns, and which BatchNorms use the statistics of the batch.

        An encoder that starts frozen keeps the statistics it came with to the end: the decoder has
        settled on them, so thawing changes no output, and small batches add no noise. (Its gains
        and offsets learn.) One that learns from the first step adapts them.
        """
        self.trained.train()
        encoder = getattr(self.network, "encoder", None)
        if encoder is not None:
            encoder.requires_grad_(not self.frozen)
            for number in range(1, self.config.freeze_blocks + 1):
                encoder.get_submodule(f"block{number}").requires_grad_(False)
            if self.config.starts_frozen:
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
        """Write a checkpoint into the run's folder; the main process does.

        Raises:
            TrainingDiverged: if a weight is not finite; the checkpoint there stays as it was.
        """
        if not self.runtime.main:
            return
        if not all(bool(t.isfinite().all()) for t in self.network.state_dict().values()):
            raise TrainingDiverged(
                f"A weight is infinite or undefined at step {self.step}. Lower the learning rate "
                "and resume from the last checkpoint."
            )
        state = {
            "config": self.config.to_dict(),
            "network": self.network.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "prior": torch.from_numpy(np.asarray(self.prior)),
            "step": self.step,
            "seconds": self.seconds,
            "train_loss": self.train_loss,
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
        state = load_checkpoint(path, self.runtime.device, kind="run")
        load_state(self.network, state["network"], path)
        if self.average is not None and state["average"] is not None:
            load_state(self.average, state["average"], path)
        self.optimizer.load_state_dict(state["optimizer"])
        for group, given in zip(self.optimizer.param_groups, self._parameter_groups(), strict=True):
            group |= {"base": given["base"], "weight_decay": self.config.weight_decay}
        self.schedule.load_state_dict(state["schedule"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.train_loss = state.get("train_loss", 0.0)
        self.best, self.unimproved = state["best"], state["unimproved"]
        if self.stream.squares is None:  # on the fast path they have just been counted again
            self.stream.skipped = state["skipped"]
        parameters = self.network.parameters()
        for parameter, gradient in zip(parameters, state.get("gradients") or (), strict=False):
            parameter.grad = gradient
        self._features = None
