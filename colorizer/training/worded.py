"""Photographs as the model of words sees and changes them, a few places of many at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..color.hues import HUES, folding
from ..color.second_look import SHIFT, expanded
from ..words.model import AROUND, LIGHTNESS
from .captioned import ROOTS
from .coarse import coarse_members
from .words_network import Sentences, WordsNetwork

#: Lab units squared: errors below it count no more
_SMALL = 10.0
#: of a share of the error, where it is small
_DECIBELS = 10 / math.log(10)
#: cosine of 35 degrees: hues of one name; chroma of what has a colour, and of what has none
_SAME_HUE, _COLOURED, _GREY = 0.82, 9.0, 13.0
#: share of a bin at least, so that words may still find it likely
_LEAST = 2e-6


@dataclass(frozen=True)
class Places:
    """What is known of some places of n photographs.

    Attributes:
        seen: (n, SEEN, places).
        shares: (n, COARSE, places) the distributions at the default settings.
        look: (n, OUTPUTS, places).
        colours, truth: (n, 2, places) ab at the default settings, and the true ones.
    """

    seen: Tensor
    shares: Tensor
    look: Tensor
    colours: Tensor
    truth: Tensor

    def only(self, which: slice) -> Places:
        """Some of the photographs."""
        return Places(**{name: values[which] for name, values in vars(self).items()})

    @classmethod
    def of(
        cls, files: Mapping[str, NDArray[Any]], rows: Sequence[int], chosen: NDArray[Any]
    ) -> Places:
        """Of photographs of :func:`.captioned.compute`, ``chosen`` places of each."""

        def some(name: str) -> NDArray[Any]:
            values = np.stack([files[name][row] for row in rows])
            values = values.reshape(len(rows), values.shape[1], -1)
            return values[:, :, chosen]

        def halved(name: str) -> NDArray[np.float32]:
            values = np.stack([files[name][row] for row in rows]).astype(np.float32)
            side = values.shape[-1] // 2
            values = values.reshape(len(rows), -1, side, 2, side, 2).mean(axis=(3, 5))
            values = values.reshape(len(rows), values.shape[1], -1)
            return np.asarray(values[:, :, chosen], np.float32)

        classes = some("classes").astype(np.float32) / ROOTS
        light = halved("lightness") / 50 - 1
        features = expanded(np.stack([files["features"][row] for row in rows]))
        count, kinds, side, _ = features.shape
        blocks = features.reshape(count, kinds, side // AROUND, AROUND, side // AROUND, AROUND)
        block = chosen // side // AROUND * (side // AROUND) + chosen % side // AROUND
        around = blocks.mean(axis=(3, 5)).reshape(count, kinds, -1)
        everywhere = np.broadcast_to(
            around.mean(axis=2, keepdims=True), (count, kinds, len(chosen))
        )
        here = features.reshape(count, kinds, -1)[:, :, chosen]
        seen = np.concatenate([here, classes, light, around[:, :, block], everywhere], axis=1)
        shares = torch.from_numpy(some("shares")).float().div_(ROOTS).square_().add_(_LEAST)
        return cls(
            torch.from_numpy(seen),
            shares / shares.sum(dim=1, keepdim=True),
            torch.from_numpy(some("look").astype(np.float32)),
            torch.from_numpy(halved("colours")),
            torch.from_numpy(halved("truth")),
        )


@cache
def _hues() -> Tensor:
    """The rows that fold distributions over blocks by hue, as :mod:`..color.hues` does."""
    members = coarse_members()
    return torch.from_numpy(folding()[: 2 * HUES] @ (members / members.sum(1, keepdims=True)).T)


def decoded(shares: Tensor, look: Tensor) -> Tensor:
    """Colours after the second look, (n, 2, places), see :mod:`..color.second_look`."""
    hues = torch.einsum("hq,nqp->nhp", _hues(), shares)
    kept = 2 * look[:, :HUES].sigmoid()
    parts = [(half * kept).sum(dim=1) for half in (hues[:, :HUES], hues[:, HUES:])]
    return torch.stack(parts, dim=1) + SHIFT * look[:, HUES:]


def applied(
    network: WordsNetwork, places: Places, said: Sentences, idle: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Colours with the words, (n, 2, places), the shifted distributions (n, COARSE, places), and
    the logits of where things of a colour are (n, PHRASES, places)."""
    gates, value, trust, there = network(places.seen, said, idle)
    shift = torch.einsum("nwp,nwq->nqp", gates, value)
    shares = places.shares * torch.exp(shift - shift.amax(dim=1, keepdim=True))
    shares = shares / shares.sum(dim=1, keepdim=True)
    believed = 1 - (gates * trust[..., None]).amax(dim=1)
    changed = decoded(shares, places.look * believed[:, None])
    return places.colours + changed - decoded(places.shares, places.look), shares, there


def matching(lab: Tensor, light: Tensor, ab: Tensor) -> Tensor:
    """Whether colours are what names say, of any shape, as 0 and 1.

    Args:
        lab: (..., 3) the names'.
        light, ab: L* (...) and a*, b* (..., 2) of places.
    """
    named, own = lab[..., 1:].norm(dim=-1), ab.norm(dim=-1)
    cosine = (lab[..., 1:] * ab).sum(dim=-1) / (named * own).clamp(min=1e-3)
    hue = (cosine > _SAME_HUE) & (own > _COLOURED)
    dark = (light < 40) & (lab[..., 0] < 30)
    pale = (light > 65) & (lab[..., 0] > 85)
    between = (light - 50).abs() < 25
    grey = (own < _GREY) & (dark | pale | (between & (lab[..., 0] >= 30) & (lab[..., 0] <= 85)))
    return torch.where(named > _GREY, hue, grey).float()


def missed(there: Tensor, places: Places, said: Sentences) -> Tensor:
    """Cross entropy of where things of a colour are, (): their colours say where that is.

    Places that the network gives the colour anyway count little: they may be another thing.
    """
    light = (places.seen[:, LIGHTNESS] + 1) * 50
    shape = (*said.coloured.shape, there.shape[2])
    lab = said.colours[..., None, :]

    def match(ab: Tensor) -> Tensor:
        found = matching(lab, light[:, None, None], ab.transpose(1, 2)[:, None, None])
        return (found.expand(shape) * said.coloured[..., None]).amax(dim=2)

    right, anyway = match(places.truth), match(places.colours)
    weight = said.there * (said.coloured.sum(dim=2) > 0) * (said.things >= 0)
    weight = weight[..., None] * (1 - 0.7 * anyway)
    found = functional.binary_cross_entropy_with_logits(there, right, reduction="none")
    return (found * weight).sum() / weight.sum().clamp(min=1)


def relative(colours: Tensor, truth: Tensor, before: Tensor) -> Tensor:
    """Squared errors as a share of those without words, in about decibels, (n,)."""
    squared = (colours - truth).square().sum(dim=1).mean(dim=1)
    return _DECIBELS * squared / (before + _SMALL)


def errors(colours: Tensor, truth: Tensor) -> Tensor:
    """Of each photograph in decibels: the larger the worse, (n,)."""
    squared = (colours - truth).square().sum(dim=1).mean(dim=1)
    return 10 * torch.log10(squared + _SMALL)
