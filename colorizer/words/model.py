r"""The model of words, applied: from phrases to a shift of the logits at each place.

With h_i = relu(W f_i), f_i what the colour network saw at place i (:func:`seen`), and a phrase of
a thing n and, perhaps, of a colour c (a*, b*):

    g_i = sigmoid(q_n . K h_i + b_n)                      of a thing without a colour
    g_i = (r_i - r_low) / (max_i r_i - r_low), at least 0, of a thing with one:
          r_i = sigmoid(q'_n . K' h_i + b'_n), r_low a quantile (:data:`ELSEWHERE`)
    v   = U_n B + s exp(-|c_q - m c|^2 / (2 SPREAD^2))    what it makes likelier, (313,)

    logits' = logits + amount T sum over phrases g v

q, q', U, b are rows of tables, s and m come of a small network of the colour, so that a colour that
no caption had has them as well; B are :data:`RANK` rows. T is the temperature that the
distributions are decoded with. A phrase for the whole palette has g = 1. The two g differ, as they
are learned from different things: the first from which colours a word alone makes likelier, the
second from where the colours were that captions named (:mod:`..training.words`).

Captions teach how likely a colour is. A person who writes "red coat" states it: so s is at least
:data:`STATED`, and at the surest places the distribution p becomes (1 - u) p + u (that colour
alone), paler than its name, and paler still where the photograph is dark or very light:

    u = PAINT smoothstep(g from SURE[0] to SURE[1])

What a person has said makes the second look (:mod:`..color.second_look`), which knew nothing of it,
count less: its outputs are multiplied by 1 - max over phrases of g t and u / PAINT, with
t = sigmoid(t_n + t_c). With an amount below 1 u and this are that much smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..color.bins import BIN_COUNT, Local, ab_bins
from ..color.hues import CLASSES, Folded, mixed
from ..color.lab import srgb_to_lab
from ..color.second_look import expanded
from ..color.upsample import enlarge, mean_of_blocks
from ..errors import WeightsCorrupt, WordsOfAnother, WordsUnavailable
from ..networks.refiner_layout import COMPONENTS
from ..weights.containers import read_safetensors
from .colours import hex_of
from .grammar import Phrase, parse
from .vocabulary import Vocabulary, model_file, of_metadata

if TYPE_CHECKING:
    from ..guidance import Words
    from ..prediction import Prediction

Array = NDArray[np.float32]

#: numbers of a place that the model looks at: features, classes, lightness, and the features' means
#: around it and in the whole picture
SEEN = 3 * sum(COMPONENTS) + CLASSES + 1
#: places along a side of the blocks whose means are taken
AROUND = 4
HIDDEN, KEYS, RANK, COLOUR_HIDDEN = 128, 48, 40, 32
#: which of these numbers is the lightness
LIGHTNESS = sum(COMPONENTS) + CLASSES
#: a thing with a colour is somewhere: the surest place counts fully, if it is as sure as this
LEAST_SURE = 0.1
#: a thing with a colour is not in this share of a picture
ELSEWHERE = 0.3
#: s at least: what a person says of a thing counts more than captions taught
STATED = 4.0
#: a thing that is said to have one colour is painted where g is between the first, not at all, and
#: the second, :data:`PAINT` of it
SURE, PAINT = (0.35, 0.8), 0.9
#: chroma of paint, as a share of that of the colour's name: things are paler than names
PALER = 0.6
#: Lab units: how far around a colour what is said of it reaches
SPREAD = 15.0
#: a shift acts as at this temperature where distributions are decoded at a lower one
COLDEST = 0.3


def shapes(things: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the tensors of a model that knows so many things."""
    return {
        "place.weight": (HIDDEN, SEEN),
        "place.bias": (HIDDEN,),
        "key.weight": (KEYS, HIDDEN),
        "query": (things, KEYS),
        "query_bias": (things,),
        "value": (things, RANK),
        "trust": (things,),
        "basis": (RANK, BIN_COUNT),
        "find_key.weight": (KEYS, HIDDEN),
        "find": (things, KEYS),
        "find_bias": (things,),
        "colour_hidden.weight": (COLOUR_HIDDEN, 3),
        "colour_hidden.bias": (COLOUR_HIDDEN,),
        "colour.weight": (3, COLOUR_HIDDEN),
        "colour.bias": (3,),
    }


@dataclass(frozen=True, eq=False)
class Said:
    """What the words come to on one photograph, on the logits' grid of (h, w).

    Attributes:
        phrases: those that the model has a row for.
        places: (n, h, w), 0..1: where each is.
        values: (n, 313): what each makes likelier, before the amount.
        trust: (n,), 0..1: how much each counts beside the second look.
        paints: (n, 3): of those that say one colour a*, b* and 1, of others 0.
        amount: of the words.
    """

    phrases: tuple[Phrase, ...]
    places: Array
    values: Array
    trust: Array
    paints: Array
    amount: float

    @property
    def believed(self) -> Array:
        """How much of the second look is left, (h, w), of one phrase or more."""
        count = self.places * self.trust[:, None, None]
        count[self.painting] = np.maximum(count[self.painting], self._sure())
        return np.asarray(1 - min(self.amount, 1.0) * count.max(axis=0), np.float32)

    @property
    def painting(self) -> NDArray[np.intp]:
        """Which phrases say one colour of one thing."""
        return np.flatnonzero(self.paints[:, 2])

    def shift(self, temperature: float) -> Local:
        """What to add to logits that are decoded at a temperature."""
        warmth = max(temperature, COLDEST) * self.amount
        return Local(self.places, self.values * np.float32(warmth))

    def painted(self, folded: Folded, lightness: Array) -> Folded:
        """The distributions, at the surest places the said colour alone.

        Args:
            folded: on a grid of (h, w), shifted.
            lightness: (h, w) L*.
        """
        if not len(self.painting):
            return folded
        shares = self._sure() * np.float32(PAINT * min(self.amount, 1.0))
        shares /= np.maximum(shares.sum(axis=0), 1)
        room = np.clip(np.minimum((lightness + 16) / 66, (116 - lightness) / 50), 0, 1)
        return mixed(folded, shares, self.paints[self.painting, :2, None, None] * room)

    def _sure(self) -> Array:
        """How surely each place is of the things of :attr:`painting`, (k, h, w)."""
        low, high = SURE
        step = np.clip((self.places[self.painting] - low) / (high - low), 0, 1)
        return np.asarray(step * step * (3 - 2 * step), np.float32)


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model in memory.

    Attributes:
        known: what it knows.
        tensors: float32, as :func:`shapes` says.
        file: where it lies.
    """

    known: Vocabulary
    tensors: dict[str, Array]
    file: Path

    def require(self, features_id: str, name: str) -> None:
        """Raise WordsUnavailable if these are not the features that the model looks at.

        Args:
            features_id: :attr:`.LoadedWeights.features_id` of weights.
            name: of them.
        """
        if features_id and features_id != self.known.features_id:
            raise WordsOfAnother(
                f"The model of words in {self.file} was trained for another refiner than that of "
                f"{name}."
            )
        if not features_id:
            raise WordsUnavailable(
                f"Words need what the model {name!r} did not keep of this: "
                "colour it again with the default model, its second look beside it."
            )

    def said(self, prediction: Prediction, words: Words) -> Said:
        """What words come to on a photograph.

        Raises:
            WordsUnavailable: if the prediction has not the features that the model looks at.
        """
        features = prediction.features
        self.require("" if features is None else prediction.features_id, prediction.model)
        assert features is not None
        understood = parse(words.text, self.known.things, self.known.ignored).phrases
        phrases = tuple(p for p in understood if not p.thing or p.thing in self.known.things)
        hidden = prediction.latest.of("hidden", self, lambda: self._hidden(prediction))
        parts = [self._phrase(phrase, hidden) for phrase in phrases]
        paints = np.zeros((len(phrases), 3), np.float32)
        for row, phrase in zip(paints, phrases, strict=True):
            if phrase.thing and len(phrase.colours) == 1:
                row[:] = *(PALER * np.array(lab_of(phrase.colours[0])[1:])), 1
        places = np.array([p for p, _, _ in parts], np.float32)
        places = places.reshape(len(parts), *features.shape[1:])
        return Said(
            phrases,
            enlarge(places, *prediction.logits.shape[1:]),
            np.array([v for _, v, _ in parts], np.float32).reshape(-1, BIN_COUNT),
            np.array([t for _, _, t in parts], np.float32),
            paints,
            words.amount,
        )

    def _hidden(self, prediction: Prediction) -> Array:
        """h of the module's docstring: what is known of each place, (HIDDEN, places)."""
        t = self.tensors
        place = seen(prediction).reshape(SEEN, -1)
        hidden = t["place.weight"] @ place + t["place.bias"][:, None]
        return np.asarray(np.maximum(hidden, 0), np.float32)

    def _phrase(self, phrase: Phrase, hidden: Array) -> tuple[Array, Array, float]:
        """g, v and t of a phrase."""
        t, colours = self.tensors, [self._colour(name) for name in phrase.colours]
        gate, value = np.ones(hidden.shape[1], np.float32), np.zeros(BIN_COUNT, np.float32)
        trust = np.mean([x for x, _ in colours]) if colours else np.float32(0)
        if phrase.thing:
            row = self.known.things[phrase.thing]
            trust = trust + t["trust"][row]
            value = t["value"][row] @ t["basis"]
            if not phrase.everywhere:
                kind = ("find_key.weight", "find") if colours else ("key.weight", "query")
                query = t[kind[1]][row] @ t[kind[0]]
                gate = _sigmoid(query @ hidden + t[f"{kind[1]}_bias"][row])
        if colours:
            value = value + np.max([v for _, v in colours], axis=0)
        if colours and phrase.thing:
            low = float(np.quantile(gate, ELSEWHERE))
            gate = np.maximum(gate - low, 0) / max(float(gate.max()) - low, LEAST_SURE)
        return gate, value, float(_sigmoid(trust))

    def _colour(self, name: str) -> tuple[Array, Array]:
        """Of a colour: its part of the trust, and what it makes likelier."""
        t, ab = self.tensors, lab_of(name)[1:]
        shown = np.array([*ab, np.hypot(*ab)], np.float32) / 50
        hidden = np.maximum(t["colour_hidden.weight"] @ shown + t["colour_hidden.bias"], 0)
        trust, strength, paler = t["colour.weight"] @ hidden + t["colour.bias"]
        return trust, kernel(ab, np.maximum(_softplus(strength), STATED), _sigmoid(paler))


def kernel(ab: tuple[float, ...], strength: Any, paler: Any) -> Array:
    """s exp(...) of the module's docstring, (313,)."""
    centre = np.array(ab, np.float32) * paler
    squared = ((ab_bins() - centre) ** 2).sum(axis=1)
    return np.asarray(strength * np.exp(squared / np.float32(-2 * SPREAD**2)), np.float32)


@lru_cache(256)
def lab_of(name: str) -> tuple[float, float, float]:
    """L*, a*, b* of the name of a colour."""
    value = hex_of(name)
    rgb = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lightness, a, b = srgb_to_lab(np.array([[rgb]], np.float32))[0, 0]
    return float(lightness), float(a), float(b)


def seen(prediction: Prediction) -> Array:
    """f of the module's docstring: what a prediction holds of each place, (SEEN, h, w)."""
    assert prediction.features is not None
    classes = mean_of_blocks(prediction.statistics.classes, 2)
    lightness = mean_of_blocks(prediction.lightness_of_places[None], 2)
    features = expanded(prediction.features)
    _, height, width = features.shape
    blocks = mean_of_blocks(features, AROUND)
    around = blocks.repeat(AROUND, axis=1).repeat(AROUND, axis=2)[:, :height, :width]
    everywhere = np.broadcast_to(features.mean(axis=(1, 2), keepdims=True), features.shape)
    parts = [features, np.sqrt(classes), lightness / 50 - 1, around, everywhere]
    return np.concatenate(parts).astype(np.float32, copy=False)


def load(features_id: str = "", beside: Path | None = None) -> Model:
    """The model that :func:`.vocabulary.model_file` finds, read once.

    Raises:
        WeightsMissing, WeightsCorrupt: see :func:`.vocabulary.vocabulary`.
    """
    file = model_file(features_id, beside)
    state = file.stat()
    return _load(file, state.st_mtime_ns, state.st_size)


@lru_cache(2)
def _load(file: Path, *_: int) -> Model:
    try:
        arrays, metadata = read_safetensors(file.read_bytes())
        known = of_metadata(metadata)
        tensors = {name: array.astype(np.float32) for name, array in arrays.items()}
        for name, shape in shapes(len(known.things)).items():
            if tensors[name].shape != shape or not np.isfinite(tensors[name]).all():
                raise ValueError(name)
    except Exception as error:  # whatever safetensors says about foreign bytes
        raise WeightsCorrupt(f"{file} is damaged, or not a model of words.") from error
    return Model(known, tensors, file)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _softplus(x: Any) -> Any:
    return np.logaddexp(0, x)
