"""Reading a checkpoint's bytes: safetensors (ours or plain), or a PyTorch file without any code.

A file of unknown origin is harmless here: safetensors holds numbers only, and PyTorch files go
through ``torch.load(weights_only=True)`` after a look at what they would unpack to. Whatever is
wrong with a file, the error is :class:`~colorizer.errors.WeightsCorrupt`.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ColorizerError, UnknownModel, WeightsCorrupt, WeightsMissing
from .files import recall, remember, signature
from .store import FORMAT, PRIOR_KEY, SCALE_SUFFIX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

#: a larger file is no checkpoint of any network here
LARGEST = 2 * 1024**3


@dataclass(frozen=True)
class LoadedWeights:
    """A checkpoint in memory, ready for ``networks.build(network, **options)``.

    ``state_dict`` has float32 tensors (and int64 counters) on the CPU, checked against the network.
    ``native_temperature`` (> 0) divides its logits. ``prior`` is the smoothed colour prior of the
    training set, float64 (313,), or None where unknown. ``rebalancing_weights`` (313,) float32 are
    the class weights of the training, all 1 where unknown. ``sha256`` is that of the file.
    """

    name: str
    network: str
    options: dict[str, Any]
    state_dict: dict[str, Tensor]
    native_temperature: float
    sha256: str
    prior: NDArray[np.float64] | None
    rebalancing_weights: NDArray[np.float32]
    metadata: dict[str, str]


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
    """
    try:
        tensors, metadata = _read_torch(data) if is_torch(data) else _read_safetensors(data)
        if "format" in metadata:
            parts = _ours(tensors, metadata)
        else:
            parts = _Parts(_recognise(tensors), {}, _plain(tensors), native_temperature, None)
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
        state_dict=parts.state_dict,
        native_temperature=parts.native_temperature,
        sha256=sha256,
        prior=parts.prior,
        rebalancing_weights=rebalancing,
        metadata=metadata,
    )


@dataclass
class _Parts:
    network: str
    options: dict[str, Any]
    state_dict: dict[str, Tensor]
    native_temperature: float
    prior: NDArray[np.float64] | None


def _read_safetensors(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    import safetensors.torch

    tensors = safetensors.torch.load(data)  # checks the header against the length first
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return tensors, header.get("__metadata__", {})


def is_torch(data: bytes) -> bool:
    """Whether the bytes begin as ``torch.save`` writes them: a zip archive, or (old) a pickle."""
    return data[:2] == b"PK" or data[:1] == b"\x80"


def _read_torch(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    import torch

    if data[:2] == b"PK":
        _check_zip(data)
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise WeightsCorrupt("it does not hold a network's weights.")
    for key, value in content.items():
        if not isinstance(key, str) or not _is_honest(value):
            raise WeightsCorrupt("it does not hold a network's weights alone.")
    return dict(content), {}


def _check_zip(data: bytes) -> None:
    """Refuse archives that unpack to more than they are: PyTorch stores without compression."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > len(data):
        raise WeightsCorrupt("it is packed in a way that PyTorch does not use.")


def _is_honest(value: Any) -> bool:
    """Whether this is an ordinary CPU tensor that has as many numbers as its shape says."""
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and value.numel() * value.element_size() <= value.untyped_storage().nbytes()
    )


def _ours(tensors: dict[str, Tensor], metadata: dict[str, str]) -> _Parts:
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
    state = _plain(tensors, scales, frozenset(transposed))
    return _Parts(metadata["network"], options, state, warmth, prior)


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


def _plain(
    tensors: dict[str, Tensor],
    scales: dict[str, Tensor] | None = None,
    transposed: frozenset[str] = frozenset(),
) -> dict[str, Tensor]:
    """All floats as float32, dequantised where there is a scale, and finite."""
    import torch

    from .quantise import dequantise

    left = dict(scales or {})
    state: dict[str, Tensor] = {}
    for key, value in tensors.items():
        scale = left.pop(key + SCALE_SUFFIX, None)
        if scale is not None:
            value = dequantise(value, scale, channel=1 if key in transposed else 0)
        elif value.is_floating_point():
            value = value.detach().to(torch.float32).contiguous()
        elif value.dtype != torch.int64:
            raise WeightsCorrupt(f"{key} is of a kind that no network here has.")
        if not bool(torch.isfinite(value).all()):
            raise WeightsCorrupt(f"{key} contains values that are infinite or not numbers.")
        state[key] = value
    if left:
        raise WeightsCorrupt("it has scales without weights.")
    return state


def _prior(stored: Tensor | None) -> NDArray[np.float64] | None:
    from ..color.bins import BIN_COUNT

    if stored is None:
        return None
    prior: NDArray[np.float64] = stored.double().numpy()
    if prior.shape != (BIN_COUNT,) or not (prior >= 0).all() or not abs(prior.sum() - 1) < 1e-3:
        raise WeightsCorrupt("its colour prior is damaged.")
    return prior


def _recognise(tensors: dict[str, Tensor]) -> str:
    """The network of a file without our metadata, told by its keys."""
    if "model1.0.weight" in tensors and "model_class.0.weight" in tensors:
        raise WeightsCorrupt("it holds SIGGRAPH17 weights, a network that is not supported.")
    if "model1.0.weight" in tensors and "model_out.weight" in tensors:
        return "eccv16"
    raise WeightsCorrupt("it is not known which network these weights are for.")


def _check_fit(parts: _Parts) -> None:
    """Compare keys and shapes with those of the network, so that a strict load cannot fail."""
    import torch

    from ..networks import build

    try:
        with torch.device("meta"):  # shapes only: costs no memory
            wanted = build(parts.network, **parts.options).state_dict()
    except UnknownModel:
        raise
    except Exception as error:
        raise WeightsCorrupt("its options do not fit its network.") from error
    for key, value in wanted.items():  # checkpoints older than PyTorch 0.4.1 have no counters
        if key.endswith("num_batches_tracked") and value.ndim == 0:
            parts.state_dict.setdefault(key, torch.tensor(0))
    shapes = {key: tuple(value.shape) for key, value in parts.state_dict.items()}
    if shapes != {key: tuple(value.shape) for key, value in wanted.items()}:
        raise WeightsCorrupt(f"its weights do not fit the network {parts.network}.")
