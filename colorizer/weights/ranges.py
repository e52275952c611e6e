"""Ranges of activations, kept as text in the metadata of a file with weights.

``{"decoder.block7.0.0": [0.0, 5.31], …}``: the name of a convolution, and the values between which
what goes into it is rounded to 256 levels. Files without them are run in float.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from ..errors import WeightsCorrupt

RANGES_FIELD = "ranges"

#: lowest (<= 0) and highest (> 0) value
Range = tuple[float, float]


def write_ranges(ranges: Mapping[str, Range]) -> str:
    """Ranges as text, the same text for the same ranges."""
    return json.dumps({name: list(limits) for name, limits in ranges.items()}, sort_keys=True)


def read_ranges(text: str) -> dict[str, Range]:
    """Ranges from text.

    Raises:
        WeightsCorrupt: if it holds anything else.
    """
    try:
        entries = json.loads(text)
        ranges = {str(name): (float(low), float(high)) for name, (low, high) in entries.items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsCorrupt("its ranges of activations are damaged.") from error
    for low, high in ranges.values():
        if not (math.isfinite(high - low) and low <= 0 < high):
            raise WeightsCorrupt("its ranges of activations are damaged.")
    return ranges
