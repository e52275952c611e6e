"""The catalogue: which checkpoints there are, where they come from and what their bytes must be."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..errors import UnknownModel, WeightsCorrupt, WeightsMissing
from ..settings import DEFAULT_MODEL
from .files import sha256_of

#: Beside the shipped weights: their bytes, sha256, native temperature (they change with training).
FACTS_FILE = "catalogue.json"
#: what the refiner of some weights is called, instead of their own ending
REFINER_SUFFIX = ".refiner.safetensors"
#: the model of words (:mod:`..words`), which lies where weights lie
WORDS_FILE = "words.safetensors"


@dataclass(frozen=True)
class Entry:
    """One checkpoint of the catalogue.

    ``bytes`` and ``sha256`` (64 lower-case hex digits) are those of the file; a file that differs
    is never used. ``native_temperature`` (> 0) divides the logits before the annealed mean is taken
    at the temperature that a person set. ``network`` is a name in
    :data:`colorizer.networks.REGISTRY`. ``refiner_sha256`` is that of the refiner which ships with
    it, "" if none does.
    """

    name: str
    network: str
    filename: str
    urls: tuple[str, ...]
    bytes: int
    sha256: str
    licence: str
    native_temperature: float
    description: str
    refiner_sha256: str = ""


@cache
def catalogue() -> dict[str, Entry]:
    """The catalogue, name -> entry; always the same dictionary, read on the first call.

    ``eccv16`` is the official release (Zhang, Isola, Efros, ECCV 2016). Whether a temperature is
    folded into its weights nobody has answered, so its native temperature is 1.0, unmeasured.
    ``siggraph17`` is the official release of Zhang et al., SIGGRAPH 2017; it gives colours and no
    distributions, and its temperature is that of :func:`colorizer.color.bins.soft_logits`.

    Raises:
        WeightsCorrupt: if the facts beside the shipped weights cannot be read.
    """
    entries = (
        _shipped(DEFAULT_MODEL, shipped_folder()),
        Entry(
            name="eccv16",
            network="eccv16",
            filename="colorization_release_v2-9b330a0b.pth",
            urls=(
                "https://colorizers.s3.us-east-2.amazonaws.com/colorization_release_v2-9b330a0b.pth",
            ),
            bytes=128_976_165,
            sha256="9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
            licence="BSD-2-Clause",
            native_temperature=1.0,
            description="The released network of Zhang, Isola and Efros (ECCV 2016).",
        ),
        Entry(
            name="siggraph17",
            network="siggraph17",
            filename="siggraph17-df00044c.pth",
            urls=("https://colorizers.s3.us-east-2.amazonaws.com/siggraph17-df00044c.pth",),
            bytes=136_787_426,
            sha256="df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66",
            licence="BSD-2-Clause",
            native_temperature=1.0,
            description="The released network of Zhang et al. (SIGGRAPH 2017), which sees hints.",
        ),
    )
    return {entry.name: entry for entry in entries}


def entry_named(name: str) -> Entry:
    """The catalogue's entry called ``name``.

    Raises:
        UnknownModel: if there is none.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise UnknownModel(
            f"There are no weights called {name!r}; known are {', '.join(catalogue())}."
        ) from None


def entry_of(sha256: str) -> Entry | None:
    """The entry whose file has this checksum, or None."""
    return next((e for e in catalogue().values() if e.sha256 == sha256), None)


def shipped_folder() -> Path:
    """The folder of the weights that come with the library: in the wheel, or in the source tree."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data" / "weights"
    return installed if installed.is_dir() else package.parent / "weights"


def update_catalogue(
    name: str = DEFAULT_MODEL, *, folder: str | os.PathLike[str] | None = None
) -> Entry:
    """Write the facts of the shipped file of ``name`` (as it lies in ``folder``) beside it.

    To be called by the script that replaces the shipped weights. The file is read completely first,
    so a broken one never gets a checksum. Returns the new entry, which :data:`CATALOGUE` then has.

    Raises:
        UnknownModel, WeightsMissing, WeightsCorrupt: no such entry, no such file, an unusable file.
    """
    from .checkpoint import parse, parse_refiner, read_file

    place = shipped_folder() if folder is None else Path(folder)
    entry = entry_named(name)
    file = place / entry.filename
    if not file.is_file():
        raise WeightsMissing(f"There is no {entry.filename} in {place}.")
    data, digest = read_file(file)
    loaded = parse(data, label=str(file), name=name, sha256=digest)
    if loaded.network != entry.network:
        raise WeightsCorrupt(
            f"{file} holds weights for the network {loaded.network}, not {entry.network}."
        )
    facts = _read_facts(place)
    facts[name] = {
        "bytes": len(data),
        "native_temperature": loaded.native_temperature,
        "sha256": digest,
    }
    refiner = refiner_of(file)
    if refiner.is_file():
        data, found = read_file(refiner)
        parse_refiner(data, found, refiner, digest)
        facts[name]["refiner_sha256"] = found
    text = json.dumps(facts, indent=2, sort_keys=True) + "\n"
    write_atomically(place / FACTS_FILE, text.encode())
    updated = _shipped(name, place)
    catalogue()[name] = updated
    return updated


def _shipped(name: str, folder: Path) -> Entry:
    """The entry of the default weights; without facts beside the file no file fits it."""
    facts = _read_facts(folder).get(name, {"bytes": 0, "sha256": "", "native_temperature": 1.0})
    return Entry(
        name=name,
        network=name,
        filename=f"{name}.safetensors",
        urls=(),
        bytes=facts["bytes"],
        sha256=facts["sha256"],
        licence="BSD-3-Clause",
        native_temperature=facts["native_temperature"],
        description="VGG16 encoder with a decoder trained by this project; ships with it.",
        refiner_sha256=facts.get("refiner_sha256", ""),
    )


def _read_facts(folder: Path) -> dict[str, dict[str, Any]]:
    file = folder / FACTS_FILE
    try:
        facts: dict[str, dict[str, Any]] = json.loads(file.read_bytes())
        good = isinstance(facts, dict) and all(map(_good_facts, facts.values()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        good = False
    if not good:
        raise WeightsCorrupt(f"{file} is damaged; please install Colorizer again.")
    return facts


def refiner_of(file: Path) -> Path:
    """Where the refiner of the weights in ``file`` would lie: ``mine.refiner.safetensors``."""
    return file.with_name(file.stem + REFINER_SUFFIX)


def _good_facts(facts: Any) -> bool:
    if not isinstance(facts, dict):
        return False
    size, warmth = (facts.get(k) for k in ("bytes", "native_temperature"))
    digests = (facts.get("sha256"), facts.get("refiner_sha256", "0" * 64))
    return (
        isinstance(size, int)
        and size > 0
        and all(isinstance(d, str) and re.fullmatch("[0-9a-f]{64}", d) for d in digests)
        and isinstance(warmth, int | float)
        and math.isfinite(warmth)
        and warmth > 0
    )


def matches(entry: Entry, file: Path, *, fresh: bool = False) -> bool:
    """Whether ``file`` has the bytes that ``entry`` promises (see :func:`files.sha256_of`)."""
    try:
        return file.stat().st_size == entry.bytes and sha256_of(file, fresh=fresh) == entry.sha256
    except OSError:
        return False
