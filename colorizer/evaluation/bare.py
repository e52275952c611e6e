"""The bare network as a row of an evaluation: the paper's decoding and nothing else.

The annealed mean of the logits as they are: nothing taken back of what training favoured, no cast
removed, every place by itself, colours enlarged bilinearly: what every remedy is measured against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..settings import Settings

if TYPE_CHECKING:
    from ..photo import Photo
    from .colorizer_like import ColorizerLike


def bare_name(temperature: float) -> str:
    """Name of the row of this temperature."""
    return f"bare, T = {temperature:g}"


def bare_settings(temperature: float) -> Settings:
    """The settings of the row.

    Raises:
        InvalidSetting: if ``temperature`` is not within 0..1.
    """
    return Settings(temperature=temperature, coherence=0.0, cast_removal=0.0, edge_refinement=0.0)


class Bare:
    """A colorizer that renders what its network says as it says it.

    Args:
        colorizer: whose network and predictions are taken.
    """

    def __init__(self, colorizer: ColorizerLike) -> None:
        self.predict = colorizer.predict  # the very same, so that rows can share what it gives
        self._render = colorizer.render

    def render(self, photo: Photo, prediction: Any, settings: Settings | None = None) -> Photo:
        """See :func:`colorizer.pipeline.render`; the class weights of the training are ignored."""
        return self._render(photo, prediction.bare(), settings or Settings())
