#!/usr/bin/env python3
"""Average the weights of networks that were trained from one another.

    python scripts/average_weights.py OUT.pt runs/mine/last.pt=0.7 eccv16-vgg16=0.3

The first must be a checkpoint of a run; the others may be too, or stored weights, by name or file.
The shares are brought to a sum of 1. OUT is a checkpoint like the first with the average in it, to
be measured, exported or released as any other.

What a network was before it was refined and what it is after lie in one valley of the loss: between
them is often something better than either on photographs unlike those of the training (Wortsman et
al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from torch import Tensor

from colorizer import ColorizerError, weights
from colorizer.training.checkpoint import load_checkpoint, save_checkpoint
from colorizer.training.export import averaged_network

State = dict[str, Tensor]


def share(text: str) -> tuple[str, float]:
    name, equals, value = text.rpartition("=")
    number = float(value) if equals else 0.0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=SHARE, share above 0")
    return name, number


def read(name: str) -> State:
    if name.endswith(".pt"):
        return averaged_network(load_checkpoint(Path(name)))
    return weights.load(name).state_dict


def average(states: list[tuple[State, float]]) -> State:
    """The weighted mean of floating tensors; counters are those of the first.

    Raises:
        ValueError: if the networks are not of the same kind.
    """
    first = states[0][0]
    total = sum(part for _, part in states)
    for state, _ in states:
        if {k: t.shape for k, t in state.items()} != {k: t.shape for k, t in first.items()}:
            raise ValueError("The networks are not of the same kind and size.")
    return {
        key: sum((state[key].float() * (part / total) for state, part in states), start=tensor * 0)
        if tensor.is_floating_point()
        else tensor
        for key, tensor in first.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("parts", nargs="+", type=share, metavar="NAME=SHARE")
    options = parser.parse_args()
    try:
        state = load_checkpoint(Path(options.parts[0][0]))
        mean = average([(read(name), part) for name, part in options.parts])
    except (ColorizerError, ValueError) as error:
        sys.exit(str(error))
    state |= {"network": mean, "average": None, "optimizer": {}}
    save_checkpoint(options.output, state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
