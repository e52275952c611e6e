"""Checkpoints: find, fetch, verify, load and store them.

``load("eccv16-vgg16")`` takes the weights that ship with the library; ``load("my/file.pth")`` takes
a file. Nothing here calls out to the network except :func:`pull`: an archive's machine must not do
so unasked, so a missing checkpoint is a :class:`~colorizer.errors.WeightsMissing` whose message
has the command to run and the file to put where.

Environment variables:

* ``COLORIZER_WEIGHTS_DIR``: folder searched first, and the one that pull and import write to.
* ``COLORIZER_WEIGHTS_MIRROR``: base address that :func:`pull` tries before the published ones.
* ``COLORIZER_OFFLINE``: ``1`` forbids downloads altogether.
* ``HTTP_PROXY``, ``HTTPS_PROXY``, ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``: honoured as usual.
"""

from __future__ import annotations

from typing import Any

from .catalogue import Entry, shipped_folder, update_catalogue
from .checkpoint import LoadedWeights
from .download import Progress, pull
from .library import Status, Verified, import_file, load, statuses, verify
from .locate import path, search_folders, user_folder
from .store import store_quantised

__all__ = [
    "CATALOGUE",
    "Entry",
    "LoadedWeights",
    "Progress",
    "Status",
    "Verified",
    "import_file",
    "load",
    "path",
    "pull",
    "search_folders",
    "shipped_folder",
    "statuses",
    "store_quantised",
    "update_catalogue",
    "user_folder",
    "verify",
]

#: name -> entry; read on first use
CATALOGUE: dict[str, Entry]


def __getattr__(name: str) -> Any:
    if name == "CATALOGUE":
        from .catalogue import catalogue

        return catalogue()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
