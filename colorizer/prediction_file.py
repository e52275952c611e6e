"""A :class:`~colorizer.prediction.Prediction` in a file, to render from again without the network.

    b"colorizer-prediction\\n" | length of the header | header, JSON | arrays | CRC-32

The two numbers are uint32, little-endian; the CRC-32 is of all before it. The arrays (logits,
lightness, rebalancing weights) are stored without loss: the bytes of all numbers by their
significance (all first bytes, then all second bytes, ...), which are alike, then Zstandard. A
second look, if there is one, comes after them, and the features last, by which words find their
things. The header has the version of this format, the
lengths and the shape of the arrays, and the other fields of the prediction. Nothing in a file is
executed, and no more memory is taken than the largest prediction needs.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from dataclasses import astuple
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .color.bins import BIN_COUNT
from .errors import CorruptPrediction
from .photo.mount import Box
from .prediction import LONGEST_ASPECT, Prediction, logits_shape, look_shape
from .settings import PARAMETERS

MAGIC = b"colorizer-prediction\n"
VERSION = 5
#: versions that can be read; there were no mounts in the one before, no features in the one before
#: that, and no second look in the first
_READABLE = (2, 3, 4, 5)
#: second look and features came with versions 3 and 4: arrays of a file, at the most
_MOST_ARRAYS = 5
#: Zstandard's quickest level: higher ones save 3 % and take twice the time
LEVEL = 1
#: features of a place, and characters of what they are called, at the most
_MOST_FEATURES, _LONGEST_ID = 1024, 64
_WORKING_SIZE = PARAMETERS["working_size"]
#: working-size pixels of the largest prediction
_LARGEST = LONGEST_ASPECT * int(_WORKING_SIZE.maximum or 0) ** 2


def save(prediction: Prediction, target: BinaryIO) -> None:
    """Write ``prediction`` to a binary file that is open for writing.

    Raises:
        ValueError: if logits and lightness do not fit together (a mistake of the program).
    """
    shape = prediction.lightness.shape
    if prediction.logits.shape != (BIN_COUNT, *logits_shape(*shape)):
        raise ValueError(f"logits {prediction.logits.shape} do not fit lightness {shape}")
    parts = [
        _pack(prediction.logits, "<f2"),
        _pack(prediction.lightness, "<f4"),
        _pack(prediction.rebalancing_weights, "<f4"),
    ]
    if prediction.look is not None:
        if prediction.look.shape != look_shape(*shape):
            raise ValueError(f"look {prediction.look.shape} does not fit lightness {shape}")
        parts.append(_pack(prediction.look, "<f2"))
    if prediction.look is not None and prediction.features is not None:
        if prediction.features.shape[1:] != look_shape(*shape)[1:]:
            raise ValueError(f"features {prediction.features.shape} do not fit lightness {shape}")
        parts.append(_pack(prediction.features, "i1"))
    header = {
        "version": VERSION,
        "bytes": [len(part) for part in parts],
        "working_shape": shape,
        "height": prediction.height,
        "width": prediction.width,
        "model": prediction.model,
        "weights_sha256": prediction.weights_sha256,
        "working_size": prediction.working_size,
        "native_temperature": prediction.native_temperature,
        "features": 0 if prediction.features is None else len(prediction.features),
        "features_id": prediction.features_id,
        "picture": prediction.picture and astuple(prediction.picture),
    }
    text = json.dumps(header).encode()
    checksum = 0
    for part in (MAGIC, len(text).to_bytes(4, "little"), text, *parts):
        checksum = zlib.crc32(part, checksum)
        target.write(part)
    target.write(checksum.to_bytes(4, "little"))


def load(source: BinaryIO | bytes | str | os.PathLike[str]) -> Prediction:
    """Read what :func:`save` wrote.

    Args:
        source: a path, the bytes of a file, or a binary file open for reading.

    Raises:
        CorruptPrediction: truncated, damaged, of another version, or not a prediction at all.
        OSError: the file cannot be opened or read.
    """
    if isinstance(source, str | os.PathLike):
        source = Path(source).read_bytes()
    data = source if isinstance(source, bytes) else source.read()
    try:
        return _parse(data)
    except CorruptPrediction:
        raise
    except Exception as error:  # whatever json, numpy or Zstandard say about foreign bytes
        raise CorruptPrediction("The stored prediction is damaged and cannot be read.") from error


def _parse(data: bytes) -> Prediction:
    start = len(MAGIC) + 4
    _check(data.startswith(MAGIC) and len(data) >= start + 4)
    data, checksum = data[:-4], data[-4:]
    _check(zlib.crc32(data) == int.from_bytes(checksum, "little"))
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    header = json.loads(data[start : start + length])
    version = header["version"]
    if version not in _READABLE:
        raise CorruptPrediction(f"The stored prediction is of an unknown version, {version!r}.")
    sizes = header["bytes"]
    body = data[start + length :]
    _check(
        3 <= len(sizes) <= min(version + 1, _MOST_ARRAYS) and all(_whole(size, 1) for size in sizes)
    )
    _check(len(body) == sum(sizes))
    ends = list(accumulate(sizes))
    height, width, short_side = (header[k] for k in ("height", "width", "working_size"))
    warmth = header["native_temperature"]
    _check(
        _whole(height, 1)
        and _whole(width, 1)
        and _WORKING_SIZE.parse(short_side) == short_side
        and isinstance(header["model"], str)
        and isinstance(header["weights_sha256"], str)
        and isinstance(warmth, float)
        and math.isfinite(warmth)
        and warmth > 0
    )
    rows, columns = header["working_shape"]
    _check(_whole(rows, 1) and _whole(columns, 1) and rows * columns <= _LARGEST)
    logits = _unpack(body[: ends[0]], (BIN_COUNT, *logits_shape(rows, columns)), "<f2")
    lightness = _unpack(body[ends[0] : ends[1]], (rows, columns), "<f4")
    weights = _unpack(body[ends[1] : ends[2]], (BIN_COUNT,), "<f4")
    look = features = None
    count, features_id = (header["features"], header["features_id"]) if version > 3 else (0, "")
    _check(_whole(count, 0) and count <= _MOST_FEATURES)
    _check(isinstance(features_id, str) and len(features_id) <= _LONGEST_ID)
    outputs, *half = look_shape(rows, columns)
    if len(ends) > 3:
        look = _unpack(body[ends[2] : ends[3]], (outputs, *half), "<f2")
    if len(ends) > 4:
        features = _unpack(body[ends[3] :], (count, *half), "i1")
    _check((features is None) == (count == 0))
    _check(look is None or bool(np.isfinite(look).all()))
    _check(bool(np.isfinite(logits).all()))
    _check(bool(((lightness > -0.1) & (lightness < 100.1)).all()))
    _check(bool((np.isfinite(weights) & (weights > 0)).all()))
    return Prediction(
        logits,
        lightness,
        height,
        width,
        header["model"],
        header["weights_sha256"],
        short_side,
        warmth,
        weights,
        look,
        features,
        features_id,
        _box(header["picture"]) if version > 4 else None,
    )


def _box(sides: Any) -> Box | None:
    if sides is None:
        return None
    _check(all(isinstance(side, float) and 0 <= side <= 1 for side in sides))
    box = Box(*sides)
    _check(box.top < box.bottom and box.left < box.right)
    return box


def _check(holds: bool) -> None:
    if not holds:
        raise CorruptPrediction("The stored prediction is damaged and cannot be read.")


def _whole(value: Any, least: int) -> bool:
    return type(value) is int and value >= least


def _pack(values: NDArray[Any], dtype: str) -> bytes:
    import imagecodecs

    planes = values.astype(dtype).reshape(-1, 1).view(np.uint8).T
    return bytes(imagecodecs.zstd_encode(planes.tobytes(), level=LEVEL))


def _unpack(data: bytes, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    import imagecodecs

    size = np.dtype(dtype).itemsize
    raw = imagecodecs.zstd_decode(data, out=size * math.prod(shape))
    planes = np.frombuffer(raw, np.uint8).reshape(size, math.prod(shape))
    values: NDArray[Any] = np.ascontiguousarray(planes.T).view(dtype).reshape(shape)
    return values
