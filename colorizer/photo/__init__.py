"""Photographs: files to :class:`Photo` and back, with nothing lost on the way.

Public: :func:`read`, :func:`probe`, :func:`write`, :func:`depth_for`, :func:`shrink`,
:func:`side_by_side`, :func:`provenance_of`, :class:`Photo`, :class:`Header`, :class:`Metadata`,
:class:`Provenance`, :class:`UnreadableFile`, the formats that are read and written, and the
``TURNS`` that a picture can be given. Names are imported when they are first used, so that this
package costs nothing to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import attach

if TYPE_CHECKING:
    from .formats import READABLE_SUFFIXES, SALVAGED_FORMATS, SUFFIX_TO_FORMAT, WRITABLE_FORMATS
    from .guard import UnreadableFile
    from .metadata import Metadata
    from .orientation import TURNS
    from .photo import Photo
    from .provenance import Provenance
    from .reading import MAX_PIXELS, Header, probe, provenance_of, read
    from .resizing import shrink, side_by_side
    from .writing import depth_for, write

__all__ = [
    "MAX_PIXELS",
    "READABLE_SUFFIXES",
    "SALVAGED_FORMATS",
    "SUFFIX_TO_FORMAT",
    "TURNS",
    "WRITABLE_FORMATS",
    "Header",
    "Metadata",
    "Photo",
    "Provenance",
    "UnreadableFile",
    "depth_for",
    "probe",
    "provenance_of",
    "read",
    "shrink",
    "side_by_side",
    "write",
]

_HOME = {
    "MAX_PIXELS": "reading",
    "READABLE_SUFFIXES": "formats",
    "SALVAGED_FORMATS": "formats",
    "SUFFIX_TO_FORMAT": "formats",
    "TURNS": "orientation",
    "WRITABLE_FORMATS": "formats",
    "Header": "reading",
    "Metadata": "metadata",
    "Photo": "photo",
    "Provenance": "provenance",
    "UnreadableFile": "guard",
    "depth_for": "writing",
    "probe": "reading",
    "provenance_of": "reading",
    "read": "reading",
    "shrink": "resizing",
    "side_by_side": "resizing",
    "write": "writing",
}

__getattr__, __dir__ = attach(__name__, _HOME)
