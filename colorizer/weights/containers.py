"""Files that hold tensors: safetensors, or a PyTorch file without any code.

A file of unknown origin is harmless here: safetensors holds numbers only, and PyTorch files go
through ``torch.load(weights_only=True)`` after a look at what they would unpack to. What cannot be
read may raise anything; :func:`.checkpoint.parse` makes one error of it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import WeightsCorrupt
from ..optional import need_torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def read_safetensors(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Name -> array, and the metadata; torch is needed only for types that numpy does not have."""
    import safetensors.numpy

    try:
        arrays = safetensors.numpy.load(data)  # checks the header against the length first
    except KeyError:  # a type that numpy does not have, bfloat16 for one
        need_torch("A checkpoint with numbers of a type that numpy does not have")
        import safetensors.torch

        arrays = _arrays(safetensors.torch.load(data))
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return arrays, header.get("__metadata__", {})


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """As numpy; floats become float32."""
    return {
        key: (value.detach().float() if value.is_floating_point() else value).contiguous().numpy()
        for key, value in tensors.items()
    }


def is_torch(data: bytes) -> bool:
    """Whether the bytes begin as ``torch.save`` writes them: a zip archive, or (old) a pickle."""
    return data[:2] == b"PK" or data[:1] == b"\x80"


def read_torch(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Name -> array, and no metadata.

    Raises:
        WeightsCorrupt: if it holds anything but ordinary tensors by name.
        PackageMissing: if torch is not installed.
    """
    need_torch("A checkpoint of PyTorch")
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
    return _arrays(content), {}


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
