"""What an evaluation needs of a colorizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..settings import Settings

if TYPE_CHECKING:
    from ..photo import Photo


class ColorizerLike(Protocol):
    """What the loop needs of a colorizer; :class:`colorizer.pipeline.Colorizer` has it."""

    def predict(self, photo: Photo, *, working_size: int = ...) -> Any:
        """Run the network once on a grey photo, its short side brought to ``working_size``."""
        ...

    def render(self, photo: Photo, prediction: Any, settings: Settings = ...) -> Photo:
        """Colour the photo: pixels (H, W, 3), uint8 or uint16, of the size of the input."""
        ...
