#!/usr/bin/env python3
"""What each choice of the training recipe is worth: one run for each, all of the same small budget.

    python benchmarks/ablation.py --photos train.tar --validation val.tar --vgg16 vgg16.npz \
        --minutes 20 -o docs/ablation.json --document docs/training.md

A run is the recipe with one change. Every network is measured by the same loss (that of the
recipe), in float32, at 256 px, with its moving average where it has one. The result of each run is
written at once; rows that the file has already are not run again, so the script can be stopped and
started. ``--steps`` counts batches of the recipe's size: a row with another size sees as many
photographs. On a GPU: ``--recipe benchmarks/recipes/gpu.json``, perhaps with
``--set compile=false``, as compiling takes a good part of a short run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from colorizer import networks
from colorizer.atomic import write_atomically
from colorizer.errors import ColorizerError
from colorizer.evaluation.machine import describe_machine
from colorizer.training.checkpoint import load_checkpoint
from colorizer.training.config import TrainConfig
from colorizer.training.data import Stream
from colorizer.training.degrade import degrade_lightness
from colorizer.training.export import averaged_network
from colorizer.training.loop import train
from colorizer.training.losses import ColorizationLoss
from colorizer.training.photos import find_photos, load_squares
from colorizer.training.prior import compute_prior
from colorizer.training.runtime import Runtime
from colorizer.training.validate import validate

#: row -> what it changes; keys with a dot change one of the network's options
ROWS: dict[str, dict[str, Any]] = {
    "recipe": {},
    "rebalancing λ = 0.3": {"rebalancing_mix": 0.3},
    "rebalancing λ = 0.5": {"rebalancing_mix": 0.5},
    "rebalancing λ = 0.7": {"rebalancing_mix": 0.7},
    "no consistency loss": {"lambda_consistency": 0.0},
    "λ_l2 = 0": {"lambda_l2": 0.0},
    "λ_l2 = 1": {"lambda_l2": 1.0},
    "λ_l2 = 3": {"lambda_l2": 3.0},
    "no skip connections": {"network_options.skips": False},
    "BatchNorm after ReLU": {"network_options.batch_norm": "after"},
    "no degradations": {"degrade": 0.0},
    "degradations 0.3": {"degrade": 0.3},
    "no balance": {"balance": 0.0},
    "balance 0.3": {"balance": 0.3},
    "no attention": {"network_options.attention": 0},
    "attention": {"network_options.attention": 4},
    "no global context": {"network_options.global_context": False},
    "crop 224": {"crop": 224, "crop_steps": ()},
    "the paper's settings": {
        "batch": 32, "accumulate": 4, "crop_steps": (), "smallest_scale": 1.0,
        "input_contrast": 0.0, "input_noise": 0.0, "degrade": 0.0, "balance": 0.0,
        "learning_rate": 1e-4, "encoder_learning_rate": 1e-4, "schedule": "plateau",
        "freeze_encoder": 0.0, "freeze_until": 0.0, "frozen_encoder_engine": "torch", "ema": 0.0,
        "lambda_ce": 1.0, "lambda_l2": 1.0, "lambda_consistency": 0.1, "rebalancing_mix": 0.5,
        "network_options.global_context": False, "network_options.attention": 0,
        "validate_every": 1.0,
    },
}  # fmt: skip
#: what an option of the network is where the recipe does not name it
OPTIONS = {"skips": True, "batch_norm": "before", "attention": 0, "global_context": False}
COLUMNS = {
    "ce": ("val. CE", "{:.3f}"),
    "psnr_t1": ("PSNR T = 1, dB", "{:.2f}"),
    "auc_t1": ("AuC rebal. T = 1", "{:.2f}"),
    "auc_t1_degraded": ("the same, input made old", "{:.2f}"),
    "chroma_t1": ("chroma ratio T = 1", "{:.2f}"),
}
MARKS = ("<!-- ablation: benchmarks/ablation.py -->\n", "<!-- end ablation -->")


def changed(base: TrainConfig, changes: dict[str, Any]) -> TrainConfig:
    """``base`` with ``changes``; equal to it if they change nothing."""
    values = base.to_dict() | {k: v for k, v in changes.items() if "." not in k}
    options = OPTIONS | base.network_options
    options |= {k.partition(".")[2]: v for k, v in changes.items() if "." in k}
    return TrainConfig.from_dict(values | {"network_options": options})


def budgeted(config: TrainConfig, base: TrainConfig, count: int, steps: int) -> TrainConfig:
    """``config`` with so many steps of ``base``, given ``count`` squares."""
    if not steps:
        return replace(config, epochs=1e6, warmup=1e6 * config.warmup / config.epochs)
    own = max(round(steps * base.batch / config.batch), config.accumulate)  # one update at least
    epochs = (own + 0.5) / max(count // config.batch, 1)  # half a step more, to round down to own
    return replace(config, epochs=epochs, warmup=epochs * config.warmup / config.epochs)


class Bench:
    """Photographs, decoded once, and the measure that all rows share."""

    def __init__(self, base: TrainConfig, folder: Path) -> None:
        self.base, self.folder = base, folder
        self.device = Runtime.start(base).device
        self.stream = Stream.open(base, self.device, 0, 1)
        parts = torch.split(self.stream.sample(min(len(self.stream), 5_000)), 32)
        self.prior = compute_prior(parts)
        np.save(folder / "prior.npy", self.prior)
        items = find_photos(base.validation)[: base.validation_limit]
        self.validation, _ = load_squares(items, base.resize, limit=1, progress=False)
        self.criterion = ColorizationLoss(
            self.prior,
            lambda_ce=base.lambda_ce,
            lambda_l2=base.lambda_l2,
            lambda_consistency=base.lambda_consistency,
            rebalancing_mix=base.rebalancing_mix,
        ).to(self.device)

    def run(self, config: TrainConfig, seed: int, steps: int) -> dict[str, Any]:
        """Train and measure one row."""
        config = budgeted(config, self.base, len(self.stream), steps)
        few = min(8, config.validation_limit)  # only a plateau looks at the run's own validation
        config = replace(
            config,
            seed=seed,
            output=str(self.folder / "run"),
            prior=str(self.folder / "prior.npy"),
            validation_limit=config.validation_limit if "plateau" in config.schedule else few,
        )
        folder = train(config, None, True, replace(self.stream, config=config))
        state = load_checkpoint(folder / "last.pt")
        photographs = state["step"] * min(config.batch, len(self.stream))
        return {
            **self.figures(config, state),
            "seed": seed,
            "steps": state["step"],
            "updates": state["step"] // config.accumulate,
            "photographs": photographs,
            "seconds": state["seconds"],
            "samples_per_second": photographs / max(state["seconds"], 1e-9),
            "machine": {**describe_machine(), "device": self._device_name()},
        }

    def _device_name(self) -> str:
        on_gpu = self.device.type == "cuda"
        return torch.cuda.get_device_name(self.device) if on_gpu else self.device.type

    def figures(self, config: TrainConfig, state: dict[str, Any]) -> dict[str, float]:
        """Validation figures of a checkpoint's network, as :func:`validate` gives them."""
        network = networks.build(config.network, **config.network_options)
        network.load_state_dict(averaged_network(state))
        network = network.to(self.device).eval()
        squares = self.validation.to(self.device)
        generator = torch.Generator().manual_seed(0)  # every row sees the same damage
        worn = validate(
            lambda lightness: network(degrade_lightness(lightness, generator)),
            squares,
            self.criterion,
        )
        return {
            **validate(network, squares, self.criterion),
            "auc_t1_degraded": worn["auc_t1"],
        }


def table(report: dict[str, Any]) -> str:
    """The rows as Markdown: means over seeds, and the spread where there are several."""
    head = ["", *(title for title, _ in COLUMNS.values()), "seeds", "steps", "samples/s"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]

    def mean(runs: list[dict[str, Any]], key: str, form: str = "{:.0f}") -> str:
        values = [run[key] for run in runs]
        spread = f" ± {form.format(np.std(values, ddof=1))}" if len(values) > 1 else ""
        return form.format(np.mean(values)) + spread

    for name, runs in report["rows"].items():
        cells = [mean(runs, key, form) for key, (_, form) in COLUMNS.items()]
        counts = [str(len(runs)), f"{np.mean([run['steps'] for run in runs]):.0f}"]
        rate = f"{np.mean([run['samples_per_second'] for run in runs]):.1f}"
        lines.append("| " + " | ".join([name, *cells, *counts, rate]) + " |")
    if any(report["rows"].values()):
        first = next(runs for runs in report["rows"].values() if runs)[0]
        grey = {"psnr_t1": first["psnr_grey"], "chroma_t1": 0.0}
        grey |= dict.fromkeys(("auc_t1", "auc_t1_degraded"), first["auc_grey"])
        cells = [form.format(grey[k]) if k in grey else "" for k, (_, form) in COLUMNS.items()]
        lines.append("| " + " | ".join(["grey (no colour)", *cells, "", "", ""]) + " |")
    return "\n".join(lines)


def note(report: dict[str, Any]) -> str:
    """Budget and machines of the rows, as a sentence."""
    used = [run["machine"] for runs in report["rows"].values() for run in runs]
    machines = sorted({f"{m['machine']}, {m['threads']} threads, {m['device']}" for m in used})
    budget = ", ".join(f"{value:g} {unit}" for unit, value in report["budget"].items() if value)
    return (
        f"{budget} a row; {report['validation']} validation photographs at most; "
        f"{'; '.join(machines)}."
    )


def write(report: dict[str, Any], output: Path, document: Path | None) -> None:
    """Keep the report, and put its table between the marks of ``document``."""
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    write_atomically(output, text.encode())
    if document is not None:
        before, mark, rest = document.read_text(encoding="utf-8").partition(MARKS[0])
        _, end, after = rest.partition(MARKS[1])
        if not mark or not end:
            raise SystemExit(f"{document} lacks the marks {MARKS}.")
        text = before + mark + table(report) + "\n\n" + note(report) + "\n" + end + after
        write_atomically(document, text.encode())


def start(arguments: argparse.Namespace, base: TrainConfig) -> dict[str, Any]:
    """The report so far; refuses to add to one of another recipe or budget."""
    fresh: dict[str, Any] = {
        "recipe": {k: v for k, v in base.to_dict().items() if k not in PLACES},
        "budget": {"steps": arguments.steps, "minutes": arguments.minutes},
        "validation": base.validation_limit,
        "rows": {},
    }
    fresh = json.loads(json.dumps(fresh))
    if not arguments.output.exists():
        return fresh
    found: dict[str, Any] = json.loads(arguments.output.read_text(encoding="utf-8"))
    for key in ("recipe", "budget", "validation"):
        if found[key] != fresh[key]:
            raise SystemExit(f"{arguments.output} was made with another {key}; name another file.")
    return found


#: settings that say where things lie on this machine
PLACES = ("photos", "validation", "vgg16", "output", "prior", "initial_weights")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", nargs="+", required=True)
    parser.add_argument("--validation", nargs="+", required=True)
    parser.add_argument("--validation-limit", type=int, default=256)
    parser.add_argument("--vgg16", default="torchvision")
    default = Path(__file__).with_name("recipes") / "cpu.json"
    parser.add_argument("--recipe", type=Path, default=default)
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--steps", type=int, default=0)
    budget.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each row")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS), metavar="ROW")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=JSON", help="of the recipe")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--document", type=Path, help="a file with the marks for the table")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    values = TrainConfig.from_file(arguments.recipe).to_dict()
    values |= {k: json.loads(v) for k, _, v in (pair.partition("=") for pair in arguments.set)}
    never = 1e9
    base = TrainConfig.from_dict(
        values
        | {"photos": arguments.photos, "validation": arguments.validation, "vgg16": arguments.vgg16}
        | {"validation_limit": arguments.validation_limit, "minutes": arguments.minutes}
        | {"early_stop": 0, "sample_photos": 0, "checkpoint_every": 0.0, "validate_every": never}
    )
    report = start(arguments, base)
    with tempfile.TemporaryDirectory() as folder:
        bench: Bench | None = None
        for seed in range(arguments.seeds):
            for name in arguments.rows:
                config = changed(base, ROWS[name])
                done = [run["seed"] for run in report["rows"].get(name, [])]
                if seed in done or (ROWS[name] and config == changed(base, {})):
                    continue  # measured already, or what the recipe does anyway
                bench = bench or Bench(base, Path(folder))
                print(f"{name}, seed {seed}", flush=True)
                row = bench.run(config, seed, arguments.steps)
                report["rows"].setdefault(name, []).append(row)
                write(report, arguments.output, arguments.document)
    write(report, arguments.output, arguments.document)
    print(f"{table(report)}\n\n{note(report)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ColorizerError as error:
        sys.exit(f"{error}")
