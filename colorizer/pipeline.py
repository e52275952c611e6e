"""Colorizer: ``predict`` (heavy, once) and ``render`` (light, as often as a slider moves)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .color.cast import remove_cast
from .color.field import prepare as prepare_field
from .color.hint_planes import hint_planes
from .color.hints import Stroke
from .color.lab import grey_to_lightness
from .color.paint import Painter
from .color.paint import prepare as prepare_painting
from .color.palette import FROM, balancing_shift, reference_shift, warm_share
from .color.upsample import LinearColour, enlarge, fit_linear_colour
from .decoding import colours, distributions
from .errors import InvalidSetting, PredictionMismatch
from .guidance import Guidance, Hint, Reference, Words
from .networks import TAKE_HINTS
from .photo.resizing import average_blocks
from .photo.srgb import linear_table
from .prediction import LOGIT_STRIDE, Prediction, padded, padding, working_shape
from .settings import DEFAULT_MODEL, Settings
from .threads import in_threads

if TYPE_CHECKING:
    from .engines import Engine
    from .photo import Photo, Provenance
    from .photo.reading import Source
    from .weights import LoadedWeights
    from .words.model import Said

Array = NDArray[np.float32]


def shrink_lightness(photo: Photo, height: int, width: int) -> Array:
    """L* of a grey photograph resampled to (height, width), float32, 0..100.

    Large photographs are first averaged in whole blocks (see :func:`.average_blocks`).
    """
    from PIL import Image

    small = average_blocks(photo.pixels, height, width)
    small /= np.iinfo(photo.pixels.dtype).max
    if small.shape != (height, width):
        image = Image.fromarray(small)
        shrinks = small.shape[0] > height
        method = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
        small = np.asarray(image.resize((width, height), method), np.float32)
    lightness: Array = grey_to_lightness(np.clip(small, 0.0, 1.0))
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
            photo: a grey photograph.
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
        shape = working_shape(photo.height, photo.width, short_side)
        lightness = shrink_lightness(photo, *shape)
        planes = None
        if hints and self.takes_hints:
            planes = hint_planes(lightness, _strokes(hints))
            planes = np.pad(planes, [(0, 0), *padding(lightness)])[None]
        answer = self.engine.answer(padded(lightness)[None], planes)
        size = photo.height, photo.width
        prediction = Prediction.of(self.weights, answer.logits[0], lightness, size, short_side)
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
    return replace(photo, pixels=render_pixels(photo, colour))


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


def working_ab(prediction: Prediction, settings: Settings, guidance: Guidance) -> Array:
    """Colours at working size as the settings and a person want them, (2, H', W').

    Raises:
        WordsUnavailable: see :func:`said_of`.
    """
    if guidance.reference is not None:  # its palette is no cast
        left = settings.cast_removal * (1 - guidance.reference.amount)
        settings = settings.with_changes({"cast_removal": left})
    said = heard(prediction, guidance.words)
    ab = adjust(native_ab(prediction, settings, guidance.reference, said), settings)
    if not guidance.hints:
        return ab
    return prediction.hint_field.painted(ab, prediction.lightness, _strokes(guidance.hints))


def _strokes(hints: Sequence[Hint]) -> list[Stroke]:
    return [Stroke(h.y, h.x, h.ab, h.reach, h.lightness) for h in hints]


def said_of(prediction: Prediction, words: Words) -> Said:
    """What words come to on a photograph, and where each thing is: see :mod:`.words.model`.

    Raises:
        WordsUnavailable: if the prediction has not what the model of words looks at: the weights
            have no refiner, or it was stored by an earlier version.
        WeightsMissing, WeightsCorrupt: if there is no such model, or it cannot be read.
    """
    from .words.model import load

    model = load()
    return prediction.latest.of("said", (model, words), lambda: model.said(prediction, words))


def heard(prediction: Prediction, words: Words | None) -> Said | None:
    """As :func:`said_of`; None if nothing is said that could act, or nothing at all."""
    found = None if words is None else said_of(prediction, words)
    return found if found and found.phrases else None


def native_ab(
    prediction: Prediction,
    settings: Settings,
    reference: Reference | None = None,
    said: Said | None = None,
) -> Array:
    """Decode at working size: (2, H', W'), bilinear from the logits' grid, padding cut off.

    Rare colours are favoured as the picture's palette allows, see :mod:`.color.rarity`; colours are
    made coherent as much as the settings say, see :mod:`.color.coherence`; a picture that would be
    brown all over is balanced, and one with a reference takes its palette, see
    :mod:`.color.palette`; words make colours likelier where their things are, see
    :mod:`.words.model`.
    """
    towards = None
    if reference is not None:
        towards = reference_shift(prediction.palette, np.array(reference.palette), reference.amount)
    ab = _decoded(prediction, settings, towards, said)
    if settings.cast_removal > 0 and (share := warm_share(ab)) > FROM:
        more = balancing_shift(
            prediction.palette, prediction.rebalancing_weights, share, settings.cast_removal
        )
        if more is not None:
            both = more if towards is None else more + towards
            ab = _decoded(prediction, settings, both, said)
    height, width = prediction.lightness.shape
    full = enlarge(ab, ab.shape[1] * LOGIT_STRIDE, ab.shape[2] * LOGIT_STRIDE)
    return full[:, :height, :width]


def _decoded(
    prediction: Prediction, settings: Settings, more: Array | None, said: Said | None
) -> Array:
    """Colours on the logits' grid, (2, h, w); ``more``: (313,) to add to all logits."""
    found = distributions(prediction, settings, more=more, said=said)
    return colours(prediction, found, settings, None if said is None else said.believed)


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


def adjust(ab: Array, settings: Settings, drift: tuple[float, float] | None = None) -> Array:
    """Apply cast removal, saturation, warmth, tint and strength to ab (2, h, w).

    ``drift`` is that of the whole that it is a part of; None is its own.
    """
    ab = remove_cast(ab, settings.cast_removal, drift)
    shift = np.array([settings.tint, settings.warmth], np.float32)[:, None, None]
    return (ab * np.float32(settings.saturation) + shift) * np.float32(settings.strength)


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
