r"""The colours of a shot's key frames: what the network said of each, carried to the others.

The network's answer changes from frame to frame where it is unsure, and so does every decision that
is taken on a picture as a whole. Here, for the key frames of one shot,

1. the palette is one: the mean of theirs; by it rare colours are favoured, and a reference's
   palette or the balancing of a picture that is warm all over is one shift for all;
2. the distributions p_k, folded by hue, with what the second look says of them, are averaged along
   the motion, forward and backward,

       N_k S_k = c_k p_k + KEPT v W(N_{k-1} S_{k-1}),    N_k = c_k + KEPT v W(N_{k-1}),

   W carries from the key frame before, v is where that way holds and c_k = 1 / (variance +
   :data:`.stack.LEAST_VARIANCE`): a place where the network was sure counts more. Both sums
   together, with p_k once, are what is decoded, so that a shot's first frame knows what its last
   one does;
3. they are decoded as a photograph's are, on each key frame's own colour field;
4. averages are paler than what they are averages of, so the chroma is raised by one factor, of at
   most :data:`MOST_GAIN`: that with which they come nearest to what the key frames have by
   themselves,

       g = sum ab . ab_alone / sum |ab|^2,

   so that what wavers in those from frame to frame, and counts in their chroma, is not given back;
   and the cast is one, measured on all.

Of a long shot, worked on in parts, the first part decides; but the cast is measured again in each:
a take may end in another light. From one key frame to the next that is a gradual change.

Words act on each key frame's distributions; how much of the second look they leave is averaged
with those. What a person says is no cast: balancing and cast are decided without words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..color.cast import measure_cast
from ..color.hints import HintField, Stroke
from ..color.upsample import LinearColour, enlarge, fit_linear_colour
from ..decoding import colours, distributions
from ..guidance import Reference, Words
from ..prediction import LOGIT_STRIDE, Prediction
from ..settings import Settings
from ..working import adjust, balanced, beside, heard
from .flow import Way
from .stack import Stack, stacked

if TYPE_CHECKING:
    from ..words.model import Said

Array = NDArray[np.float32]

#: share of what is known that is left from one key frame to the next: with more it is steadier,
#: with less nearer to what each frame shows
KEPT = 0.7
#: most that chroma is raised by
MOST_GAIN = 1.25


@dataclass(frozen=True)
class Decision:
    """What is one for a shot, or for a part of a long one.

    Attributes:
        palette: (313,), how likely each colour is in it.
        more: (313,) to add to the logits of all places, or None.
        gain: of the chroma.
        drift: (a, b) of its cast, see :func:`colorizer.color.cast.measure_cast`.
    """

    palette: Array
    more: Array | None
    gain: float
    drift: tuple[float, float]


@dataclass(frozen=True)
class Known:
    """What a part of a shot knows at its end, for the part that follows.

    Attributes:
        decision: of the shot.
        planes: (h, w, k) S of the last key frame, forward, see :class:`.stack.Stack`.
        weight: (h, w) N.
        colour: of the last key frame, as it was rendered.
        strokes: hints in it.
    """

    decision: Decision
    planes: Array
    weight: Array
    colour: LinearColour
    strokes: tuple[Stroke, ...] = ()


def settled(
    keys: Sequence[Prediction],
    ways: Sequence[tuple[Way, Way]],
    settings: Settings,
    reference: Reference | None = None,
    strokes: Sequence[Sequence[Stroke]] = (),
    before: Known | None = None,
    words: Words | None = None,
) -> tuple[list[LinearColour], Known]:
    """Colours of the key frames of a shot or, after ``before``, of a part of it.

    Args:
        keys: what the network said of each.
        ways: from each but the first back to the one before it, and from that one on to it.
        settings: all of a photograph.
        reference: see :class:`colorizer.guidance.Guidance`.
        strokes: hints in each of the key frames; none where it is empty.
        before: of the part before, whose last key frame is the first one here; its colours stay.
        words: said of each.

    Returns:
        The colours of each, and what is known at the end.

    Raises:
        WordsUnavailable, WeightsMissing, WeightsCorrupt: see :func:`..working.said_of`.
    """
    said = [heard(key, words) for key in keys]
    settings = beside(reference, settings)
    if before is None:
        decision, forward, found = _decided(keys, said, ways, settings, reference)
    else:
        decision, forward, found = _decided_again(before, keys, said, ways, settings)
    strokes = strokes or [()] * len(keys)
    colour = [
        _finished(key, ab, settings, decision, hints)
        for key, ab, hints in zip(keys, found, strokes, strict=True)
    ]
    if before is not None:
        colour[0] = before.colour
    return colour, Known(decision, *forward[-1], colour[-1], tuple(strokes[-1]))


def _together(
    keys: Sequence[Prediction],
    said: Sequence[Said | None],
    ways: Sequence[tuple[Way, Way]],
    settings: Settings,
    palette: Array,
    more: Array | None,
    before: Known | None = None,
) -> tuple[list[Stack], list[tuple[Array, Array]], list[Array]]:
    """The key frames' stacks, their averages forward, and their colours."""
    stacks = [
        stacked(key, distributions(key, settings, palette, more, words), words)
        for key, words in zip(keys, said, strict=True)
    ]
    known = None if before is None else (before.planes, before.weight)
    forward = _averaged(stacks, [back for back, _ in ways], known)
    return stacks, forward, _decoded(stacks, forward, ways, settings)


def _decided(
    keys: Sequence[Prediction],
    said: Sequence[Said | None],
    ways: Sequence[tuple[Way, Way]],
    settings: Settings,
    reference: Reference | None,
) -> tuple[Decision, list[tuple[Array, Array]], list[Array]]:
    """A shot's decision, its key frames' averages forward, and their colours."""
    palette = np.mean([key.palette for key in keys], axis=0)
    unsaid = [None] * len(keys)
    (stacks, forward, found), more = balanced(
        lambda more: _together(keys, unsaid, ways, settings, palette, more),
        lambda together: _row(together[-1]),
        palette,
        keys[0].rebalancing_weights,
        settings,
        reference,
    )
    plain = _row(found)
    if any(words is not None for words in said):
        stacks, forward, found = _together(keys, said, ways, settings, palette, more)
    alone = _row([colours(stack, stack.folded, settings, stack.believed) for stack in stacks])
    gain = restoring_gain(_row(found), alone)
    return Decision(palette, more, gain, measure_cast(plain * np.float32(gain))), forward, found


def _decided_again(
    before: Known,
    keys: Sequence[Prediction],
    said: Sequence[Said | None],
    ways: Sequence[tuple[Way, Way]],
    settings: Settings,
) -> tuple[Decision, list[tuple[Array, Array]], list[Array]]:
    """The same of a part that goes on with a shot."""
    decision = before.decision
    _, forward, found = _together(
        keys, said, ways, settings, decision.palette, decision.more, before
    )
    plain = found
    if any(words is not None for words in said):
        unsaid = [None] * len(keys)
        _, _, plain = _together(keys, unsaid, ways, settings, decision.palette, decision.more)
    drift = measure_cast(_row(plain) * np.float32(decision.gain))
    return replace(decision, drift=drift), forward, found


def _row(found: Sequence[Array]) -> Array:
    """Pictures (2, h, w) side by side, to be measured as one."""
    return np.concatenate(found, axis=2)


def restoring_gain(ab: Array, alone: Array) -> float:
    """g of the module's docstring, 1 to :data:`MOST_GAIN`.

    Args:
        ab: averages, (2, h, w).
        alone: what they are averages of, of the same shape.
    """
    found = float((ab * alone).sum()) / max(float((ab * ab).sum()), 1e-6)
    return min(max(found, 1.0), MOST_GAIN)


def _averaged(
    stacks: Sequence[Stack], ways: Sequence[Way], before: tuple[Array, Array] | None = None
) -> list[tuple[Array, Array]]:
    """S and N of the module's docstring for each key frame.

    Args:
        ways: from each but the first to the one before it.
        before: S and N of the first, if they are known.
    """
    found: list[tuple[Array, Array]] = []
    for number, stack in enumerate(stacks):
        if number == 0 and before is not None:
            found.append(before)
            continue
        own = stack.sureness
        if number == 0:
            found.append((stack.planes, own))
            continue
        planes, weight = found[-1]
        way = ways[number - 1]
        carried = KEPT * way.holds_at(*own.shape) * way.carried(weight)
        total = own + carried
        mean = stack.planes * own[..., None] + way.carried(planes) * carried[..., None]
        found.append(
            (np.asarray(mean / total[..., None], np.float32), np.asarray(total, np.float32))
        )
    return found


def _decoded(
    stacks: Sequence[Stack],
    forward: Sequence[tuple[Array, Array]],
    ways: Sequence[tuple[Way, Way]],
    settings: Settings,
) -> list[Array]:
    """Colours of each key frame, (2, h, w), of both sums together."""
    backward = _averaged(stacks[::-1], [on for _, on in reversed(ways)])[::-1]
    found = []
    for stack, (one, m), (other, n) in zip(stacks, forward, backward, strict=True):
        own = stack.sureness
        total = (m + n - own)[..., None]
        mean = one * m[..., None] + other * n[..., None] - stack.planes * own[..., None]
        whole = replace(stack, planes=mean / total)
        found.append(colours(whole, whole.folded, settings, whole.believed))
    return found


def _finished(
    key: Prediction,
    ab: Array,
    settings: Settings,
    decision: Decision,
    strokes: Sequence[Stroke],
) -> LinearColour:
    """Colours on the grid as the settings want them, fitted to the key frame's lightness."""
    lightness = key.lightness
    height, width = lightness.shape
    guide = ab
    ab = adjust(ab * np.float32(decision.gain), settings, decision.drift)
    full = enlarge(ab, ab.shape[1] * LOGIT_STRIDE, ab.shape[2] * LOGIT_STRIDE)
    full = full[:, :height, :width]
    if strokes:
        field = HintField(key.lightness_of_places, guide, (height, width), LOGIT_STRIDE)
        full = field.painted(full, lightness, strokes)
    return fit_linear_colour(full, lightness, settings.edge_refinement)
