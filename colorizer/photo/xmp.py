"""XMP packets: cleaned, completed for writing, and our note in them.

ISO 16684-1 for the model; IPTC Photo Metadata Standard for DigitalSourceType. The packet is kept
as it was apart from the properties named here. A packet that is not well-formed counts as none.
"""

from __future__ import annotations

import json
from typing import Any

from . import rdf
from .namespaces import COLORIZER, EVENT, EXIF, IPTC_EXT, TIFF, XMP, XMP_MM, XMP_NOTE
from .properties import Captions, Property
from .provenance import Provenance

#: "Edited with generative AI" in the NewsCodes of the IPTC: what is shown was in the photograph,
#: its colours come from a trained model.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_NOTE_FIELDS = ("software", "version", "model", "weights_sha256", "settings")


def clean(packet: bytes | None) -> bytes | None:
    """The packet without orientation, thumbnails, and the mention of a second part.

    It is unchanged if it had none of them; None if it is broken.
    """
    document = rdf.parse(packet)
    if packet is None or document is None:
        return None
    removed = [
        rdf.remove(document, space, name)
        for space, name in (
            (TIFF, "Orientation"),
            (XMP, "Thumbnails"),
            (XMP_NOTE, "HasExtendedXMP"),
        )
    ]
    return rdf.serialise(document) if any(removed) else packet


def captions(packet: bytes | None, wanted: tuple[Property, ...]) -> Captions:
    """Those of the properties that the packet has."""
    document = rdf.parse(packet)
    if document is None:
        return {}
    found = {prop: rdf.values(document, prop) for prop in wanted}
    return {prop: values for prop, values in found.items() if values}


def for_output(
    packet: bytes | None,
    width: int,
    height: int,
    dpi: tuple[float, float] | None,
    provenance: Provenance | None,
    missing: Captions,
) -> bytes | None:
    """The packet to write into a result: true sizes and resolution, and the note if there is one.

    Of the captions ``missing`` those are added that the packet has not. A broken packet is
    replaced. Returns None if there is nothing to say.
    """
    document = rdf.parse(packet)
    if document is None:
        if provenance is None and not missing:
            return None
        document = rdf.empty()
    _set_layout(document, width, height, dpi)
    for prop, values in missing.items():
        if not rdf.values(document, prop):
            rdf.set_values(document, prop, values)
    if provenance is not None:
        _add_note(document, provenance)
    return rdf.serialise(document)


def note(packet: bytes | None) -> Provenance | None:
    """Read our note back; None if there is none or it is damaged."""
    document = rdf.parse(packet)
    if document is None:
        return None
    values = {name: rdf.get(document, COLORIZER, name) for name in _NOTE_FIELDS}
    if values["model"] is None or values["weights_sha256"] is None:
        return None
    try:
        settings = json.loads(values["settings"] or "{}")
    except (ValueError, RecursionError):
        settings = {}
    return Provenance(
        model=values["model"],
        weights_sha256=values["weights_sha256"],
        settings=settings if isinstance(settings, dict) else {},
        version=values["version"] or "",
        software=values["software"] or "",
    )


def _set_layout(document: Any, width: int, height: int, dpi: tuple[float, float] | None) -> None:
    """Make true what the packet says of size and resolution; what it does not say is not added."""
    across, down = dpi or (0.0, 0.0)
    layout = [
        (TIFF, "ImageWidth", str(width)),
        (TIFF, "ImageLength", str(height)),
        (EXIF, "PixelXDimension", str(width)),
        (EXIF, "PixelYDimension", str(height)),
    ]
    if dpi is not None:
        layout += [
            (TIFF, "XResolution", f"{round(across * 10_000)}/10000"),
            (TIFF, "YResolution", f"{round(down * 10_000)}/10000"),
            (TIFF, "ResolutionUnit", "2"),
        ]
    for space, name, value in layout:
        if rdf.get(document, space, name) is not None:
            rdf.set_text(document, space, name, value)
    rdf.remove(document, TIFF, "Orientation")


def _add_note(document: Any, provenance: Provenance) -> None:
    """How the colours came about: the last event of the history, and fields of our own.

    The description of the picture is left alone: it is not what was done to the file.
    """
    before = rdf.get(document, IPTC_EXT, "DigitalSourceType")
    sentence = provenance.sentence
    if before and before != SOURCE_TYPE:
        sentence += f" Digital source type before: {before}"
    rdf.set_text(document, IPTC_EXT, "DigitalSourceType", SOURCE_TYPE)
    rdf.append_structure(
        document, XMP_MM, "History", EVENT,
        {"action": "edited", "softwareAgent": provenance.tool, "parameters": sentence},
    )  # fmt: skip
    if not rdf.get(document, XMP, "CreatorTool"):
        rdf.set_text(document, XMP, "CreatorTool", provenance.tool)
    settings = json.dumps(dict(provenance.settings), ensure_ascii=False, sort_keys=True)
    values = (
        provenance.software,
        provenance.version,
        provenance.model,
        provenance.weights_sha256,
        settings,
    )
    for name, value in zip(_NOTE_FIELDS, values, strict=True):
        rdf.set_text(document, COLORIZER, name, value)
