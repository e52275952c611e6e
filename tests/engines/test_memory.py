"""Whether the engine writes past the end of its buffers.

It did: OpenVINO's convolution for processors with AMX, where 0 was not stored as 0; see
:mod:`colorizer.engines.openvino_layers`. Seen on such a processor only; the first test everywhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from openvino import Node

from colorizer.engines.openvino_graph import build_graph
from colorizer.training.ranges import activation_ranges

from .conftest import as_weights, random_network

#: glibc's allocator that looks after every block whether something was written behind it
CHECKING = next(Path("/lib").glob("*/libc_malloc_debug.so.0"), None)

#: in this order the overflow reached what the allocator looks at
SIZES = (
    "256x256 256x512 256x344 256x256 256x384 256x256 256x312 256x256 1280x256 256x256 256x640 "
    "256x256 256x512 256x664 232x1536"
)

PASSES = """
import os, sys
import numpy
from colorizer import Colorizer
engine = Colorizer.load(engine="openvino", device="cpu").engine
generator = numpy.random.default_rng(0)
for size in sys.argv[1:]:
    height, width = map(int, size.split("x"))
    engine.logits(generator.random((1, height, width), numpy.float32) * 100)
print("done", flush=True)
os._exit(0)  # not a matter of what libraries give back at the end
"""


def lowest_level(node: Node) -> float:
    return float(node.input_value(3).get_node().get_data().item())


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_what_pads_is_stored_as_zero(batch_norm: str, lightness: np.ndarray) -> None:
    options = {"width": 8, "attention": 2, "batch_norm": batch_norm}
    network = random_network(**options)
    ranges = activation_ranges(network, torch.from_numpy(lightness)[:, None])
    assert any(low < 0 for low, _ in ranges.values())
    graph = build_graph(replace(as_weights(network, stored=True, **options), ranges=ranges))
    seen = 0
    for node in graph.get_ops():
        if node.get_type_name() != "Convolution" or not any(node.get_attributes()["pads_begin"]):
            continue
        source = node.input_value(0).get_node()
        if source.get_type_name() == "FakeQuantize":
            assert lowest_level(source) == 0
            seen += 1
    assert seen > 8


@pytest.mark.skipif(CHECKING is None, reason="glibc's libc_malloc_debug.so.0 is not here")
def test_nothing_is_written_past_the_end() -> None:
    environment = os.environ | {"LD_PRELOAD": str(CHECKING), "MALLOC_CHECK_": "3"}
    result = subprocess.run(
        [sys.executable, "-c", PASSES, *SIZES.split()],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (0, "done\n"), result.stderr[-2000:]
