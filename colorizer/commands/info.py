"""``colorizer info``: what this installation is made of, for oneself and for bug reports."""

from __future__ import annotations

import json
import os
from importlib import metadata
from importlib.util import find_spec
from typing import Any, get_args

import click

from ..names import printable
from ..optional import has_torch

_LIBRARIES = (
    "torch", "torchvision", "numpy", "numba", "scikit-image", "pillow", "pillow-heif",
    "imagecodecs", "tifffile", "safetensors", "openvino",
)  # fmt: skip


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(as_json: bool) -> None:
    """Show versions, devices, threads, formats, and which weights were found where."""
    facts = _facts()
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(_text(facts))


def _facts() -> dict[str, Any]:
    from ..evaluation.machine import describe_machine

    facts = describe_machine()
    facts["libraries"] = {name: _version(name) for name in _LIBRARIES}
    facts["devices"] = _devices()
    facts["formats"] = _formats()
    facts["weights"] = _weights()
    return facts


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> list[dict[str, Any]]:
    """The processors and the graphics cards, and the engine that is chosen for each by itself."""
    from ..batch import processors
    from ..engines.devices import cpu_threads, may_have_cuda

    cpu = {
        "name": "cpu",
        "processors": processors(),
        "threads": cpu_threads(),
        "engine": "openvino" if find_spec("openvino") else "torch",
    }
    return [cpu, *(_cards() if may_have_cuda() else ())]


def _cards() -> list[dict[str, Any]]:
    if not has_torch():
        return []
    import torch

    if not torch.cuda.is_available():
        return []
    cards = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    return [
        {
            "name": f"cuda:{index}",
            "card": card.name,
            "memory_bytes": card.total_memory,
            "engine": "torch",
        }
        for index, card in enumerate(cards)
    ]


def _formats() -> dict[str, list[str]]:
    from ..photo.formats import WRITABLE_FORMATS, Format

    readable = [name for name in get_args(Format) if name != "HEIC" or find_spec("pillow_heif")]
    return {"readable": readable, "writable": list(WRITABLE_FORMATS)}


def _weights() -> dict[str, Any]:
    from ..weights import search_folders, statuses

    return {
        "folders": [os.fspath(folder) for folder in search_folders()],
        "known": [
            {"name": s.name, "state": s.state, "path": None if s.path is None else str(s.path)}
            for s in statuses()
        ],
    }


def _text(facts: dict[str, Any]) -> str:
    lines = [f"colorizer {facts['version']}, Python {facts['python']}", facts["machine"], ""]
    lines += [f"{name:<14}{version or '-'}" for name, version in facts["libraries"].items()]
    lines.append("")
    for device in facts["devices"]:
        about = [f"{key.replace('_', ' ')} {value}" for key, value in list(device.items())[1:]]
        lines.append(f"{device['name']:<14}{', '.join(about)}")
    lines += ["", *(f"{kind:<14}{', '.join(names)}" for kind, names in facts["formats"].items())]
    lines += ["", "weights are looked for in"]
    lines += [printable(f"    {folder}") for folder in facts["weights"]["folders"]]
    for row in facts["weights"]["known"]:
        line = f"{row['name']:<14}{row['state']:<9} {row['path'] or ''}"
        lines.append(printable(line.rstrip()))
    return "\n".join(lines)
