"""Colorizer: ``predict`` (heavy, once) and ``render`` (light, as often as a slider moves)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .color.field import prepare as prepare_field
from .color.hint_planes import hint_planes
from .color.lab import grey_to_lightness
from .color.paint import Painter
from .color.paint import prepare as prepare_painting
from .color.upsample import LinearColour, fit_linear_colour
from .errors import InvalidSetting, PredictionMismatch
from .guidance import Guidance, Hint
from .networks import TAKE_HINTS
from .photo.resizing import resampled
from .photo.srgb import linear_table
from .prediction import Prediction, padded, padding, working_shape
from .settings import DEFAULT_MODEL, Settings
from .threads import in_threads
from .working import mount_ab, strokes_of, working_ab

if TYPE_CHECKING:
    from .engines import Engine
    from .photo import Photo, Provenance
    from .photo.mount import Box
    from .photo.reading import Source
    from .weights import LoadedWeights

Array = NDArray[np.float32]


def shrink_lightness(photo: Photo, height: int, width: int) -> Array:
    """L* of a grey photograph resampled to (height, width), float32, 0..100."""
    from PIL.Image import Resampling

    method = Resampling.BOX if photo.height > height else Resampling.BICUBIC
    small = resampled(photo.pixels, height, width, method)
    white = np.float32(np.iinfo(photo.pixels.dtype).max)
    lightness: Array = grey_to_lightness(np.clip(small / white, 0.0, 1.0))
    return lightness


class Colorizer:
    """A model ready to colour photographs.

    Args:
        weights: the checkpoint.
        engine: runs its network, or the name of one: ``"auto"``, ``"openvino"``, ``"torch"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, …

    Raises:
        DeviceUnavailable, InvalidSetting, PackageMissing, WeightsCorrupt: see
            :func:`colorizer.engines.open_engine`.
    """

    def __init__(
        self, weights: LoadedWeights, engine: Engine | str = "auto", device: str = "auto"
    ) -> None:
        from .engines import open_engine

        if isinstance(engine, str):
            engine = open_engine(weights, device, engine)
        self.engine: Engine = engine
        self.weights = weights

    @classmethod
    def load(
        cls, model: str = DEFAULT_MODEL, *, device: str = "auto", engine: str = "auto"
    ) -> Colorizer:
        """Load a model by catalogue name or file; device and engine as for the class.

        Raises:
            WeightsMissing, WeightsCorrupt, UnknownModel: see :func:`colorizer.weights.load`.
            DeviceUnavailable, InvalidSetting, PackageMissing: see
                :func:`colorizer.engines.open_engine`.
        """
        from . import weights

        # what the first render would wait for is loaded beside the model
        threading.Thread(target=_prepare, name="prepare").start()
        return cls(weights.load(model), engine, device)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.weights.name

    @property
    def device(self) -> str:
        """Where the network runs."""
        return self.engine.device

    @property
    def takes_hints(self) -> bool:
        """Whether its predictions depend on hints: the network can be shown them."""
        return self.weights.network in TAKE_HINTS

    def predict(
        self, photo: Photo, *, working_size: int | None = None, hints: Sequence[Hint] = ()
    ) -> Prediction:
        """Run the network once.

        Args:
            photo: a grey photograph; of one with a mount the picture on it is looked at.
            working_size: short side at which the network sees it, 128..1024 px; ``None`` is the
                default of :mod:`colorizer.settings`.
            hints: shown to the network if it :attr:`takes_hints`. Give them to :meth:`render` too:
                there they hold whatever the network makes of them, and the note names them.

        Raises:
            InvalidSetting: if ``working_size`` is out of range or ``photo`` is in colour.
        """
        changes = {} if working_size is None else {"working_size": working_size}
        short_side = Settings().with_changes(changes).working_size
        _require_grey(photo)
        shown = photo if photo.picture is None else _cut(photo, photo.picture)
        shape = working_shape(shown.height, shown.width, short_side)
        lightness = shrink_lightness(shown, *shape)
        planes = None
        strokes = strokes_of(hints, photo.picture)
        if strokes and self.takes_hints:
            planes = hint_planes(lightness, strokes)
            planes = np.pad(planes, [(0, 0), *padding(lightness)])[None]
        answer = self.engine.answer(padded(lightness)[None], planes)
        size = photo.height, photo.width
        prediction = Prediction.of(
            self.weights, answer.logits[0], lightness, size, short_side, photo.picture
        )
        if answer.features is None:
            return prediction
        return prediction.looked_at(self.engine, answer.features[0], self.weights.features_id)

    def render(
        self,
        photo: Photo,
        prediction: Prediction,
        settings: Settings | None = None,
        guidance: Guidance | None = None,
    ) -> Photo:
        """See :func:`render`."""
        return render(photo, prediction, settings, guidance)

    def colorize(
        self,
        photo: Photo | Source,
        settings: Settings | None = None,
        guidance: Guidance | None = None,
    ) -> Photo:
        """``predict`` and ``render`` in one.

        Args:
            photo: a grey photograph, or whatever :func:`colorizer.photo.read` takes: a path, bytes,
                a binary file, a NumPy array or a picture of Pillow; shapes and types are there.
            settings: all parameters.
            guidance: what a person knows of it, see :func:`render`.

        Raises:
            ImageError: as :func:`colorizer.photo.read`; :class:`.UnsuitableInput`, a
                :class:`TypeError`, for objects of other types.
            InvalidSetting: as :meth:`predict`.
        """
        from .photo import Photo, read

        if not isinstance(photo, Photo):
            photo = read(photo)
        settings = settings or Settings()
        hints = guidance.hints if guidance else ()
        prediction = self.predict(photo, working_size=settings.working_size, hints=hints)
        return self.render(photo, prediction, settings, guidance)

    def provenance(self, settings: Settings, guidance: Guidance | None = None) -> Provenance:
        """The note for results of this model: name, hash, settings, guidance, version."""
        return _note(self.name, self.weights.sha256, settings.as_dict(), guidance)


def render(
    photo: Photo,
    prediction: Prediction,
    settings: Settings | None = None,
    guidance: Guidance | None = None,
) -> Photo:
    """Colour ``photo`` from its prediction; no network is needed. L* stays what it is.

    Args:
        photo: the grey photograph that ``prediction`` was made from, or the same picture at
            another size (a preview).
        prediction: from :meth:`Colorizer.predict`.
        settings: its ``render`` parameters; ``model`` and ``working_size`` are not looked at.
        guidance: colours of some places, a picture of like palette, words. Hints are given colours
            as they are: vividness, saturation, warmth and the rest are for the automatic ones.

    Returns:
        A photograph (H, W, 3) of the same bit depth, with the same alpha and metadata.

    Raises:
        InvalidSetting: if ``photo`` is in colour.
        PredictionMismatch: if the prediction is of a photograph of another shape.
        WordsUnavailable: if there are words and the prediction is of a model without a refiner, or
            was stored by an earlier version.
    """
    _require_grey(photo)
    _require_same_shape(photo, prediction)
    settings = settings or Settings()
    ab = working_ab(prediction, settings, guidance or Guidance())
    colour = fit_linear_colour(ab, prediction.lightness, settings.edge_refinement)
    mount = (0.0, 0.0)
    if prediction.picture is not None:
        mount = mount_ab(guidance.hints if guidance else (), prediction.picture)
    return replace(photo, pixels=render_part(photo, prediction.picture, colour, mount))


def render_part(
    photo: Photo, picture: Box | None, colour: LinearColour, mount: tuple[float, float] = (0.0, 0.0)
) -> NDArray[Any]:
    """As :func:`render_pixels`, the part that is the picture; the rest has a*, b* ``mount``.

    Args:
        picture: None: all of it.
    """
    if picture is None:
        return render_pixels(photo, colour)
    height, width = photo.height, photo.width
    rows, columns = picture.on(height, width)
    even = LinearColour(
        np.zeros((2, 1, 1), np.float32), np.array(mount, np.float32).reshape(2, 1, 1)
    )
    parts = [
        ((rows, columns), colour),
        ((slice(0, rows.start), slice(0, width)), even),
        ((slice(rows.stop, height), slice(0, width)), even),
        ((rows, slice(0, columns.start)), even),
        ((rows, slice(columns.stop, width)), even),
    ]
    result = np.empty((height, width, 3), np.uint16 if photo.bit_depth == 16 else np.uint8)
    for part, colours in parts:
        pixels = photo.pixels[part]
        if pixels.size:
            cut = replace(photo, pixels=pixels, alpha=None)
            result[part] = render_pixels(cut, colours)
    return result


def _cut(photo: Photo, picture: Box) -> Photo:
    """The picture alone, without its mount."""
    pixels = np.ascontiguousarray(photo.pixels[picture.on(photo.height, photo.width)])
    return replace(photo, pixels=pixels, alpha=None, picture=None)


def provenance(
    prediction: Prediction, settings: Settings, guidance: Guidance | None = None
) -> Provenance:
    """The note for the metadata of a result of :func:`render`.

    Model and working size are those of the prediction, the other parameters those of ``settings``.
    """
    values = settings.as_dict() | {"working_size": prediction.working_size}
    return _note(prediction.model, prediction.weights_sha256, values, guidance)


def _note(
    model: str, sha256: str, settings: dict[str, Any], guidance: Guidance | None
) -> Provenance:
    from . import __version__
    from .photo import Provenance

    if guidance:
        settings = settings | {"guidance": guidance.as_note()}
    return Provenance(model, sha256, settings | {"model": model}, __version__)


def _prepare() -> None:
    prepare_painting()
    prepare_field()


def _require_grey(photo: Photo) -> None:
    if not photo.is_grey:
        raise InvalidSetting("This photograph is in colour already; a grey one is needed.")


def _require_same_shape(photo: Photo, prediction: Prediction) -> None:
    """The sides of the smaller of the two may be rounded by one pixel each, not by more."""
    one, other = (photo.height, photo.width), (prediction.height, prediction.width)
    if abs(one[0] * other[1] - one[1] * other[0]) > max(sum(one), sum(other)):
        raise PredictionMismatch(
            f"The prediction is of a photograph of {other[1]} x {other[0]} pixels, which has "
            f"another shape than this one of {one[1]} x {one[0]}."
        )


def render_pixels(photo: Photo, colour: LinearColour, threads: int | None = None) -> NDArray[Any]:
    """Full-size sRGB (H, W, 3), uint8 or uint16 by the photograph's bit depth.

    The result does not depend on ``threads``; ``None`` takes one per processor.
    """
    dtype = np.uint16 if photo.bit_depth == 16 else np.uint8
    result = np.empty((photo.height, photo.width, 3), dtype)
    luminance = linear_table(photo.pixels.dtype.itemsize * 8)
    painter = Painter(photo.pixels, luminance, colour, photo.bit_depth)
    for _ in in_threads(lambda rows: painter.paint(rows, result[rows]), painter.strips, threads):
        pass
    return result
