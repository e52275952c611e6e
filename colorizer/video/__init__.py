"""Films: colours that stay where things are, from frame to frame.

    from colorizer import Colorizer, Settings, video

    film = video.probe("old.mp4")
    for still in video.stills("old.mp4", 10):  # to choose settings by
        ...
    video.colorize("old.mp4", "old-colour.mp4", Colorizer.load(), Settings(saturation=1.1))

Names are imported when they are first used; PyAV and OpenCV only when a film is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import attach

if TYPE_CHECKING:
    from .film import Codec, FilmGuidance, FilmHint, FilmInfo, Output, Progress, Result, Still
    from .reading import MAX_PIXELS, probe, stills
    from .rendering import colorize

__all__ = [
    "MAX_PIXELS",
    "Codec",
    "FilmGuidance",
    "FilmHint",
    "FilmInfo",
    "Output",
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
    "Progress": "film",
    "Result": "film",
    "Still": "film",
    "colorize": "rendering",
    "probe": "reading",
    "stills": "reading",
}

__getattr__, __dir__ = attach(__name__, _HOME)
