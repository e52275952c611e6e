"""Films in, coloured versions out: what :class:`app.service.Service` offers for films.

Moments of a film are ordinary photographs, so whatever can be had of a photograph can be had of
them: previews with all settings, and results at full size.

Every method that takes an ``owner`` raises NotFound for what is missing, deleted, expired, or
another owner's, without saying which.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from colorizer import photo as files
from colorizer import video
from colorizer.settings import Settings
from colorizer.video import FilmInfo, Still

from ..config import Config
from ..errors import FilmsOff, FilmTooLong, NotFound, NotReady, QueueFull, TooManyVersions
from ..storage import names
from ..storage.disk import receive
from ..storage.films import FILM, Films
from ..storage.folder import ORIGINAL, Storage
from ..storage.orders import FILM_TYPES, UNGUIDED_FILM, FilmGuide, Order, Version
from ..storage.records import FilmRecord, PhotoRecord, Wanted, new_id
from .admission import Budget
from .filming import Filming, most_pixels
from .holdings import Holdings, owned
from .intake import Intake, check_model
from .offers import Offer, ResultFile, View
from .photographs import PhotoDesk
from .queue import IN_BATCH, Queue
from .rendering import Pictures, etag
from .views import Views

_STILLS = 10
_MOST_VERSIONS = 8  # of one film
_MOST_WAITING = 50  # versions of all films
_PATIENCE = 30.0  # s that an upload waits until its film may be looked through
_LATER = 60  # s
_PACKAGES = ("av", "cv2")

#: names of FFmpeg's demuxers, in parts -> what browsers call such files
_MIMETYPES = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "ogg": "video/ogg",
    "mpeg": "video/mpeg",
    "avi": "video/x-msvideo",
}
_ANY = "application/octet-stream"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FilmView:
    """A film, moments of it, and its coloured versions, the oldest first."""

    record: FilmRecord
    stills: list[tuple[float, View]]
    versions: list[Version]

    @property
    def has_bars(self) -> bool:
        """Whether there is something beside the picture."""
        return any(not view.record.whole for _, view in self.stills)


class FilmDesk:
    """All that can be asked of films."""

    def __init__(
        self,
        config: Config,
        storage: Storage,
        films: Films,
        holdings: Holdings,
        intake: Intake,
        queue: Queue,
        pictures: Pictures,
        budget: Budget,
        filming: Filming,
        views: Views,
        photos: PhotoDesk,
    ) -> None:
        self._config = config
        self._storage = storage
        self._films = films
        self._holdings = holdings
        self._intake = intake
        self._queue = queue
        self._pictures = pictures
        self._budget = budget
        self._filming = filming
        self._views = views
        self._photos = photos

    @property
    def off(self) -> str | None:
        """Why this server takes no films; None if it does."""
        if self._config.storage_url:
            return "Films need the data folder; this server has an object store instead."
        if not self._config.max_film_bytes:
            return "This server takes photographs only, no films."
        if any(map(_is_missing, _PACKAGES)):
            return "Films need the packages av and opencv, which this server does not have."
        return None

    def check_room(self, length: int) -> None:
        """Whether a film of so many bytes may come; raises what :meth:`upload` does."""
        self._check_on()
        self._intake.check_room(length)

    def upload(self, owner: str, source: IO[bytes], name: str) -> FilmView:
        """Store a film as it is, and ten moments of it as photographs, whose colours are queued.

        Args:
            source: a binary file open for reading; it is read in pieces.
            name: what the person calls it.

        Raises:
            FilmsOff: if this server takes none.
            QueueFull, QueueUnavailable, StorageFull: before anything is read, or while storing.
            UploadTooLarge, FilmTooLong, FilmTooLarge: more than is taken.
            TooBusy: if too many pictures are worked on.
            FilmError: not a film that can be read.
            WeightsMissing: no model.
        """
        with self._intake.counted():
            self.check_room(0)
            check_model(Settings())
            with self._storage.incoming() as folder:
                length = receive(source, folder / FILM, self._config.max_film_bytes)
                info = video.probe(folder / FILM, most_pixels(self._config))
                self._check_length(info)
                record = self._record(owner, names.clean(name), length, info, folder / FILM)
                try:
                    self._films.publish(folder, record)
                except BaseException:
                    self._delete_photos(record.stills)
                    raise
        self._storage.usage.add(length)
        return self._view(record, Settings())

    def view(self, owner: str, id: str, settings: Settings | None = None) -> FilmView:
        """A film; its stills as the prediction for these settings has come."""
        return self._view(self._owned(owner, id), settings or Settings())

    def ask(self, owner: str, id: str, order: Order, guide: FilmGuide = UNGUIDED_FILM) -> Version:
        """Ask for a coloured version, or once more for one that failed.

        Does nothing for one that was asked for already. A photograph that the guide refers to must
        be the owner's as well; its palette goes into the order.

        Raises:
            FilmsOff: if this server takes no films any more.
            TooManyVersions, QueueFull, StorageFull: no room.
            InvalidSetting, WeightsMissing: no such model.
            LenderNotReady: if the reference has no colours yet; they are queued.
            InvalidGuidance: if a hint is at a time that the film does not have, the reference gets
                no colours, or a colour cannot be written down.
            TooBusy: if too many pictures are worked on to look at the reference.
        """
        record = self._owned(owner, id)
        if guide.reference:
            self._holdings.check_lender(owner, guide.reference)
        with self._photos.lending(owner, guide.reference, order.settings):
            guidance = self._pictures.guiding.guidance_of_film(guide, record, order.settings)
        order = replace(order, guidance=guidance, reference=guide.reference)
        versions = {version.key: version for version in self._films.versions(id)}
        there = versions.get(order.key)
        if there is not None and there.state != "failed":
            return there
        self._check_on()
        check_model(order.settings)
        if there is None and len(versions) >= _MOST_VERSIONS:
            raise TooManyVersions(
                f"This film has {_MOST_VERSIONS} coloured versions, which is the most. "
                "Remove one of them first."
            )
        if len(self._films.unfinished()) >= _MOST_WAITING:
            raise QueueFull(f"{_MOST_WAITING} films wait already. Try again later.", _LATER)
        self._storage.check_room(record.bytes)
        self._storage.check_quota(record.bytes)
        self._films.want(id, order)
        self._filming.wake()
        return self.version(owner, id, order.key)

    def version(self, owner: str, id: str, key: str) -> Version:
        """One coloured version."""
        self._owned(owner, id)
        for version in self._films.versions(id):
            if version.key == key:
                return version
        raise NotFound()

    def remove(self, owner: str, id: str, key: str) -> None:
        """Remove a version; one that is being made is stopped."""
        self.version(owner, id, key)
        self._films.remove(id, key)
        logger.info("film %s: version %s removed", id, key)

    def file(self, owner: str, id: str, key: str) -> Offer[ResultFile]:
        """A finished version. Making it raises NotReady."""
        record, version = self._owned(owner, id), self.version(owner, id, key)
        mimetype, suffix = FILM_TYPES[version.order.codec]

        def make() -> ResultFile:
            if version.state != "ready":
                raise NotReady("This version of the film is not finished yet.", 2)
            name = names.for_download(record.name, f"-colour.{suffix}")
            return ResultFile(self._films.made(id, key, version.order.codec), mimetype, name)

        return Offer(etag(id, f"{key} of {version.asked.isoformat()}"), make)

    def original(self, owner: str, id: str) -> Offer[ResultFile]:
        """The file as it was uploaded."""
        record = self._owned(owner, id)

        def make() -> ResultFile:
            return ResultFile(self._films.original(id), record.mimetype, record.name)

        return Offer(etag(id, "original"), make)

    def delete(self, owner: str, id: str) -> None:
        """Delete a film, its stills and all versions, now."""
        self._owned(owner, id)
        self._films.delete(id)
        logger.info("film %s deleted", id)

    # within

    def _check_on(self) -> None:
        if self.off is not None:
            raise FilmsOff(self.off)

    def _check_length(self, info: FilmInfo) -> None:
        most = self._config.max_film_seconds
        if info.duration is not None and info.duration > most:
            raise FilmTooLong(
                f"The film lasts {moment(info.duration)}; at most {moment(most)} are taken here."
            )

    def _record(self, owner: str, name: str, length: int, info: FilmInfo, path: Path) -> FilmRecord:
        """Of a new film, whose stills are stored first."""
        created, expires = self._intake.lifetime()
        with self._budget.reserve(_STILLS * info.width * info.height, _PATIENCE):
            stills = video.stills(path, _STILLS, max_pixels=most_pixels(self._config))
            kept: list[tuple[float, str]] = []
            try:
                for still in stills:
                    title = f"{Path(name).stem}, {moment(still.time)}"
                    photo = PhotoRecord(
                        id=new_id(),
                        owner=owner,
                        name=names.clean(title),
                        format="PNG",
                        width=still.photo.width,
                        height=still.photo.height,
                        bytes=0,
                        created=created,
                        expires=expires,
                        whole=still.photo.picture is None,
                        still=True,
                    )
                    kept.append((still.time, photo.id))
                    self._keep_still(photo, still)
            except BaseException:
                self._delete_photos(kept)
                raise
        return FilmRecord(
            id=new_id(),
            owner=owner,
            name=name,
            codec=info.codec,
            mimetype=_mimetype(info.container),
            width=info.width,
            height=info.height,
            seconds=info.duration,
            rate=None if info.rate is None else float(info.rate),
            frames=info.frames,
            interlaced=info.interlaced,
            audio=info.audio,
            bytes=length,
            created=created,
            expires=expires,
            stills=tuple(kept),
        )

    def _keep_still(self, record: PhotoRecord, still: Still) -> None:
        wanted = Wanted(record.id, Settings().model, Settings().working_size)
        with self._storage.incoming() as folder:
            files.write(still.photo, folder / ORIGINAL, format="png")
            length = (folder / ORIGINAL).stat().st_size
            self._storage.publish(folder, replace(record, bytes=length), wanted)
        small = files.shrink(still.photo, self._config.preview_size)
        self._pictures.keep_grey(record.id, small, ())
        self._queue.add(wanted, IN_BATCH)

    def _delete_photos(self, stills: Iterable[tuple[float, str]]) -> None:
        for _, photo in stills:
            self._storage.delete("photos", photo)

    def _owned(self, owner: str, id: str) -> FilmRecord:
        return owned(self._films.record(id), owner)

    def _view(self, record: FilmRecord, settings: Settings) -> FilmView:
        times, photos = [], []
        for seconds, photo in record.stills:
            with suppress(NotFound):  # it may have been deleted by itself
                photos.append(self._storage.record(photo))
                times.append(seconds)
        stills = list(zip(times, self._views.of_all(photos, settings), strict=True))
        return FilmView(record, stills, self._films.versions(record.id))


def _is_missing(package: str) -> bool:
    try:
        return find_spec(package) is None
    except ValueError:  # it is being imported, by the thread that colours films
        return False


def moment(seconds: float) -> str:
    """``"4.2 s"``, ``"1 min 5 s"``, ``"10 min"``, ``"1 h 2 min"``."""
    if seconds < 60:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _mimetype(container: str) -> str:
    parts = container.split(",")
    return next((kind for part, kind in _MIMETYPES.items() if part in parts), _ANY)
