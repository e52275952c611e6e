"""``python -m tests.cluster.ray_fake IN OUT FOLDER SECONDS``: a run on Ray with :class:`.Deadly`.

Prints each row as a line of JSON.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import Any

from colorizer.cluster.actor import Work
from colorizer.cluster.collection import find_jobs
from colorizer.cluster.ray_data import Cluster
from colorizer.cluster.run import run

from .fakes import Deadly


def main(source: str, out: str, folder: str, seconds: str) -> None:
    factory: Any = partial(Deadly, folder, float(seconds))
    for row in run(find_jobs([source], out), out, Work(factory), Cluster(actors=2)):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
