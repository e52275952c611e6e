"""Colouring a film, from file to file."""

from __future__ import annotations

from collections.abc import Callable

from ..pipeline import Colorizer
from ..settings import Settings
from .film import FilmGuidance, Output, Progress, Result
from .reading import MAX_PIXELS, Path_


def colorize(
    source: Path_,
    target: Path_,
    colorizer: Colorizer,
    settings: Settings | None = None,
    *,
    guidance: FilmGuidance | None = None,
    output: Output | None = None,
    start: float | None = None,
    end: float | None = None,
    every: int | None = None,
    deinterlace: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    resume: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> Result:
    """Colour a film. Luma stays what it is, to within the codec's loss.

    What is done is kept in segments in a folder beside ``target`` (``.NAME.parts``) until the film
    is whole, so that a run that was killed can go on.

    Args:
        source: the film; a colour film is coloured by its luma.
        target: the result: .mp4, .mov, .mkv (and others that FFmpeg writes).
        colorizer: the model.
        settings: all parameters.
        guidance: what a person knows of the film.
        output: how it is written.
        start, end: seconds; only this part of the film. None is its beginning and its end.
        every: frames from one look of the network to the next; None: as the motion demands.
        deinterlace: make whole frames of interlaced ones.
        progress: called now and then.
        cancelled: asked often; once it says True the film is ended where it is.
        resume: go on where a run with the same arguments was stopped; False begins anew.
        max_pixels: of a frame.

    Raises:
        FilmError: of its kinds, see :func:`.probe`; UnsupportedFilm also if the container of
            ``target`` cannot hold the codec.
        InvalidSetting, InvalidGuidance: for what is out of range.
        OutputError: if the result cannot be written.
    """
    raise NotImplementedError
