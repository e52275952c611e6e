"""Training of the model of words (:mod:`..words.model`) on captioned photographs, on the CPU.

The colour network is frozen, and what it says of the photographs is known (:mod:`.captioned`); no
boxes or masks are. Each step takes a caption of each of some photographs, and places of them. What
is made small is the squared error of the colours that come out at the default settings, as a share
of that photograph's without words; to it comes, with a small weight, the cross entropy of the
shifted distributions. A last pass, if there is one, makes the VGG distance of whole photographs
small as well (:mod:`.words_pictured`): a mean over places does not see things.

Some photographs get the caption of another one, so that the model learns where a thing is not. What
makes all photographs better, whatever is said, is learned apart and left out. Where a word belongs
the colours themselves teach.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..atomic import write_atomically
from ..errors import InvalidSetting, OutputError, TrainingDataError, TrainingDiverged
from ..words.grammar import Phrase, Understanding
from ..words.vocabulary import FORMAT
from .checkpoint import load_checkpoint, save_checkpoint
from .coarse import block_of_bins
from .perception import Perception
from .worded import Places, applied, errors, missed, relative
from .words_network import Sentences, WordsNetwork
from .words_pictured import Corner, Pictures, grid

#: of the cross entropy beside the decibels
_ENTROPY = 0.1
#: of the finding of things beside the decibels
_FINDING = 3.0
#: of the VGG distance, as a share of what it is about without words, beside the decibels
_PICTURED, _USUAL_DISTANCE = 20.0, 1.35
#: of so many photographs of a step one is looked at without words
_IDLE_EVERY = 4
#: places of a photograph that is measured on
_MEASURED = 256


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
        pictured: photographs of a last pass, in which they are looked at as pictures; 0: there is
            none.
        pictured_batch, pictured_rate, pictured_decay: as above, of that pass.
        seed: of everything that is drawn.
    """

    epochs: int = 11
    batch: int = 64
    places: int = 64
    wrong: float = 0.25
    wrong_weight: float = 0.3
    learning_rate: float = 4e-3
    decay: float = 0.02
    pictured: int = 0
    pictured_batch: int = 16
    pictured_rate: float = 1.5e-3
    pictured_decay: float = 0.2
    seed: int = 0


def _before(files: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Mean squared errors of ab without words, of each row."""
    pairs = zip(files["colours"], files["truth"], strict=True)
    found = [np.square(a.astype(np.float32) - b).sum(axis=0).mean() for a, b in pairs]
    return np.array(found, np.float32)


def require_enough(photographs: int, held_out: int) -> None:
    """Raise TrainingDataError if none of so many, with captions, is left to train on."""
    if photographs <= held_out:
        raise TrainingDataError(
            f"There are too few photographs with captions to train on: {photographs}, of which "
            f"--held-out takes {held_out}."
        )


class WordsTraining:
    """A model of words in training; it can be stopped and gone on with.

    Args:
        files: of :func:`.captioned.compute`.
        captions: of each of its rows, understood.
        things: name -> row of the tables.
        held_out: how many of the first photographs are measured on and not trained on.
        perceive: what sees pictures in the last pass.
    """

    def __init__(
        self,
        config: WordsConfig,
        files: Mapping[str, NDArray[Any]],
        captions: Sequence[Sequence[Understanding]],
        things: Mapping[str, int],
        held_out: int,
        perceive: Perception,
    ) -> None:
        done = np.flatnonzero(files["done"][:]).tolist()
        ready = np.array([row for row in done if any(c.phrases for c in captions[row])])
        require_enough(len(ready), held_out)
        self.config, self.files, self.captions, self.things = config, files, captions, things
        self.held_out, self.rows = ready[:held_out], ready[held_out:]
        self.before = _before(files)
        self.perceive = perceive
        self.network = WordsNetwork(len(things), config.seed)
        self.optimizer = self._optimizer(config.learning_rate, config.decay)
        self.epoch = 0
        self._facts = {
            "config": asdict(config),
            "things": list(things),
            "held_out": held_out,
            "captions": hashlib.sha256(repr(captions).encode()).hexdigest(),
        }

    def _optimizer(self, rate: float, decay: float) -> torch.optim.AdamW:
        names = self.network
        tables = [names.query, names.value, names.query_bias, names.find, names.find_bias]
        others = [p for p in self.network.parameters() if not any(p is t for t in tables)]
        groups: list[dict[str, Any]] = [
            {"params": tables, "weight_decay": decay},
            {"params": others},
        ]
        return torch.optim.AdamW(groups, rate, weight_decay=1e-3)

    def run(self, state: Path, report: Callable[[dict[str, float]], None]) -> None:
        """Train to the end, saving the state after each pass; ``report`` gets its numbers."""
        while self.epoch < self.config.epochs + bool(self.config.pictured):
            started = time.monotonic()
            loss = self._pass() if self.epoch < self.config.epochs else self._last_pass()
            self.epoch += 1
            self.save(state)
            numbers = {"epoch": float(self.epoch), "loss": loss, **self.measure()}
            report(numbers | {"seconds": time.monotonic() - started})

    def _pass(self) -> float:
        config, cells = self.config, math.prod(self.files["features"].shape[2:])

        def step(rows: list[int], done: float, draw: np.random.Generator) -> float:
            done += self.epoch
            self._set_rate(config.learning_rate, done, done / config.epochs)
            chosen = draw.choice(cells, min(config.places, cells), replace=False)
            return self._step(rows, chosen, draw)

        return self._steps(self.rows, config.batch, step)

    def _last_pass(self) -> float:
        config = self.config
        self.optimizer = self._optimizer(config.pictured_rate, config.pictured_decay)

        def step(rows: list[int], done: float, draw: np.random.Generator) -> float:
            self._set_rate(config.pictured_rate, 10 * done, done)
            top, left = (int(first) for first in draw.integers(0, 2, 2))
            return self._step(rows, grid((top, left)), draw, (top, left))

        return self._steps(self.rows[: config.pictured], config.pictured_batch, step)

    def _steps(
        self,
        rows: NDArray[Any],
        size: int,
        step: Callable[[list[int], float, np.random.Generator], float],
    ) -> float:
        """Take all rows once, so many a step; returns the mean loss.

        ``step`` gets rows, which part of the pass is done, and what to draw with.
        """
        draw = np.random.default_rng((self.config.seed, self.epoch))
        order = draw.permutation(rows)
        starts = range(0, len(order) - size + 1, size) or range(1)
        total = 0.0
        self.network.train()
        for number, first in enumerate(starts):
            total += step(order[first : first + size].tolist(), number / len(starts), draw)
        return total / len(starts)

    def _set_rate(self, rate: float, warm: float, progress: float) -> None:
        """Half a cosine, after a rise while ``warm`` goes from 0 to 1."""
        factor = min(1.0, warm) * (1 + math.cos(math.pi * progress)) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = rate * max(factor, 0.01)

    def _step(
        self,
        rows: list[int],
        chosen: NDArray[Any],
        draw: np.random.Generator,
        corner: Corner | None = None,
    ) -> float:
        """Learn from some places of some photographs; with a corner they are :func:`.grid`'s, and
        the photographs are looked at as pictures."""
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
        before = torch.from_numpy(self.before[rows])
        found = relative(colours, places.truth, before)
        unsaid = relative(nothing, idle.truth, before[few])
        if corner is None:
            found = found + _ENTROPY * self._entropy(shares, places.truth)
        else:
            pictures = Pictures.of(self.files, rows, self.perceive)
            factor = _PICTURED / _USUAL_DISTANCE
            change = colours - places.colours
            found = found + factor * pictures.distance(change, corner, self.perceive)
            change, some = nothing - idle.colours, pictures.only(few)
            unsaid = unsaid + factor * some.distance(change, corner, self.perceive)
        loss = (weight * found).mean() + unsaid.mean()
        own = replace(said, there=said.there * ~wrong[:, None])
        loss = loss + _FINDING * missed(there, places, own)
        if not bool(torch.isfinite(loss)):
            raise TrainingDiverged("The training of the words has run into infinite numbers.")
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    def _entropy(self, shares: Tensor, truth: Tensor) -> Tensor:
        """Cross entropy of distributions (n, COARSE, places) of colours (n, 2, places), (n,)."""
        squared = (truth[:, None] - self.network.centres[:, :, None]).square().sum(dim=2)
        likely = shares.gather(1, squared.argmin(dim=1, keepdim=True))
        return -likely.clamp(min=1e-8).log().mean(dim=(1, 2))

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
        """Write the state.

        Raises:
            OutputError: if it cannot be written.
        """
        state = {
            "facts": self._facts,
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(file, state)

    def resume(self, file: Path) -> None:
        """Go on where :meth:`save` was called.

        Raises:
            InvalidSetting: if the state is of another training: of other settings, photographs or
                captions.
            WeightsCorrupt: if it cannot be read, or is of another kind of training.
        """
        state = load_checkpoint(file, kind="words")
        if state["facts"] != self._facts:
            raise InvalidSetting(
                f"{file} is of a training with other settings or captions; choose another folder."
            )
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
    try:
        write_atomically(file, to_bytes(tensors, metadata))
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error
