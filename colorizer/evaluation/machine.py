"""What a measurement was made with: versions, threads and the kind of machine, never its name."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any

from .. import __version__
from ..engines.devices import cpu_threads

_LIBRARIES = ("numpy", "openvino", "pillow", "scikit-image", "torch")


def describe_machine() -> dict[str, Any]:
    """Version of this library and of those that make the numbers, threads, processor, system."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "threads": _threads(),
        "machine": f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()} "
        f"{platform.machine()}",
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _threads() -> int:
    """Threads of a network on the CPU: torch's where it has been loaded, for it can be told."""
    torch = sys.modules.get("torch")
    return cpu_threads() if torch is None else int(torch.get_num_threads())


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key.strip() == "model name" and value.strip():
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"
