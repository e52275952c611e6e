"""Training photographs: folders (searched recursively) and tar shards, as uint8 squares.

Pictures that cannot be read are skipped and counted, never fatal. A wide or tall photograph gives
several overlapping squares, so that its sides are seen too.
"""

from __future__ import annotations

import hashlib
import io
import logging
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageCms
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from ..errors import TrainingDataError
from ..folders import Walk, is_photograph_within
from ..photo.orientation import upright

log = logging.getLogger(__name__)

#: longer pictures than so many times their short side are skipped: their squares say nothing, and
#: bringing their short side to size would take all the memory
LONGEST_ASPECT = 20
EXIF_ORIENTATION = 0x0112

_SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True)
class Item:
    """Where one picture's bytes lie: a whole file, or a part of a tar file."""

    path: Path
    name: str
    offset: int = 0
    size: int = -1

    @property
    def source(self) -> str:
        """Where the photograph comes from, for balanced sampling.

        In a shard: its file name up to the first "_", or its folder if there is none. Otherwise the
        folder it lies in.
        """
        if self.size < 0:
            return str(self.path.parent)
        name = Path(self.name)
        prefix, underscore, _ = name.name.partition("_")
        return prefix if underscore else str(name.parent)

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def _tar_items(path: Path) -> Iterator[Item]:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isfile() and is_photograph_within(member.name):
                    yield Item(path, member.name, member.offset_data, member.size)
    except (tarfile.TarError, OSError) as error:
        raise TrainingDataError(f"The tar file {path} cannot be read: {error}.") from error


def find_photos(sources: Sequence[str | Path]) -> list[Item]:
    """List the pictures in files, folders (recursive) and uncompressed tar shards, in name order.

    In folders and shards what is hidden is left out.

    Raises:
        TrainingDataError: if a source does not exist or nothing is found.
    """
    items: list[Item] = []
    walk = Walk(lambda left: log.warning("%s", left.reason))
    for source in map(Path, sources):
        if source.is_dir():
            items += [Item(p, str(p.relative_to(source))) for p in sorted(walk(source))]
        elif source.suffix.lower() == ".tar" and source.is_file():
            items += _tar_items(source)
        elif source.is_file():
            items.append(Item(source, source.name))
        else:
            raise TrainingDataError(f"There is no file or folder {source}.")
    if not items:
        raise TrainingDataError("No photographs were found in " + ", ".join(map(str, sources)))
    return items


Several = TypeVar("Several", list[Item], Tensor, NDArray[np.int64])


def thinned(photos: Several, count: int) -> Several:
    """At most ``count`` (>= 1) of them, evenly spaced over all."""
    total = len(photos)
    chosen = [index * total // count for index in range(count)] if total > count else range(total)
    if isinstance(photos, list):
        return [photos[index] for index in chosen]
    return photos[list(chosen)]


def fingerprint(items: Sequence[Item]) -> str:
    """What tells these photographs from others: a digest of their names, lengths and order."""
    digest = hashlib.sha256()
    for item in items:
        size = item.path.stat().st_size if item.size < 0 and item.path.is_file() else item.size
        digest.update(f"{item.name}\0{size}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def decode(data: bytes, short_side: int) -> NDArray[np.uint8]:
    """Decode a picture to sRGB, upright, its short side at ``short_side``: (H, W, 3) uint8.

    A colour profile is applied, if it can be.

    Raises:
        Exception: whatever the decoder raises on a broken file.
    """
    with Image.open(io.BytesIO(data)) as image:
        if max(image.size) > LONGEST_ASPECT * min(image.size):
            raise ValueError(f"{image.width} x {image.height} px is too narrow to train on")
        image.draft("RGB", (short_side, short_side))
        rgb = _in_srgb(image)
        orientation = _orientation(image)
    factor = short_side / min(rgb.size)
    if factor != 1:
        width, height = (max(short_side, round(side * factor)) for side in rgb.size)
        filtering = Image.Resampling.LANCZOS if factor > 1 else Image.Resampling.BOX
        rgb = rgb.resize((width, height), filtering)
    return upright(np.asarray(rgb), orientation)


def _in_srgb(image: Image.Image) -> Image.Image:
    """A picture in mode RGB; raises ValueError if its values have no known white."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ValueError(f"pictures of mode {image.mode} are not trained on")
    profile = image.info.get("icc_profile")
    rgb = image.convert("RGB")
    if not profile or image.mode not in ("RGB", "RGBA", "P"):
        return rgb
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in (ImageCms.getProfileDescription(theirs) or ""):
            return rgb
        return ImageCms.profileToProfile(rgb, theirs, _SRGB) or rgb
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):  # a broken or a foreign profile
        return rgb


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except Exception:  # a damaged EXIF block does not make a damaged picture
        return 1


def squares(picture: NDArray[np.uint8], size: int, limit: int = 2) -> list[NDArray[np.uint8]]:
    """Cut overlapping ``size`` squares, evenly spaced along the long side, at most ``limit``."""
    height, width = picture.shape[:2]
    spare = max(height, width) - size
    count = 1 if spare < size // 4 or limit == 1 else limit
    starts = [spare // 2] if count == 1 else [round(i * spare / (count - 1)) for i in range(count)]
    if width >= height:
        return [picture[:size, s : s + size] for s in starts]
    return [picture[s : s + size, :size] for s in starts]


def load_squares(
    items: Sequence[Item], size: int, *, limit: int = 2, threads: int = 2, progress: bool = True
) -> tuple[Tensor, int]:
    """Decode everything into one tensor: the fast path.

    Returns:
        (N, size, size, 3) uint8 in the order of ``items``, and how many files were skipped.

    Raises:
        TrainingDataError: if no file could be read.
    """
    tensor, owners = load_owned_squares(
        items, size, limit=limit, threads=threads, progress=progress
    )
    return tensor, len(items) - len(set(owners))


def load_owned_squares(
    items: Sequence[Item], size: int, *, limit: int = 2, threads: int = 2, progress: bool = True
) -> tuple[Tensor, list[int]]:
    """As :func:`load_squares`, with the index in ``items`` of the picture of each square (N).

    Squares are laid into the tensor as they are decoded, so the memory taken is that of the result.
    """

    def one(item: Item) -> list[NDArray[np.uint8]]:
        try:
            return squares(decode(item.read(), size), size, limit)
        except Exception as error:  # any decoder may raise anything on a broken file
            log.warning("skipped %s: %s", item.name, error)
            return []

    room = torch.empty((len(items) * limit, size, size, 3), dtype=torch.uint8)  # not touched yet
    owners: list[int] = []
    with ThreadPoolExecutor(threads) as pool:
        results = pool.map(one, items)
        decoded = tqdm(results, "decoding", len(items), disable=not progress, unit="photo")
        for index, group in enumerate(decoded):
            for square in group:
                room[len(owners)] = torch.from_numpy(square.copy())
                owners.append(index)
    if not owners:
        raise TrainingDataError("None of the photographs could be read.")
    return room[: len(owners)], owners


def random_square(item: Item, size: int, draw: np.random.Generator) -> NDArray[np.uint8] | None:
    """A square of a photograph, (size, size, 3); None, and a warning, if it cannot be read."""
    try:
        picture = decode(item.read(), size)
    except Exception as error:  # any decoder may raise anything on a broken file
        log.warning("skipped %s: %s", item.name, error)
        return None
    top, left = (int(draw.integers(side - size + 1)) for side in picture.shape[:2])
    return picture[top : top + size, left : left + size]


class PhotoDataset(Dataset[Tensor]):
    """The streaming path: decodes on demand, for sets that do not fit in memory.

    An item is (size, size, 3) uint8; a broken file gives an empty tensor, which
    :func:`collate_readable` drops and counts.

    Args:
        items: in the order in which they are shown; each time that a photograph stands there it is
            cut otherwise.
        size: of a square, px.
        seeds: the cuts depend on these numbers and on places among the items alone.
    """

    def __init__(self, items: Sequence[Item], size: int, seeds: Sequence[int] = (0,)) -> None:
        self.items = list(items)
        self.size = size
        self.seeds = tuple(seeds)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Tensor:
        rng = np.random.default_rng((*self.seeds, index))
        square = random_square(self.items[index], self.size, rng)
        if square is None:
            return torch.empty(0, dtype=torch.uint8)
        return torch.from_numpy(square.copy())


def collate_readable(samples: list[Tensor]) -> tuple[Tensor, int]:
    """Stack the readable samples: (N, size, size, 3) uint8 and how many were dropped."""
    good = [sample for sample in samples if sample.numel()]
    dropped = len(samples) - len(good)
    return (torch.stack(good) if good else torch.empty((0, 0, 0, 3), dtype=torch.uint8)), dropped
