"""What a run starts from: the network with its first weights, and the colour prior."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from .. import networks
from ..color.bins import BIN_COUNT, is_prior, rebalancing_weights
from ..errors import InvalidSetting, TrainingDataError, WeightsCorrupt
from ..networks.eccv16_vgg16 import NEUTRAL_PARTS
from .augment import to_lab_batch
from .config import TrainConfig
from .data import Stream
from .prior import compute_prior
from .vgg16 import calibrate_batchnorm, load_vgg16, read_vgg16

log = logging.getLogger(__name__)


def build_network(config: TrainConfig, stream: Stream) -> nn.Module:
    """The network of ``config`` with its starting weights.

    Raises:
        InvalidSetting: if the network does not take the options, or has no encoder for VGG16.
        WeightsMissing, WeightsCorrupt: if the starting weights are not there or do not fit.
    """
    try:
        network = networks.build(config.network, **config.network_options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidSetting(f"network_options do not fit {config.network}: {error}.") from error
    if config.initial_weights:
        from .. import weights

        load_initial(network, weights.load(config.initial_weights).state_dict, config.network)
    elif config.vgg16:
        encoder: Any = getattr(network, "encoder", None)
        if encoder is None and config.vgg16 == TrainConfig.vgg16:
            return network  # the default is for networks that have such an encoder
        if encoder is None:
            raise InvalidSetting(f"The network {config.network} has no VGG16 encoder.")
        load_vgg16(encoder, read_vgg16(config.vgg16))
        calibrate_batchnorm(encoder, calibration(stream, config.calibration_photos))
    elif hasattr(network, "encoder") and config.starts_frozen:
        log.warning("The encoder is frozen with random weights: set vgg16 or initial_weights.")
    return network


def load_initial(network: nn.Module, state: dict[str, Tensor], source: object) -> None:
    """Load weights that may be older than a part of the network that starts without effect.

    Such a part (:data:`~colorizer.networks.eccv16_vgg16.NEUTRAL_PARTS`) may be missing as a whole
    and then stays as it was built; nothing else may be missing, left over or of another shape.

    Raises:
        WeightsCorrupt: if the weights do not fit.
    """
    own = network.state_dict()
    for part in NEUTRAL_PARTS:
        keys = [key for key in own if key.startswith(part)]
        if not any(key.startswith(part) for key in state):
            state = state | {key: own[key] for key in keys}
    load_state(network, state, source)


def load_state(module: nn.Module, state: dict[str, Tensor], source: object) -> None:
    """Load ``state`` strictly, or raise WeightsCorrupt."""
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsCorrupt(f"The weights of {source} do not fit this network: {error}") from error


def calibration(stream: Stream, count: int) -> Tensor:
    """Lightness (count, 1, S, S) on the CPU of photographs spread over the set."""
    squares = stream.sample(count).cpu()
    return to_lab_batch(squares.permute(0, 3, 1, 2).float() / 255.0).lightness


def check_weights(prior: NDArray[np.float64], mix: float) -> None:
    """Raise InvalidSetting if the class weights of a prior cannot be kept in single precision."""
    with np.errstate(all="ignore"):
        weights = rebalancing_weights(prior.astype(np.float32).astype(np.float64), mix)
        kept = weights.astype(np.float32)
    if not (np.isfinite(kept).all() and (kept > 0).all()):
        raise InvalidSetting(
            "Some colours are so rare among the photographs that they would count for infinitely "
            f"much: raise rebalancing_mix, which is {mix:g}."
        )


def find_prior(config: TrainConfig, stream: Stream) -> NDArray[np.float64]:
    """The prior file of ``config``, or the prior of its photographs (evenly spaced, 5,000 at most).

    Raises:
        TrainingDataError: if the file is missing or holds anything but 313 numbers.
    """
    if not config.prior:
        parts = torch.split(stream.sample(min(len(stream), 5_000)), 32)
        return compute_prior(tqdm(parts, "colour prior", leave=False, disable=stream.rank > 0))
    try:
        found = np.load(config.prior, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise TrainingDataError(f"The prior {config.prior} cannot be read: {error}") from error
    if not is_prior(found):
        raise TrainingDataError(f"The prior {config.prior} must hold {BIN_COUNT} shares.")
    prior: NDArray[np.float64] = found.astype(np.float64)
    prior /= prior.sum()
    return prior
