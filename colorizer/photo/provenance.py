"""Whether a photograph is a result of ours."""

from __future__ import annotations

from . import xmp
from .metadata import Metadata


def was_colorized(metadata: Metadata) -> bool:
    """Whether the metadata of a photograph hold the note that its colours were added."""
    return xmp.note(metadata.xmp) is not None
