"""The model of words for torch: what :mod:`..words.model` computes, for many captions at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..words.grammar import Phrase
from ..words.model import (
    COLOUR_HIDDEN,
    ELSEWHERE,
    HIDDEN,
    KEYS,
    LEAST_SURE,
    RANK,
    SEEN,
    SPREAD,
    lab_of,
)
from .coarse import COARSE, coarse_centres

#: phrases of a caption that are looked at, and colours of a phrase
PHRASES, COLOURS = 7, 3
#: phrases that all photographs have, in training alone
IDLE = 4


class WordsNetwork(nn.Module):
    """The model of :mod:`..words.model` for torch; its ``state_dict`` is what is stored."""

    def __init__(self, things: int, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.place = nn.Linear(SEEN, HIDDEN)
        self.key = nn.Linear(HIDDEN, KEYS, bias=False)
        self.find_key = nn.Linear(HIDDEN, KEYS, bias=False)
        self.find = nn.Parameter(torch.zeros(things, KEYS))
        self.find_bias = nn.Parameter(torch.zeros(things))
        self.find_any = nn.Parameter(torch.randn(KEYS) * 0.05)
        self.find_any_bias = nn.Parameter(torch.tensor(-2.0))
        self.query = nn.Parameter(torch.randn(things, KEYS) * 0.05)
        self.query_bias = nn.Parameter(torch.full((things,), -1.0))
        self.value = nn.Parameter(torch.randn(things, RANK) * 0.02)
        self.trust = nn.Parameter(torch.full((things,), -2.0))
        self.basis = nn.Parameter(torch.randn(RANK, COARSE) * 0.1)
        self.colour_hidden = nn.Linear(3, COLOUR_HIDDEN)
        self.colour = nn.Linear(COLOUR_HIDDEN, 3)
        with torch.no_grad():
            self.colour.bias[:] = torch.tensor([1.0, 2.0, 0.0])
            self.colour.weight *= 0.3
        # what makes all photographs better is no merit of words: learned beside them, left out
        self.idle_query = nn.Parameter(torch.zeros(IDLE, KEYS))
        self.idle_bias = nn.Parameter(torch.zeros(IDLE))
        self.idle_value = nn.Parameter(torch.randn(IDLE, COARSE) * 0.01)
        self.idle_trust = nn.Parameter(torch.full((IDLE,), -2.0))
        self.centres: Tensor
        self.register_buffer("centres", torch.from_numpy(coarse_centres()), persistent=False)

    def forward(
        self, place: Tensor, said: Sentences, idle: bool = False
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Where the phrases are, what they make likelier, and how much they count.

        Args:
            place: (n, SEEN, places).
            said: of the n photographs.
            idle: add :data:`IDLE` phrases that all photographs have.

        Returns:
            g (n, PHRASES, places), v (n, PHRASES, COARSE) and t (n, PHRASES) of
            :mod:`..words.model`, and the logits (n, PHRASES, places) of where things of a colour
            are.
        """
        hidden = functional.relu(self.place(place.transpose(1, 2)))
        named = (said.things >= 0).float()
        rows = said.things.clamp(min=0)
        trust = self.trust[rows] * named
        value = (self.value[rows] * named[..., None]) @ self.basis
        coloured = said.coloured  # (n, PHRASES, COLOURS)
        count = coloured.sum(dim=-1)
        ab = said.colours[..., 1:]
        shown = torch.cat([ab, ab.norm(dim=-1, keepdim=True)], -1) / 50
        out = self.colour(functional.relu(self.colour_hidden(shown)))
        trust = trust + (out[..., 0] * coloured).sum(dim=2) / count.clamp(min=1)
        centre = ab * out[..., 2:].sigmoid()
        squared = (self.centres - centre[..., None, :]).square().sum(dim=-1)
        kernel = functional.softplus(out[..., 1:2]) * torch.exp(squared / (-2 * SPREAD**2))
        value = value + (kernel * coloured[..., None]).amax(dim=2)
        keys = self.key(hidden)
        soft = (
            torch.einsum("nwk,npk->nwp", self.query[rows], keys) + self.query_bias[rows][..., None]
        )
        find = self.find[rows] + self.find_any
        bias = self.find_bias[rows] + self.find_any_bias
        there = torch.einsum("nwk,npk->nwp", find, self.find_key(hidden)) + bias[..., None]
        gates = torch.where(count[..., None] > 0, sharpened(there.detach()), soft.sigmoid())
        gates = torch.where(said.everywhere[..., None], 1.0, gates)
        gates, trust = gates * said.there[..., None], trust.sigmoid() * said.there
        if not idle:
            return gates, value, trust, there
        always = (
            torch.einsum("wk,npk->nwp", self.idle_query, keys) + self.idle_bias[:, None]
        ).sigmoid()
        everyone = len(place), IDLE
        return (
            torch.cat([gates, always], 1),
            torch.cat([value, self.idle_value.expand(*everyone, -1)], 1),
            torch.cat([trust, self.idle_trust.sigmoid().expand(everyone)], 1),
            there,
        )


@dataclass(frozen=True)
class Sentences:
    """Phrases of n photographs as numbers; what there is not is 0.

    Attributes:
        things: (n, PHRASES) rows of the tables, -1 for the picture as a whole.
        colours: (n, PHRASES, COLOURS, 3) L*, a*, b*.
        coloured: (n, PHRASES, COLOURS) 0 or 1.
        everywhere: (n, PHRASES) bool.
        there: (n, PHRASES) 0 or 1.
    """

    things: Tensor
    colours: Tensor
    coloured: Tensor
    everywhere: Tensor
    there: Tensor

    def only(self, which: slice) -> Sentences:
        """Some of the photographs."""
        return Sentences(**{name: values[which] for name, values in vars(self).items()})

    def silent(self) -> Sentences:
        """As many photographs of which nothing is said."""
        return replace(self, there=torch.zeros_like(self.there))

    @classmethod
    def of(cls, sentences: Sequence[Sequence[Phrase]], rows: Mapping[str, int]) -> Sentences:
        shape = len(sentences), PHRASES
        things = torch.full(shape, -1, dtype=torch.int64)
        colours, coloured = torch.zeros(*shape, COLOURS, 3), torch.zeros(*shape, COLOURS)
        everywhere, there = torch.zeros(shape, dtype=torch.bool), torch.zeros(shape)
        for n, phrases in enumerate(sentences):
            for w, phrase in enumerate(phrases[:PHRASES]):
                if phrase.thing and phrase.thing not in rows:
                    continue
                things[n, w] = rows[phrase.thing] if phrase.thing else -1
                everywhere[n, w], there[n, w] = phrase.everywhere, 1
                for c, name in enumerate(phrase.colours[:COLOURS]):
                    colours[n, w, c] = torch.tensor(lab_of(name))
                    coloured[n, w, c] = 1
        return cls(things, colours, coloured, everywhere, there)


def sharpened(there: Tensor) -> Tensor:
    """Where things of a colour are, by logits (n, PHRASES, places): as sure as the surest place."""
    gates = there.sigmoid()
    gates = (gates - gates.quantile(ELSEWHERE, dim=2, keepdim=True)).clamp(min=0)
    return gates / gates.amax(dim=2, keepdim=True).clamp(min=LEAST_SURE)
