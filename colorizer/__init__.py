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
    from .photo import Photo, Provenance, provenance_of, read, write
    from .pipeline import Colorizer, Prediction
    from .settings import PARAMETERS, Parameter, Settings

__version__ = "0.1.0"

__all__ = [
    "PARAMETERS",
    "Colorizer",
    "ColorizerError",
    "Parameter",
    "Photo",
    "Prediction",
    "Provenance",
    "Settings",
    "provenance_of",
    "read",
    "write",
]

_HOME = {
    "PARAMETERS": "settings",
    "Colorizer": "pipeline",
    "ColorizerError": "errors",
    "Parameter": "settings",
    "Photo": "photo",
    "Prediction": "pipeline",
    "Provenance": "photo",
    "Settings": "settings",
    "provenance_of": "photo",
    "read": "photo",
    "write": "photo",
}

__getattr__, __dir__ = attach(__name__, _HOME)
