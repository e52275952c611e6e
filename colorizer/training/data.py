"""The order in which photographs are seen, from memory or from disk, resumable at any step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ..errors import TrainingDataError
from .config import TrainConfig
from .photos import (
    Item,
    PhotoDataset,
    collate_readable,
    find_photos,
    load_owned_squares,
    load_squares,
    thinned,
)
from .sampling import balanced_indices


def epoch_order(count: int, seed: int, epoch: int, rank: int = 0, world: int = 1) -> list[int]:
    """A permutation of 0..count-1 that depends on seed and epoch alone, shared out to the ranks."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    usable = count - count % world
    return torch.randperm(count, generator=generator)[:usable][rank::world].tolist()


@dataclass
class Stream:
    """Batches of uint8 squares (N, S, S, 3), by epoch and position."""

    config: TrainConfig
    device: torch.device
    items: list[Item]
    squares: Tensor | None  # the fast path's tensor
    skipped: int
    rank: int = 0
    world: int = 1
    sources: list[str] = field(default_factory=list)  # of each square or, streaming, item

    @classmethod
    def open(cls, config: TrainConfig, device: torch.device, rank: int, world: int) -> Stream:
        """Find the photographs and, on the fast path, decode them onto the device.

        Raises:
            TrainingDataError: if there are none, or fewer than processes.
        """
        stream = cls(config, device, find_photos(config.photos), None, 0, rank, world)
        if config.in_memory:
            threads = config.threads or torch.get_num_threads()
            squares, owners = load_owned_squares(
                stream.items, config.resize, threads=threads, progress=rank == 0
            )
            stream.skipped = len(stream.items) - len(set(owners))
            stream.squares = squares.to(device)
            stream.sources = [stream.items[owner].source for owner in owners]
        else:
            stream.sources = [item.source for item in stream.items]
        if len(stream) < world:
            raise TrainingDataError(f"{len(stream)} photographs are too few for {world} processes.")
        return stream

    def __len__(self) -> int:
        """How many squares an epoch has, over all ranks."""
        return len(self.items) if self.squares is None else len(self.squares)

    @property
    def batches_per_epoch(self) -> int:
        """Whole batches of one rank in an epoch, at least 1."""
        return max(len(self) // self.world // self.config.batch, 1)

    def order(self, epoch: int) -> list[int]:
        """This rank's photographs of ``epoch``, balanced over their sources as the config says."""
        c = self.config
        order = epoch_order(len(self), c.seed, epoch, self.rank, self.world)
        if not c.balance and not c.source_weights:
            return order
        picked = balanced_indices(self.sources, c.balance, c.seed, epoch, c.source_weights)
        return [picked[place] for place in order]

    def batches(self, epoch: int, start: int = 0) -> Iterator[Tensor]:
        """The batches of ``epoch`` from number ``start``, on the device."""
        order = self.order(epoch)
        size = self.config.batch
        places = range(len(order))[start * size : self.batches_per_epoch * size]
        if self.squares is not None:
            for i in places[::size]:
                index = torch.tensor(order[i : min(i + size, places.stop)], device=self.device)
                yield self.squares[index]
            return
        shown = [self.items[index] for index in order]
        seeds = (self.config.seed, epoch, self.rank)
        dataset = PhotoDataset(shown, self.config.resize, seeds)
        loader = DataLoader(
            dataset,
            batch_size=size,
            sampler=places,
            num_workers=self.config.workers,
            collate_fn=collate_readable,
            pin_memory=self.device.type == "cuda",
        )
        for number, (squares, dropped) in enumerate(loader, start):
            self.skipped += dropped
            if not len(squares):  # every step needs a batch, in every process
                squares = _first_readable(dataset, number * size)
            yield squares.to(self.device, non_blocking=True)

    def sample(self, count: int) -> Tensor:
        """``count`` squares spread over the set, for calibration (N, S, S, 3), on the device."""
        if self.squares is not None:
            return thinned(self.squares, count)
        chosen = thinned(self.items, count)
        squares, _ = load_squares(chosen, self.config.resize, limit=1, progress=False)
        return squares.to(self.device)


def _first_readable(dataset: PhotoDataset, start: int) -> Tensor:
    """The first photograph from a place on that can be read, as a batch of one."""
    for place in range(start, start + len(dataset)):
        square = dataset[place % len(dataset)]
        if square.numel():
            return square[None]
    raise TrainingDataError("None of the photographs could be read.")
