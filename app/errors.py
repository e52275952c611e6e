"""Errors of the web application, and what every typed error is over HTTP.

Each error carries one sentence that a photographer understands and says what to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from colorizer import errors as library
from colorizer.errors import ColorizerError


class AppError(ColorizerError):
    """Base of the web application's own errors.

    Attributes:
        status: of HTTP.
        title: a few words, the same for every error of the class.
        retry_after: seconds after which another try is worth it; None where waiting is no help.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotFound(AppError):
    """There is no such photograph or batch, or it is another person's."""

    status = 404
    title = "Not found"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or "There is nothing here. It may have been deleted.")


class Unreadable(NotFound):
    """A record that is there, but cannot be understood: it is damaged, or of a later version.

    Attributes:
        expires: when it does, if at least that is known; UTC.
    """

    title = "Cannot be read"

    def __init__(self, expires: datetime | None = None) -> None:
        super().__init__("This version of Colorizer cannot read what is here.")
        self.expires = expires


#: of what others take their colours from
LENDER_GONE = "The photograph whose colours were to be taken has been deleted."


class NotReady(AppError):
    """The colours have not been worked out yet."""

    status = 409
    title = "Not ready yet"


class LenderNotReady(NotReady):
    """The photograph whose colours are to be taken has none yet; they are being worked out."""


class PredictionFailed(AppError):
    """The colours could not be worked out; the sentence says why."""

    status = 422
    title = "No colours for this photograph"


class LeftOut(AppError):
    """A colour photograph, where none is to be coloured."""

    status = 422
    title = "Left out"

    def __init__(self) -> None:
        super().__init__("This is a colour photograph, and such were to be left out.")


class Abandoned(AppError):
    """A photograph that was begun several times, and each time the server was killed at it."""

    status = 500
    title = "Given up"


class QueueFull(AppError):
    """Too many photographs are waiting."""

    status = 503
    title = "Too busy at the moment"


class TooBusy(AppError):
    """As many large pictures as this server can make at a time are being made."""

    status = 503
    title = "Too busy at the moment"

    def __init__(self) -> None:
        super().__init__("Other pictures are being made at the moment. Try again soon.", 5)


class TooManyUploads(AppError):
    """As many bytes as this server receives at a time are being received."""

    status = 503
    title = "Too busy at the moment"

    def __init__(self) -> None:
        super().__init__("Other uploads are being received at the moment. Try again soon.", 10)


class UnreadableForm(AppError):
    """A form, or the name of a file in it, is in another encoding than UTF-8."""

    status = 422
    title = "Not readable"

    def __init__(self) -> None:
        super().__init__("The name of a file, or another part of this form, is not in UTF-8.")


class TooSlow(AppError):
    """A request did not arrive in time."""

    status = 408
    title = "Too slow"

    def __init__(self) -> None:
        super().__init__("The request stood still for too long; nothing of it was kept.")


class QueueUnavailable(AppError):
    """The queue cannot be reached."""

    status = 503
    title = "The queue cannot be reached"

    def __init__(
        self,
        detail: str = "The queue of this server cannot be reached. Try again in a moment.",
    ) -> None:
        super().__init__(detail, 10)


class StorageUnavailable(AppError):
    """The photographs, in the data folder or in a store, are out of reach for the moment."""

    status = 503
    title = "The photographs cannot be reached"

    def __init__(
        self,
        detail: str = "The server cannot reach its photographs at the moment. Try again soon.",
    ) -> None:
        super().__init__(detail, 10)


class StorageFull(AppError):
    """There is no room left on the disk."""

    status = 507
    title = "The disk is full"

    def __init__(
        self,
        detail: str = "The server's disk is full, so nothing was stored. Try again later, or "
        "delete photographs that are not needed any more.",
    ) -> None:
        super().__init__(detail)


class UploadTooLarge(AppError):
    """The file has more bytes, or the batch more photographs, than allowed."""

    status = 413
    title = "Too large"


class FilmsOff(AppError):
    """This server takes no films; the sentence says why."""

    status = 415
    title = "No films here"


class FilmTooLong(AppError):
    """The film is longer than allowed."""

    status = 413
    title = "The film is too long"


class TooManyVersions(AppError):
    """A film has as many coloured versions as it may have."""

    status = 409
    title = "Too many versions"


class Forbidden(AppError):
    """The request came from another site, or without its form's token."""

    status = 403
    title = "Not allowed"


class Unauthorized(AppError):
    """A token is needed, or the one given is wrong."""

    status = 401
    title = "A token is needed"


class PasswordNeeded(Unauthorized):
    """The pages have a password, and none or a wrong one was given."""

    title = "A password is needed"


class DataFolderUnusable(AppError):
    """The data folder cannot be written to; the sentence says whose it is and what to do."""

    status = 503
    title = "The data folder cannot be used"


class AddressUnusable(AppError):
    """The server cannot listen at its address; the sentence says what to do."""

    status = 503
    title = "The address cannot be used"


class ServerBusy(AppError):
    """Another program already does this server's work on the same data folder."""

    status = 503
    title = "The data folder is in use"


#: what the library's errors are over HTTP; the first class that fits counts
_LIBRARY: tuple[tuple[type[ColorizerError], int, str], ...] = (
    (library.ImageTooLarge, 413, "The picture is too large"),
    (library.UnsupportedImage, 415, "Not a picture that can be read"),
    (library.CorruptImage, 422, "The picture is damaged"),
    (library.FilmTooLarge, 413, "The film is too large"),
    (library.UnsupportedFilm, 415, "Not a film that can be read"),
    (library.FilmError, 422, "The film is damaged"),
    (library.InvalidSetting, 422, "A setting is not right"),
    (library.OutputError, 422, "The result cannot be written like this"),
    (library.WeightsError, 503, "The model is not available"),
    (library.DeviceUnavailable, 503, "The device is not available"),
    (library.PackageMissing, 503, "Not installed on this server"),
)


@dataclass(frozen=True)
class Problem:
    """A typed error as RFC 9457 problem details (without ``instance``).

    Attributes:
        type: ``urn:colorizer:problem:<class-name>``.
        title: a few words, the same for every error of the type.
        detail: one sentence about this one.
        status: of HTTP, 400..599.
    """

    type: str
    title: str
    detail: str
    status: int


def problem_of(error: Exception) -> Problem:
    """Typed errors as they are; anything else as a general sentence that gives nothing away."""
    if isinstance(error, AppError):
        return _problem(type(error), error.title, str(error), error.status)
    for kind, status, title in _LIBRARY:
        if isinstance(error, kind):
            return _problem(type(error), title, str(error), status)
    detail = "Something went wrong on this server. It has been written down; please try again."
    return Problem("urn:colorizer:problem:internal-error", AppError.title, detail, 500)


def _problem(kind: type[Exception], title: str, detail: str, status: int) -> Problem:
    return Problem(type_of(kind), title, detail, status)


def type_of(kind: type[Exception]) -> str:
    """The ``type`` of problem details that are made of an error of this class."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
    return f"urn:colorizer:problem:{name}"
