"""Training of the model of words (:mod:`..words.model`) on captioned photographs, on the CPU.

The colour network is frozen, and what it says of the photographs is known (:mod:`.captioned`); no
boxes or masks are. Each step takes a caption of each of some photographs, and places of them. What
is made small is the squared error of the colours that come out at the default settings, as a share
of that photograph's without words; to it comes, with a small weight, the cross entropy of the
shifted distributions. Some photographs get the caption of another one, so that the model learns
where a thing is not. What makes all photographs better, whatever is said, is learned apart and left
out. Where a word belongs the colours themselves teach.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..atomic import write_atomically
from ..color.hues import HUES, folding
from ..color.second_look import SHIFT, expanded
from ..errors import InvalidSetting, TrainingDataError, TrainingDiverged
from ..words.grammar import Phrase, Understanding
from ..words.model import (
    AROUND,
    COLOUR_HIDDEN,
    HIDDEN,
    KEYS,
    LEAST_SURE,
    LIGHTNESS,
    RANK,
    SEEN,
    SPREAD,
    lab_of,
)
from ..words.vocabulary import FORMAT
from .captioned import ROOTS
from .coarse import COARSE, block_of_bins, coarse_centres, coarse_members

#: phrases of a caption that are looked at, and colours of a phrase
PHRASES, COLOURS = 7, 3
#: phrases that all photographs have, in training alone
IDLE = 4
#: Lab units squared: errors below it count no more
_SMALL = 10.0
#: of the cross entropy beside the decibels
_ENTROPY = 0.1
#: of a share of the error, where it is small
_DECIBELS = 10 / math.log(10)
#: places of a photograph that is measured on
_MEASURED = 256
#: of the finding of things beside the decibels
_FINDING = 3.0
#: cosine of 35 degrees: hues of one name; chroma of what has a colour, and of what has none
_SAME_HUE, _COLOURED, _GREY = 0.82, 9.0, 13.0
#: of so many photographs of a step one is looked at without words
_IDLE_EVERY = 4
#: share of a bin at least, so that words may still find it likely
_LEAST = 2e-6


@dataclass(frozen=True)
class WordsConfig:
    """How the model of words is trained.

    Attributes:
        epochs: passes over the photographs.
        batch: photographs of a step.
        places: of each that are looked at.
        wrong: share of the photographs that get another one's caption.
        wrong_weight: of their error.
        learning_rate: of the first steps; half a cosine takes it to 0.
        decay: AdamW's, of the tables of things.
        seed: of everything that is drawn.
    """

    epochs: int = 16
    batch: int = 64
    places: int = 64
    wrong: float = 0.25
    wrong_weight: float = 0.3
    learning_rate: float = 4e-3
    decay: float = 0.02
    seed: int = 0


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
            return values[:, :, chosen]

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
    hues = torch.einsum("hq,nqp->nhp", _hues(), shares).unflatten(1, (2, HUES))
    kept = 2 * look[:, :HUES].sigmoid()
    return (hues * kept[:, None]).sum(dim=2) + SHIFT * look[:, HUES:]


def sharpened(there: Tensor) -> Tensor:
    """Where things of a colour are, by logits (n, PHRASES, places): as sure as the surest place."""
    gates = there.sigmoid()
    return gates / gates.amax(dim=2, keepdim=True).clamp(min=LEAST_SURE)


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


def _relative(colours: Tensor, truth: Tensor, before: Tensor) -> Tensor:
    """Squared errors as a share of those without words, in about decibels, (n,)."""
    squared = (colours - truth).square().sum(dim=1).mean(dim=1)
    return _DECIBELS * squared / (before + _SMALL)


def errors(colours: Tensor, truth: Tensor) -> Tensor:
    """Of each photograph in decibels: the larger the worse, (n,)."""
    squared = (colours - truth).square().sum(dim=1).mean(dim=1)
    return 10 * torch.log10(squared + _SMALL)


def _before(files: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Mean squared errors of ab without words, of each row."""
    pairs = zip(files["colours"], files["truth"], strict=True)
    found = [np.square(a.astype(np.float32) - b).sum(axis=0).mean() for a, b in pairs]
    return np.array(found, np.float32)


class WordsTraining:
    """A model of words in training; it can be stopped and gone on with.

    Args:
        files: of :func:`.captioned.compute`.
        captions: of each of its rows, understood.
        things: name -> row of the tables.
        held_out: how many of the first photographs are measured on and not trained on.
    """

    def __init__(
        self,
        config: WordsConfig,
        files: Mapping[str, NDArray[Any]],
        captions: Sequence[Sequence[Understanding]],
        things: Mapping[str, int],
        held_out: int,
    ) -> None:
        ready = np.flatnonzero(files["done"][:])
        ready = np.array([row for row in ready if any(c.phrases for c in captions[row])])
        if len(ready) <= held_out:
            raise TrainingDataError("There are too few photographs with captions to train on.")
        self.config, self.files, self.captions, self.things = config, files, captions, things
        self.held_out, self.rows = ready[:held_out], ready[held_out:]
        self.before = _before(files)
        self.network = WordsNetwork(len(things), config.seed)
        names = self.network
        tables = [names.query, names.value, names.query_bias, names.find, names.find_bias]
        others = [p for p in self.network.parameters() if not any(p is t for t in tables)]
        groups = [{"params": tables, "weight_decay": config.decay}, {"params": others}]
        self.optimizer = torch.optim.AdamW(groups, config.learning_rate, weight_decay=1e-3)
        self.epoch = 0

    def run(self, state: Path, report: Callable[[dict[str, float]], None]) -> None:
        """Train to the end, saving the state after each epoch; ``report`` gets its numbers."""
        while self.epoch < self.config.epochs:
            started = time.monotonic()
            loss = self._pass()
            self.epoch += 1
            self.save(state)
            numbers = {"epoch": float(self.epoch), "loss": loss, **self.measure()}
            report(numbers | {"seconds": time.monotonic() - started})

    def _pass(self) -> float:
        draw = np.random.default_rng((self.config.seed, self.epoch))
        order = draw.permutation(self.rows)
        size = self.config.batch
        starts = range(0, len(order) - size + 1, size) or range(1)
        total = 0.0
        self.network.train()
        for number, first in enumerate(starts):
            self._set_rate((self.epoch + number / len(starts)) / self.config.epochs)
            total += self._step(order[first : first + size].tolist(), draw)
        return total / len(starts)

    def _set_rate(self, progress: float) -> None:
        factor = min(1.0, progress * self.config.epochs) * (1 + math.cos(math.pi * progress)) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * max(factor, 0.01)

    def _step(self, rows: list[int], draw: np.random.Generator) -> float:
        cells = math.prod(self.files["features"].shape[2:])
        chosen = draw.choice(cells, min(self.config.places, cells), replace=False)
        places = Places.of(self.files, rows, chosen)
        wrong = torch.from_numpy(draw.random(len(rows)) < self.config.wrong)
        sources = [
            int(draw.choice(self.rows)) if bool(other) else row
            for row, other in zip(rows, wrong, strict=True)
        ]
        said = Sentences.of([self._caption(row, draw) for row in sources], self.things)
        colours, shares, there = applied(self.network, places, said, idle=True)
        few = slice(None, None, _IDLE_EVERY)
        idle, quiet = places.only(few), said.only(few).silent()
        nothing, *_ = applied(self.network, idle, quiet, idle=True)
        weight = torch.where(wrong, self.config.wrong_weight, 1.0)
        squared = (places.truth[:, None] - self.network.centres[:, :, None]).square().sum(dim=2)
        likely = shares.gather(1, squared.argmin(dim=1, keepdim=True))
        entropy = -likely.clamp(min=1e-8).log().mean(dim=(1, 2))
        before = torch.from_numpy(self.before[rows])
        found = _relative(colours, places.truth, before) + _ENTROPY * entropy
        loss = (weight * found).mean() + _relative(nothing, idle.truth, before[few]).mean()
        own = replace(said, there=said.there * ~wrong[:, None])
        loss = loss + _FINDING * missed(there, places, own)
        if not bool(torch.isfinite(loss)):
            raise TrainingDiverged("The training of the words has run into infinite numbers.")
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    def _caption(self, row: int, draw: np.random.Generator) -> Sequence[Phrase]:
        lines = self.captions[row]
        return lines[int(draw.integers(len(lines)))].phrases

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Decibels that words win on the photographs that are held out: right ones, wrong ones."""
        self.network.eval()
        found: dict[str, list[Tensor]] = {"right": [], "wrong": []}
        cells = math.prod(self.files["features"].shape[2:])
        chosen = np.random.default_rng(0).choice(cells, min(_MEASURED, cells), replace=False)
        for first in range(0, len(self.held_out), 32):
            rows = self.held_out[first : first + 32].tolist()
            places = Places.of(self.files, rows, chosen)
            before = errors(places.colours, places.truth)
            others = np.roll(self.held_out, 1)[first : first + 32].tolist()
            for name, sources in (("right", rows), ("wrong", others)):
                lines = [self.captions[row][0].phrases for row in sources]
                colours, *_ = applied(self.network, places, Sentences.of(lines, self.things))
                found[name].append(before - errors(colours, places.truth))
        return {name: float(torch.cat(parts).mean()) for name, parts in found.items()}

    def save(self, file: Path) -> None:
        """Write the state."""
        state = {
            "config": asdict(self.config),
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, file)

    def resume(self, file: Path) -> None:
        """Go on where :meth:`save` was called.

        Raises:
            InvalidSetting: if the state is of another training.
        """
        state = torch.load(file, weights_only=True)
        if state["config"] != asdict(self.config):
            raise InvalidSetting(f"{file} is of a training with other settings.")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch = state["epoch"]


def export(
    network: WordsNetwork,
    file: Path,
    things: Sequence[str],
    ignored: Sequence[str],
    features_id: str,
) -> None:
    """Write the model: its tensors in 16 bits, its vocabulary in the metadata.

    Raises:
        OutputError: if the file cannot be written.
    """
    from safetensors.numpy import save as to_bytes

    state = network.state_dict().items()
    tensors = {k: v.numpy().astype(np.float16) for k, v in state if not k.startswith("idle")}
    for name in ("find", "find_bias"):
        shared = tensors.pop(name.replace("find", "find_any"))
        tensors[name] = (tensors[name] + shared).astype(np.float16)
    tensors["basis"] = np.ascontiguousarray(tensors["basis"][:, block_of_bins()])
    metadata = {
        "format": FORMAT,
        "things": " ".join(things),
        "ignored": " ".join(ignored),
        "features": features_id,
    }
    write_atomically(file, to_bytes(tensors, metadata))
