"""The stored form: one safetensors file, large weights as int8 with a scale per output channel.

* ``<key>`` int8 and ``<key>::scale`` float32 (O,) for every float tensor with at least two
  dimensions and more than 4096 elements; the output channel is dimension 0, or dimension 1 for the
  keys of transposed convolutions.
* everything else as float32 (whole numbers stay whole numbers).
* ``::prior`` float32 (313,): the smoothed colour prior that the network was trained with.
* metadata: ``format`` = "colorizer-1", ``network``, ``options`` (JSON), ``native_temperature``,
  ``transposed`` (JSON list of keys), ``ranges`` (see :mod:`.ranges`; may be missing), and free
  fields.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import write_atomically
from ..errors import OutputError, WeightsCorrupt
from .quantise import quantise
from .ranges import RANGES_FIELD, Range, write_ranges

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

FORMAT = "colorizer-1"
SCALE_SUFFIX = "::scale"
PRIOR_KEY = "::prior"
QUANTISED_ABOVE = 4096
RESERVED = frozenset(
    {"format", "network", "options", "native_temperature", "transposed", RANGES_FIELD}
)


def store_quantised(
    file: Path,
    state_dict: Mapping[str, Tensor],
    *,
    network: str,
    options: Mapping[str, Any],
    native_temperature: float,
    prior: ArrayLike | None,
    metadata: Mapping[str, str],
    transposed: Collection[str] = frozenset(),
    ranges: Mapping[str, Range] | None = None,
    clip_search: bool = True,
) -> None:
    """Write ``state_dict`` to ``file`` in the stored form, atomically; equal input, equal bytes.

    ``transposed`` names the weights of transposed convolutions, (I, O, kh, kw). ``prior`` is
    (313,), non-negative, sum 1. ``metadata`` are free fields of text. ``ranges`` are those of
    :class:`.LoadedWeights`.

    Raises:
        ValueError: if a name is reserved or unknown, or the temperature or prior is out of range.
        WeightsCorrupt: if a weight is infinite or not a number.
        OutputError: if the file cannot be written.
    """
    unknown = set(transposed) - set(state_dict)
    if unknown or any("::" in key for key in state_dict) or RESERVED & set(metadata):
        raise ValueError("a key contains '::', a metadata field is reserved, or a key is unknown")
    if not (math.isfinite(native_temperature) and native_temperature > 0):
        raise ValueError(f"native_temperature must be positive, not {native_temperature}")
    tensors: dict[str, Tensor] = {}
    for key, value in state_dict.items():
        tensors |= _stored(key, value, channel=1 if key in transposed else 0)
    if prior is not None:
        tensors[PRIOR_KEY] = _checked_prior(prior)
    fields = {
        **metadata,
        "format": FORMAT,
        "network": network,
        "options": json.dumps(dict(options), sort_keys=True),
        "native_temperature": repr(float(native_temperature)),
        "transposed": json.dumps(sorted(transposed)),
    }
    if ranges:
        fields[RANGES_FIELD] = write_ranges(ranges)
    try:
        write_atomically(Path(file), serialise(tensors, fields))
    except OSError as error:
        raise OutputError(f"{file} could not be written: {error.strerror}.") from error


def serialise(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file whose bytes depend on the content only.

    The safetensors library writes the metadata in random order (safetensors/safetensors#584), which
    would give equal weights another checksum on every run; so the header is written anew, sorted.
    """
    import safetensors.torch

    data = safetensors.torch.save(dict(tensors), dict(metadata))
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    text = json.dumps(header, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def _stored(key: str, value: Tensor, *, channel: int) -> dict[str, Tensor]:
    import torch

    tensor = value.detach().cpu()
    if not tensor.is_floating_point():
        return {key: tensor.clone().contiguous()}
    if tensor.ndim >= 2 and tensor.numel() > QUANTISED_ABOVE:
        levels, scale = quantise(tensor, channel=channel)
        return {key: levels, key + SCALE_SUFFIX: scale}
    tensor = tensor.to(torch.float32, copy=True).contiguous()
    if not bool(torch.isfinite(tensor).all()):
        raise WeightsCorrupt(f"{key} contains values that are infinite or not numbers.")
    return {key: tensor}


def _checked_prior(prior: ArrayLike) -> Tensor:
    import numpy as np
    import torch

    from ..color.bins import BIN_COUNT

    values = np.asarray(prior, dtype=np.float64)
    if values.shape != (BIN_COUNT,) or not (values >= 0).all() or abs(values.sum() - 1) > 1e-3:
        raise ValueError(f"the prior must be {BIN_COUNT} shares that sum to 1")
    return torch.from_numpy(values.astype(np.float32))
