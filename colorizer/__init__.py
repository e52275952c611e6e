"""Colorizer: grayscale photographs in colour.

    import colorizer

    model = colorizer.Colorizer.load()
    photo = colorizer.read("scan.tif")
    settings = colorizer.Settings(saturation=1.1)
    result = model.colorize(photo, settings)
    colorizer.write(result, "scan-colour.tif", provenance=model.provenance(settings))

Names are imported when they are first used, so that ``import colorizer`` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import attach

if TYPE_CHECKING:
    from .errors import ColorizerError
    from .guidance import Guidance, Hint, Reference, Words
    from .photo import (
        Header,
        Photo,
        Provenance,
        probe,
        provenance_of,
        read,
        shrink,
        side_by_side,
        write,
    )
    from .pipeline import Colorizer, provenance, render
    from .prediction import Prediction
    from .settings import PARAMETERS, PRESETS, Parameter, Preset, Settings

__version__ = "0.1.0"

__all__ = [
    "PARAMETERS",
    "PRESETS",
    "Colorizer",
    "ColorizerError",
    "Guidance",
    "Header",
    "Hint",
    "Parameter",
    "Photo",
    "Prediction",
    "Preset",
    "Provenance",
    "Reference",
    "Settings",
    "Words",
    "probe",
    "provenance",
    "provenance_of",
    "read",
    "render",
    "shrink",
    "side_by_side",
    "write",
]

_HOME = {
    "PARAMETERS": "settings",
    "PRESETS": "settings",
    "Colorizer": "pipeline",
    "ColorizerError": "errors",
    "Guidance": "guidance",
    "Header": "photo",
    "Hint": "guidance",
    "Parameter": "settings",
    "Photo": "photo",
    "Prediction": "pipeline",
    "Preset": "settings",
    "Provenance": "photo",
    "Reference": "guidance",
    "Settings": "settings",
    "Words": "guidance",
    "probe": "photo",
    "provenance": "pipeline",
    "provenance_of": "photo",
    "read": "photo",
    "render": "pipeline",
    "shrink": "photo",
    "side_by_side": "photo",
    "write": "photo",
}

__getattr__, __dir__ = attach(__name__, _HOME)
