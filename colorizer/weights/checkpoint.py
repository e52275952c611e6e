"""Reading a checkpoint and making sense of it: ours, or another's recognised by its keys.

Whatever is wrong with a file, the error is :class:`~colorizer.errors.WeightsCorrupt`. Nothing here
imports torch unless the file is one of PyTorch's.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import (
    ColorizerError,
    PackageMissing,
    UnknownModel,
    WeightsCorrupt,
    WeightsMissing,
)
from .containers import is_torch, read_safetensors, read_torch
from .files import recall, remember, signature
from .quantise import check_scales
from .ranges import RANGES_FIELD, Range, read_ranges
from .store import FORMAT, PRIOR_KEY, SCALE_SUFFIX
from .tensors import Quantised, Stored, as_array, to_torch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

#: of a refiner's metadata: sha256 of the weights whose answers it was trained on
REFINED_FIELD = "refines"
#: a larger file is no checkpoint of any network here
LARGEST = 2 * 1024**3


@dataclass(frozen=True)
class LoadedWeights:
    """A checkpoint in memory, ready for ``networks.build(network, **options)``.

    ``tensors`` are float32 arrays, int64 counters and :class:`.Quantised` weights, finite and
    checked against the network. ``native_temperature`` (> 0) divides its logits. ``prior`` is the
    smoothed colour prior of the training set, float64 (313,), or None where unknown.
    ``rebalancing_weights`` (313,) float32 are the class weights of the training, all 1 where
    unknown. ``sha256`` is that of the file. ``ranges`` are of activations: name of a convolution ->
    the lowest and highest value of what goes into it; empty where unknown. ``refiner`` are the
    weights of the refiner that was trained on this network's answers, None where there is none.
    ``folder`` is that of the file, None where it is of no file.
    """

    name: str
    network: str
    options: dict[str, Any]
    tensors: dict[str, Stored]
    native_temperature: float
    sha256: str
    prior: NDArray[np.float64] | None
    rebalancing_weights: NDArray[np.float32]
    metadata: dict[str, str]
    ranges: dict[str, Range] = field(default_factory=dict)
    refiner: LoadedWeights | None = None
    folder: Path | None = None

    @cached_property
    def state_dict(self) -> dict[str, Tensor]:
        """The tensors for torch (imported by this): float32, and int64 counters, on the CPU."""
        return to_torch(self.tensors)

    @cached_property
    def features_id(self) -> str:
        """Which features are taken of the network, 16 hex digits; "" without a refiner.

        The refiner chooses them: refiners that were trained one from another share them.
        """
        if self.refiner is None:
            return ""
        digest = hashlib.sha256(self.sha256.encode())
        for name, stored in sorted(self.refiner.tensors.items()):
            if name.startswith("project."):
                digest.update(name.encode() + as_array(stored).tobytes())
        return digest.hexdigest()[:16]


def read_file(file: Path, *, fresh: bool = False) -> tuple[bytes, str]:
    """The bytes of ``file`` and their sha256 (remembered while its size and time stay the same).

    ``fresh`` computes the checksum again whatever is remembered.

    Raises:
        WeightsMissing: if it is not there or may not be read.
        WeightsCorrupt: if it is no regular file, or larger than any checkpoint.
    """
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):  # opening a pipe would wait for ever
            raise WeightsCorrupt(f"{file} is not a file with weights.")
        with open(file, "rb") as stream:
            mark = signature(os.fstat(stream.fileno()))
            if mark[0] > LARGEST:
                raise WeightsCorrupt(f"{file} is too large to be a file with weights.")
            data = stream.read(mark[0] + 1)
    except OSError as error:
        raise WeightsMissing(f"{file} cannot be read: {error.strerror}.") from error
    digest = recall(file, mark) if len(data) == mark[0] and not fresh else None
    if digest is None:
        digest = hashlib.sha256(data).hexdigest()
        if len(data) == mark[0]:
            remember(file, mark, digest)
    return data, digest


def parse(
    data: bytes, *, label: str, name: str, sha256: str, native_temperature: float = 1.0
) -> LoadedWeights:
    """Make sense of the bytes of a checkpoint; ``label`` is what messages call it.

    ``native_temperature`` holds unless the file has its own.

    Raises:
        WeightsCorrupt: whatever is wrong with it.
        UnknownModel: if it is for a network that this version does not have.
        PackageMissing: if it takes torch to read or check it, which is not installed.
    """
    try:
        tensors, metadata = read_torch(data) if is_torch(data) else read_safetensors(data)
        if metadata.get("format", "").startswith("colorizer"):  # of others' files it is "pt"
            parts = _ours(tensors, metadata)
        else:
            parts = _Parts(_recognise(tensors), {}, _checked(tensors), native_temperature, None)
        _check_fit(parts)
        rebalancing = _rebalancing_weights(parts.prior, metadata)
    except ColorizerError as error:
        raise type(error)(f"{label}: {error}") from error
    except Exception as error:
        raise WeightsCorrupt(f"{label} is damaged, or not a file with weights.") from error
    return LoadedWeights(
        name=name,
        network=parts.network,
        options=parts.options,
        tensors=parts.tensors,
        native_temperature=parts.native_temperature,
        sha256=sha256,
        prior=parts.prior,
        rebalancing_weights=rebalancing,
        metadata=metadata,
        ranges=parts.ranges,
    )


def parse_refiner(data: bytes, digest: str, file: Path, refined: str) -> LoadedWeights | None:
    """The refiner in ``data``; None if it was trained on the answers of other weights.

    Args:
        digest: sha256 of ``data``.
        file: where it lies.
        refined: sha256 of the weights whose answers it is to refine.

    Raises:
        WeightsCorrupt: whatever is wrong with it.
    """
    from ..networks import REFINER

    loaded = parse(data, label=str(file), name=file.stem, sha256=digest)
    if loaded.network != REFINER:
        raise WeightsCorrupt(f"{file} holds a network {loaded.network}, not a refiner.")
    return loaded if loaded.metadata.get(REFINED_FIELD) == refined else None


@dataclass
class _Parts:
    network: str
    options: dict[str, Any]
    tensors: dict[str, Stored]
    native_temperature: float
    prior: NDArray[np.float64] | None
    ranges: dict[str, Range] = field(default_factory=dict)


def _ours(tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> _Parts:
    """The stored form of :mod:`.store`, taken apart."""
    if metadata["format"] != FORMAT:
        raise WeightsCorrupt("it was made by another version of Colorizer.")
    warmth = float(metadata["native_temperature"])
    options, transposed = json.loads(metadata["options"]), json.loads(metadata["transposed"])
    if not (math.isfinite(warmth) and warmth > 0):
        raise WeightsCorrupt("its native temperature is not a positive number.")
    if not isinstance(options, dict) or not isinstance(transposed, list):
        raise WeightsCorrupt("its description of the network is damaged.")
    prior = _prior(tensors.pop(PRIOR_KEY, None))
    scales = {k: tensors.pop(k) for k in list(tensors) if k.endswith(SCALE_SUFFIX)}
    stored = _checked(tensors, scales, frozenset(transposed))
    ranges = read_ranges(metadata.get(RANGES_FIELD, "{}"))
    return _Parts(metadata["network"], options, stored, warmth, prior, ranges)


def _rebalancing_weights(
    prior: NDArray[np.float64] | None, metadata: Mapping[str, str]
) -> NDArray[np.float32]:
    """By the prior and lambda ("rebalancing_mix", 0.5 unless the file says otherwise)."""
    import numpy as np

    from ..color.bins import BIN_COUNT, rebalancing_weights

    if prior is None:
        return np.ones(BIN_COUNT, np.float32)
    weights = rebalancing_weights(prior, float(metadata.get("rebalancing_mix", 0.5)))
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise WeightsCorrupt("its rebalancing weights are not positive numbers.")
    return np.asarray(weights, np.float32)


def _checked(
    tensors: dict[str, NDArray[Any]],
    scales: dict[str, NDArray[Any]] | None = None,
    transposed: frozenset[str] = frozenset(),
) -> dict[str, Stored]:
    """All floats as float32 or quantised where there is a scale, and finite."""
    import numpy as np

    left = dict(scales or {})
    checked: dict[str, Stored] = {}
    for key, value in tensors.items():
        scale = left.pop(key + SCALE_SUFFIX, None)
        if scale is not None:
            channel = 1 if key in transposed else 0
            check_scales(value, scale, channel=channel)
            checked[key] = Quantised(value, scale, channel)
            continue
        if np.issubdtype(value.dtype, np.floating):
            with np.errstate(over="ignore"):  # a double may be too large: see below
                value = np.ascontiguousarray(value, np.float32).reshape(value.shape)
        elif value.dtype != np.int64:
            raise WeightsCorrupt(f"{key} is of a kind that no network here has.")
        if not np.isfinite(value).all():
            raise WeightsCorrupt(f"{key} contains values that are infinite or not numbers.")
        checked[key] = value
    if left:
        raise WeightsCorrupt("it has scales without weights.")
    return checked


def _prior(stored: NDArray[Any] | None) -> NDArray[np.float64] | None:
    import numpy as np

    from ..color.bins import BIN_COUNT

    if stored is None:
        return None
    prior = stored.astype(np.float64)
    if prior.shape != (BIN_COUNT,) or not (prior >= 0).all() or not abs(prior.sum() - 1) < 1e-3:
        raise WeightsCorrupt("its colour prior is damaged.")
    return prior


def _recognise(tensors: Mapping[str, Any]) -> str:
    """The network of a file without our metadata, told by its keys."""
    if "model1.0.weight" in tensors and "model_class.0.weight" in tensors:
        return "siggraph17"
    if "model1.0.weight" in tensors and "model_out.weight" in tensors:
        return "eccv16"
    raise WeightsCorrupt("it is not known which network these weights are for.")


def _check_fit(parts: _Parts) -> None:
    """Compare keys and shapes with those of the network, so that a strict load cannot fail."""
    import numpy as np

    from ..networks import tensor_shapes

    try:
        wanted = tensor_shapes(parts.network, parts.options)
    except (PackageMissing, UnknownModel):
        raise
    except Exception as error:
        raise WeightsCorrupt("its options do not fit its network.") from error
    for key, shape in wanted.items():  # checkpoints older than PyTorch 0.4.1 have no counters
        if key.endswith("num_batches_tracked") and shape == ():
            parts.tensors.setdefault(key, np.zeros((), np.int64))
    if {key: value.shape for key, value in parts.tensors.items()} != wanted:
        raise WeightsCorrupt(f"its weights do not fit the network {parts.network}.")
