"""Stored predictions to pictures: previews in memory, full-size results on the disk."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cachetools import LRUCache

from colorizer import __version__, prediction_file
from colorizer import photo as files
from colorizer.atomic import write_atomically
from colorizer.errors import CorruptPrediction
from colorizer.guidance import Guidance, Words
from colorizer.photo import Metadata, Photo, Provenance
from colorizer.pipeline import provenance, render
from colorizer.prediction import Prediction
from colorizer.settings import Settings
from colorizer.uncertainty import LikelyColour, likely_colours, overlay

from ..errors import NotReady, PredictionFailed, Problem
from ..storage import names
from ..storage.disk import full_disk, gone, used
from ..storage.folder import FACTS, PREVIEW, Storage
from ..storage.records import PhotoRecord, key_of
from ..storage.wishes import MIMETYPES, UNGUIDED, Guide, Output
from .admission import Budget
from .counting import Counting
from .guiding import PATIENCE, Guiding
from .offers import Blob, Place, ResultFile
from .wording import layer, model_of_words, places

_CACHE_BYTES = 128 << 20
_PREVIEW_QUALITY = 88
_RESULTS_KEPT = 4  # for each photograph
_IN_USE = 5.0  # s for which a result is not removed: somebody may be about to send it
_REDONE = 60  # s until the next sweep, at most

Value = TypeVar("Value", Prediction, Photo)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What a finished picture is to be like."""

    settings: Settings
    output: Output
    guide: Guide = UNGUIDED

    def etag(self, id: str) -> str:
        """What the picture of a photograph is called."""
        return etag(id, "result", self.settings, self.output, self.guide)


class Pictures:
    """Whatever can be made of a photograph and its prediction, without a network.

    Attributes:
        guiding: makes what the library is told of what a person knows.
    """

    def __init__(
        self, storage: Storage, counting: Counting, max_pixels: int, budget: Budget
    ) -> None:
        self._storage = storage
        self._counting = counting
        self._max_pixels = max_pixels
        self._kept: LRUCache[tuple[str, str], Any] = LRUCache(_CACHE_BYTES, _bytes_of)
        self.guiding = Guiding(storage, budget, self.read, self._prediction)
        self._lock = threading.Lock()  # of what is kept
        self._budget = budget

    # what the worker leaves

    def keep_grey(self, id: str, small: Photo, warnings: Sequence[str]) -> None:
        """Store the small grey photograph that previews are rendered from, and what is to say."""
        small = replace(small, metadata=Metadata())
        self._storage.write(id, PREVIEW, _encoded(small, "png", bit_depth=8))
        facts = {
            "bit_depth": small.bit_depth,
            "warnings": list(warnings),
            "was_colour": small.was_colour,
            "mount": small.picture is not None,
        }
        self._storage.write(id, FACTS, json.dumps(facts).encode())

    def keep_prediction(self, id: str, key: str, prediction: Prediction) -> None:
        """Store a prediction, and have it at hand."""
        buffer = io.BytesIO()
        prediction_file.save(prediction, buffer)
        self._storage.write(id, f"{key}.prediction", buffer.getvalue())
        self._keep((id, key), prediction)

    def keep_own(self, id: str, key: str, small: Photo) -> None:
        """Store the small picture of a photograph that keeps its own colours."""
        self._storage.write(id, f"{key}.kept", _encoded(small, "jpeg", quality=_PREVIEW_QUALITY))

    def read(self, record: PhotoRecord, *, colours: bool = False) -> Photo:
        """The photograph as it was uploaded, in grey or in its own colours; raises ImageError."""
        with gone():
            return files.read(
                self._storage.original(record.id),
                max_pixels=self._max_pixels,
                colours=colours,
                **record.treatment.read_options,
            )

    # small pictures

    def preview(self, record: PhotoRecord, settings: Settings, guide: Guide) -> Blob:
        """JPEG in colour; raises NotReady, PredictionFailed, NotFound, InvalidGuidance."""
        id, own = record.id, self._own(record, settings)
        if own is not None:
            return Blob(own, "image/jpeg")
        prediction, grey = self._prediction_for(id, settings, guide.words), self._grey(id)
        guidance = self.guiding.guidance(guide, settings)
        with self._counting.rendering("preview"), model_of_words():
            picture = render(grey, prediction, settings, guidance)
            data = _encoded(picture, "jpeg", quality=_PREVIEW_QUALITY)
        return Blob(data, "image/jpeg")

    def grey_preview(self, id: str) -> Blob:
        """JPEG in grey; raises NotReady until the worker has opened the photograph."""
        data = _encoded(self._grey(id), "jpeg", quality=_PREVIEW_QUALITY)
        return Blob(data, "image/jpeg")

    def uncertainty(self, id: str, settings: Settings) -> Blob:
        """PNG with alpha, of the preview's size."""
        prediction, grey = self._prediction(id, settings), self._grey(id)
        with self._counting.rendering("uncertainty"):
            layer = overlay(prediction, grey.height, grey.width)
            data = _encoded(Photo(layer[..., :3], layer[..., 3]), "png")
        return Blob(data, "image/png")

    def likely_colours(
        self, id: str, settings: Settings, x: float, y: float, count: int
    ) -> list[LikelyColour]:
        """See :func:`colorizer.uncertainty.likely_colours`."""
        return likely_colours(self._prediction(id, settings), x, y, count)

    def places(self, id: str, settings: Settings, words: Words) -> list[Place]:
        """Where the words act; raises what :meth:`preview` does."""
        return places(self._prediction_for(id, settings, words), words)

    def found(self, id: str, settings: Settings, words: Words, number: int) -> Blob:
        """PNG with alpha, of the preview's size: where a phrase acts."""
        prediction, grey = self._prediction_for(id, settings, words), self._grey(id)
        with self._counting.rendering("found"):
            found = layer(prediction, words, number, grey.height, grey.width)
            return Blob(_encoded(Photo(found[..., :3], found[..., 3]), "png"), "image/png")

    # full size

    def result(self, record: PhotoRecord, wish: Wish) -> ResultFile:
        """The finished picture; the latest few are kept. Raises TooBusy, StorageFull."""
        result = self._describe(record, wish)
        prediction = self._prediction_of(record, wish)
        if used(result.path):
            return result
        write = self._writer(record, wish, prediction)
        with self._budget.reserve(record.width * record.height, PATIENCE):
            if not used(result.path):
                self._storage.results(record.id)
                write(result.path)
                _remove_old(result.path.parent)
        return result

    @contextmanager
    def fleeting(self, record: PhotoRecord, wish: Wish) -> Iterator[ResultFile]:
        """The finished picture, under a name of its own that is removed afterwards."""
        result = self._describe(record, wish)
        with self._storage.incoming() as folder:
            path = folder / result.path.name
            try:
                os.link(result.path, path)  # stays, whoever deletes the other
            except OSError:
                write = self._writer(record, wish, self._prediction_of(record, wish))
                with self._budget.reserve(record.width * record.height):
                    write(path)
            yield replace(result, path=path)

    def _describe(self, record: PhotoRecord, wish: Wish) -> ResultFile:
        mimetype, suffix = MIMETYPES[wish.output.format]
        path = self._storage.photo(record.id) / "results" / f"{wish.etag(record.id)}.{suffix}"
        return ResultFile(path, mimetype, names.for_download(record.name, f"-colour.{suffix}"))

    def _prediction_of(self, record: PhotoRecord, wish: Wish) -> Prediction | None:
        """None of a photograph that keeps its own colours."""
        if self._own(record, wish.settings) is not None:
            return None
        return self._prediction_for(record.id, wish.settings, wish.guide.words)

    def _writer(
        self, record: PhotoRecord, wish: Wish, prediction: Prediction | None
    ) -> Callable[[Path], None]:
        """What writes the picture; asked for first, as a reference may need room of its own."""
        if prediction is None:
            return partial(self._write_own, record, wish.output)
        guidance = self.guiding.guidance(wish.guide, wish.settings)
        return partial(self._write, record, wish, prediction, guidance)

    def _write(
        self,
        record: PhotoRecord,
        wish: Wish,
        prediction: Prediction,
        guidance: Guidance,
        path: Path,
    ) -> None:
        settings, output = wish.settings, wish.output
        self._storage.check_room()
        with self._counting.rendering("result"), model_of_words(), gone(), full_disk():
            grey = self.read(record)
            depth = files.depth_for(grey, output.format, output.bit_depth)
            picture = render(replace(grey, bit_depth=depth), prediction, settings, guidance)
            if output.side_by_side:
                picture = files.side_by_side(grey, picture)
            note = provenance(prediction, settings, guidance) if output.provenance else None
            _save(picture, path, output, note)

    def _write_own(self, record: PhotoRecord, output: Output, path: Path) -> None:
        """A photograph with its own colours: the file itself if it is what is asked for."""
        self._storage.check_room()
        asked = Output(format=output.format, provenance=output.provenance, quality=output.quality)
        is_changed = record.salvage or record.turn or record.negative
        is_whole = record.pages == 1 and not is_changed
        with self._counting.rendering("result"), gone(), full_disk():
            if is_whole and record.format.lower() == output.format and output == asked:
                write_atomically(path, self._storage.original(record.id).read_bytes())
                return
            picture = self.read(record, colours=True)
            if output.side_by_side:
                picture = files.side_by_side(self.read(record), picture)
            _save(picture, path, output)

    # what is at hand

    def _own(self, record: PhotoRecord, settings: Settings) -> bytes | None:
        """The small picture of a photograph that keeps its own colours; None of any other."""
        if record.colour != "keep":
            return None
        key = key_of(settings.model, settings.working_size)
        return self._storage.read(record.id, f"{key}.kept")

    def _prediction_for(self, id: str, settings: Settings, words: Words | None) -> Prediction:
        """The prediction; one of an earlier version that cannot be asked for words is made anew.

        Raises:
            NotReady: until it has been.
        """
        prediction = self._prediction(id, settings)
        if words is None or not _is_before_words(prediction):
            return prediction
        key = key_of(settings.model, settings.working_size)
        self._forget((id, key))
        prediction = self._prediction(id, settings)  # another process may have had it made
        if _is_before_words(prediction):
            self._forget((id, key))
            self._storage.remove(id, f"{key}.prediction")  # which the sweep notices
            raise NotReady("The colours are being worked out once more, for the words.", _REDONE)
        return prediction

    def _prediction(self, id: str, settings: Settings) -> Prediction:
        key = key_of(settings.model, settings.working_size)

        def make() -> Prediction:
            data = self._storage.read(id, f"{key}.prediction")
            if data is None:
                if self._storage.read(id, f"{key}.kept") is not None:
                    raise PredictionFailed("This photograph keeps its own colours.")
                failed = self._storage.read(id, f"{key}.failed")
                if failed is not None:
                    raise PredictionFailed(Problem(**json.loads(failed)).detail)
                raise NotReady("The colours of this photograph are not ready yet.", 1)
            try:
                return prediction_file.load(data)
            except CorruptPrediction:
                logger.exception("photo %s: its prediction is made anew", id)
                self._storage.remove(id, f"{key}.prediction")  # which the sweep notices
                raise NotReady("The colours are being worked out once more.", _REDONE) from None

        return self._at_hand((id, key), make)

    def _grey(self, id: str) -> Photo:
        def make() -> Photo:
            data = self._storage.read(id, PREVIEW)
            if data is None:
                raise NotReady("This photograph has not been opened yet.", 1)
            return files.read(data, whole=True)

        return self._at_hand((id, PREVIEW), make)

    def _at_hand(self, key: tuple[str, str], make: Callable[[], Value]) -> Value:
        with self._lock:
            if key in self._kept:
                value: Value = self._kept[key]
                return value
        value = make()
        self._keep(key, value)
        return value

    def _forget(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._kept.pop(key, None)

    def _keep(self, key: tuple[str, str], value: Prediction | Photo) -> None:
        with self._lock, suppress(ValueError):  # larger than everything that may be kept
            self._kept[key] = value


def _is_before_words(prediction: Prediction) -> bool:
    """Whether it was made when what words look at was not kept."""
    return prediction.look is not None and prediction.features is None


def etag(id: str, kind: str, *made_from: Settings | Output | Guide) -> str:
    """What a picture is called that depends on these, and on nothing else."""
    parts = [__version__, id, kind, *(asdict(part) for part in made_from)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def predicted(settings: Settings) -> Settings:
    """What of the settings a prediction depends on; the rest has its defaults."""
    return Settings(model=settings.model, working_size=settings.working_size)


def _save(photo: Photo, path: Path, output: Output, note: Provenance | None = None) -> None:
    files.write(
        photo,
        path,
        format=output.format,
        quality=output.quality,
        bit_depth=output.bit_depth,
        provenance=note,
        strip_private=output.strip_private,
    )


def _encoded(
    photo: Photo, format: str, *, quality: int = 92, bit_depth: int | None = None
) -> bytes:
    buffer = io.BytesIO()
    files.write(photo, buffer, format=format, quality=quality, bit_depth=bit_depth)
    return buffer.getvalue()


def _bytes_of(value: Prediction | Photo) -> int:
    if isinstance(value, Photo):
        return value.pixels.nbytes + (0 if value.alpha is None else value.alpha.nbytes)
    return value.nbytes


def _remove_old(folder: Path) -> None:
    """Keep the latest results, and those that somebody may be about to send."""
    with suppress(FileNotFoundError):
        ages = sorted((time.time() - file.stat().st_mtime, file) for file in folder.iterdir())
        for age, file in ages[_RESULTS_KEPT:]:
            if age > _IN_USE:
                file.unlink(missing_ok=True)
