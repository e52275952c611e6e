"""numpy or torch in, the same kind out: which functions an array's own are."""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np


def array_namespace(*arrays: Any) -> Any:
    """The module with the array functions of the standard, for some arrays of one kind.

    For numpy's it is numpy itself, which follows the standard since 2.1. array-api-compat, which
    serves the others, would import a good part of numpy that is not needed: a tenth of a second.
    """
    if all(map(_is_numpy, arrays)):
        return np
    return array_api_compat.array_namespace(*arrays)


def is_torch(array: Any) -> bool:
    """Whether it is a tensor of torch."""
    return not _is_numpy(array) and array_api_compat.is_torch_array(array)


def _is_numpy(array: Any) -> bool:
    return isinstance(array, np.ndarray | np.generic)
