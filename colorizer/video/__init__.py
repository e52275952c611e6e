"""Films: colours that stay where things are, from frame to frame.

    from colorizer import Colorizer, Settings, video

    film = video.probe("old.mp4")
    for still in video.stills("old.mp4", 10):  # to choose settings by
        ...
    video.colorize("old.mp4", "old-colour.mp4", Colorizer.load(), Settings(saturation=1.1))
    video.colorize("scans/", "in-colour/", Colorizer.load(), frame_rate=18)  # numbered pictures

Names are imported when they are first used; PyAV and OpenCV only when a film is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import attach

if TYPE_CHECKING:
    from .film import (
        Codec,
        FilmGuidance,
        FilmHint,
        FilmInfo,
        Output,
        PictureFormat,
        Pictures,
        Progress,
        Result,
        Still,
    )
    from .reading import MAX_PIXELS
    from .rendering import colorize
    from .sources import probe, stills

__all__ = [
    "MAX_PIXELS",
    "Codec",
    "FilmGuidance",
    "FilmHint",
    "FilmInfo",
    "Output",
    "PictureFormat",
    "Pictures",
    "Progress",
    "Result",
    "Still",
    "colorize",
    "probe",
    "stills",
]

_HOME = {
    "MAX_PIXELS": "reading",
    "Codec": "film",
    "FilmGuidance": "film",
    "FilmHint": "film",
    "FilmInfo": "film",
    "Output": "film",
    "PictureFormat": "film",
    "Pictures": "film",
    "Progress": "film",
    "Result": "film",
    "Still": "film",
    "colorize": "rendering",
    "probe": "sources",
    "stills": "sources",
}

__getattr__, __dir__ = attach(__name__, _HOME)
