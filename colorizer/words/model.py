r"""The model of words, applied: from phrases to a shift of the logits at each place.

With f_i what the colour network saw at place i (:func:`seen`), and a phrase w of a thing n and,
perhaps, of a colour c (a*, b*):

    k_i  = W_2 relu(W_1 f_i)                                     key of the place
    g_iw = sigmoid( (q_n + C(c)) . k_i + b_n + b_c )             where the thing is, 0..1
    v_w  = U_n B + s exp(-|c_q - m c|^2 / (2 SPREAD^2))          what it makes likelier, (313,)

    logits' = logits + amount T sum_w g_iw v_w

q, U, b are rows of tables, C a small network of the colour, so that a colour that no caption had
has a place as well; B are :data:`RANK` rows. T is the temperature that the distributions are
decoded with. A phrase for the whole palette has g = 1. What a person has said makes the second look
(:mod:`..color.second_look`), which knew nothing of it, count less: its outputs are multiplied by

    1 - max_w g_iw t_w,        t_w = sigmoid(t_n + t_c)

Trained by :mod:`..training.words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..color.bins import BIN_COUNT, Local, ab_bins
from ..color.hues import CLASSES
from ..color.lab import srgb_to_lab
from ..color.second_look import expanded
from ..color.upsample import enlarge, mean_of_blocks
from ..errors import WeightsCorrupt, WordsUnavailable
from ..networks.refiner_layout import COMPONENTS
from ..weights.containers import read_safetensors
from .colours import hex_of
from .grammar import Phrase, parse
from .vocabulary import Vocabulary, model_file, of_metadata

if TYPE_CHECKING:
    from ..guidance import Words
    from ..pipeline import Prediction

Array = NDArray[np.float32]

#: numbers of a place that the model looks at: features, classes, lightness
SEEN = sum(COMPONENTS) + CLASSES + 1
HIDDEN, KEYS, RANK, COLOUR_HIDDEN = 96, 32, 24, 32
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
        "colour_hidden.weight": (COLOUR_HIDDEN, 3),
        "colour_hidden.bias": (COLOUR_HIDDEN,),
        "colour.weight": (KEYS + 4, COLOUR_HIDDEN),
        "colour.bias": (KEYS + 4,),
    }


@dataclass(frozen=True)
class Said:
    """What the words come to on one photograph, on the features' grid of (h, w).

    Attributes:
        phrases: those that the model has a row for.
        places: (n, h, w), 0..1: where each is.
        values: (n, 313): what each makes likelier, before the amount.
        trust: (n,), 0..1: how much each counts beside the second look.
        amount: of the words.
    """

    phrases: tuple[Phrase, ...]
    places: Array
    values: Array
    trust: Array
    amount: float

    @property
    def believed(self) -> Array:
        """How much of the second look is left, (h, w)."""
        if not self.phrases:
            return np.ones(self.places.shape[1:], np.float32)
        most = (self.places * self.trust[:, None, None]).max(axis=0)
        return np.asarray(1 - min(self.amount, 1.0) * most, np.float32)

    def shift(self, shape: tuple[int, ...], temperature: float) -> Local:
        """What to add to logits of a shape (h, w) that are decoded at a temperature."""
        warmth = max(temperature, COLDEST) * self.amount
        return Local(enlarge(self.places, *shape), self.values * np.float32(warmth))


@dataclass(frozen=True)
class Model:
    """A trained model in memory.

    Attributes:
        known: what it knows.
        tensors: float32, as :func:`shapes` says.
    """

    known: Vocabulary
    tensors: dict[str, Array]

    def said(self, prediction: Prediction, words: Words) -> Said:
        """What words come to on a photograph.

        Raises:
            WordsUnavailable: if the prediction has not the features that the model looks at.
        """
        if prediction.features is None or prediction.features_id != self.known.features_id:
            raise WordsUnavailable(
                f"Words need what the model {prediction.model!r} did not keep of this photograph: "
                "colour it again with the default model, its second look beside it."
            )
        understood = parse(words.text, self.known.things, self.known.ignored).phrases
        phrases = tuple(p for p in understood if not p.thing or p.thing in self.known.things)
        place = seen(prediction)
        keys = self._keys(place.reshape(SEEN, -1))
        parts = [self._phrase(phrase, keys) for phrase in phrases]
        places = np.array([p for p, _, _ in parts], np.float32)
        return Said(
            phrases,
            places.reshape(len(parts), *place.shape[1:]),
            np.array([v for _, v, _ in parts], np.float32).reshape(-1, BIN_COUNT),
            np.array([t for _, _, t in parts], np.float32),
            words.amount,
        )

    def _keys(self, place: Array) -> Array:
        """k of the module's docstring, (KEYS, places)."""
        t = self.tensors
        hidden = t["place.weight"] @ place + t["place.bias"][:, None]
        return np.asarray(t["key.weight"] @ np.maximum(hidden, 0), np.float32)

    def _phrase(self, phrase: Phrase, keys: Array) -> tuple[Array, Array, float]:
        """g, v and t of a phrase."""
        t = self.tensors
        query, value = np.zeros(KEYS, np.float32), np.zeros(BIN_COUNT, np.float32)
        bias = trust = np.float32(0)
        if phrase.thing:
            row = self.known.things[phrase.thing]
            query, bias, trust = t["query"][row], t["query_bias"][row], t["trust"][row]
            value = t["value"][row] @ t["basis"]
        colours = [self._colour(name) for name in phrase.colours]
        if colours:
            query = query + np.mean([q for q, _, _, _ in colours], axis=0)
            bias = bias + np.mean([b for _, b, _, _ in colours])
            trust = trust + np.mean([x for _, _, x, _ in colours])
            value = value + np.max([v for _, _, _, v in colours], axis=0)
        gate = np.ones(keys.shape[1], np.float32)
        if not phrase.everywhere:
            gate = _sigmoid(query @ keys + bias)
        return gate, value, float(_sigmoid(trust))

    def _colour(self, name: str) -> tuple[Array, Array, Array, Array]:
        """Of a colour: its part of the query, of the bias and of the trust, and of the value."""
        t, ab = self.tensors, ab_of(name)
        shown = np.array([*ab, np.hypot(*ab)], np.float32) / 50
        hidden = np.maximum(t["colour_hidden.weight"] @ shown + t["colour_hidden.bias"], 0)
        out = t["colour.weight"] @ hidden + t["colour.bias"]
        bias, trust, strength, paler = out[KEYS:]
        return out[:KEYS], bias, trust, kernel(ab, _softplus(strength), _sigmoid(paler))


def kernel(ab: tuple[float, float], strength: Any, paler: Any) -> Array:
    """s exp(...) of the module's docstring, (313,)."""
    centre = np.array(ab, np.float32) * paler
    squared = ((ab_bins() - centre) ** 2).sum(axis=1)
    return np.asarray(strength * np.exp(squared / np.float32(-2 * SPREAD**2)), np.float32)


@lru_cache(256)
def ab_of(name: str) -> tuple[float, float]:
    """a*, b* of the name of a colour."""
    value = hex_of(name)
    rgb = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    _, a, b = srgb_to_lab(np.array([[rgb]], np.float32))[0, 0]
    return float(a), float(b)


def seen(prediction: Prediction) -> Array:
    """f of the module's docstring: what a prediction holds of each place, (SEEN, h, w)."""
    assert prediction.features is not None
    classes = mean_of_blocks(prediction.statistics.classes, 2)
    lightness = mean_of_blocks(prediction.lightness_of_places[None], 2)
    return np.concatenate([expanded(prediction.features), np.sqrt(classes), lightness / 50 - 1])


def load() -> Model:
    """The model that there is, read once.

    Raises:
        WeightsMissing, WeightsCorrupt: see :func:`.vocabulary.vocabulary`.
    """
    file = model_file()
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
    return Model(known, tensors)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _softplus(x: Any) -> Any:
    return np.logaddexp(0, x)
