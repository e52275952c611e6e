"""Opening a file as a film, with PyAV (the libraries of FFmpeg).

Only formats that hold moving pictures themselves are opened: a playlist or a script that names
other files could make this machine read them, and a text is no film, though FFmpeg would show it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import CorruptFilm, FilmError, PackageMissing, UnsupportedFilm
from ..photo.formats import SNIFF_BYTES, foreign_kind
from ..special_files import special_kind

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

#: demuxers of FFmpeg for films, as its option wants them
FORMATS = (
    "3dostr,4xm,amv,apng,asf,av1,avi,avs,avs2,avs3,bethsoftvid,bfi,bink,c93,cavsvideo,cdxl,"
    "cine,dhav,dirac,dnxhd,dsicin,dv,dxa,ea,evc,film_cpk,filmstrip,flic,flv,gif,gxf,h261,"
    "h263,h264,hevc,idcin,iff,ingenient,ipmovie,ipu,iv8,ivf,ivr,jv,kux,live_flv,lmlm4,lvf,"
    "lxf,m4v,matroska,mjpeg,mjpeg_2000,mlv,mm,mov,mpeg,mpegts,mpegvideo,mtv,mv,mvi,mxf,mxg,"
    "nsv,nut,nuv,obu,ogg,paf,pmp,pva,r3d,rl2,rm,roq,rpl,smjpeg,smk,smush,swf,thp,tiertexseq,"
    "tmv,txd,ty,vc1,vc1test,vivo,vmd,vvc,wc3movie,wtv,xmv,yop,yuv4mpegpipe"
)


_NO_FILM = "{} is not a film of a format that can be read."
_JPEG = b"\xff\xd8"


class UnreadableFilm(FilmError, OSError):
    """The file is missing, is a folder, or may not be opened by this user."""


def pyav() -> Any:
    """The module ``av``; it prints nothing of what the libraries of FFmpeg have to say.

    Raises:
        PackageMissing: if it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise PackageMissing("Films need the package av: pip install av.") from error
    av.logging.set_level(None)
    return av


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A film and its pictures; closed at the end.

    Raises:
        UnreadableFilm: if the file cannot be opened.
        UnsupportedFilm: if it is not a film, has no moving pictures, or FFmpeg cannot decode them.
        CorruptFilm: if it is damaged at its beginning.
        PackageMissing: without PyAV.
    """
    av = pyav()
    head = _head(path)
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path}", container_options=options, metadata_errors="replace")
    except MemoryError as error:
        raise CorruptFilm(f"{path.name} is damaged and cannot be read.") from error
    except av.error.FFmpegError as error:
        if any(head[at:].startswith(mark) for at, mark in _BEGINNINGS):
            raise CorruptFilm(
                f"{path.name} is damaged or incomplete and cannot be read."
            ) from error
        raise UnsupportedFilm(_NO_FILM.format(path.name)) from error
    with container:
        if container.format.name == "mjpeg" and not head.startswith(_JPEG):
            raise UnsupportedFilm(_NO_FILM.format(path.name))  # FFmpeg looks for pictures anywhere
        yield container, _pictures(container, path.name)


def _head(path: Path) -> bytes:
    """The first bytes of a file that may be a film."""
    kind = special_kind(path)
    if kind is not None:
        raise UnreadableFilm(f"{path} is {kind}, not a film.")
    try:
        with path.open("rb") as file:
            head = file.read(SNIFF_BYTES)
    except FileNotFoundError as error:
        raise UnreadableFilm(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise UnreadableFilm(f"{path} is a folder, not a film.") from error
    except OSError as error:
        raise UnreadableFilm(f"{path} cannot be opened ({error.strerror or error}).") from error
    except ValueError as error:  # a NUL in the name
        raise UnreadableFilm(f"{os.fspath(path)!r} is not a possible file name.") from error
    if not head:
        raise CorruptFilm(f"{path.name} is empty.")
    other = foreign_kind(head)
    if other is not None and head[4:8] != b"ftyp":  # that is a film to those who read photographs
        raise UnsupportedFilm(f"{path.name} is {other}, not a film.")
    return head


#: of MP4 and MOV (at byte 4), Matroska, AVI, MPEG, Ogg, FLV, ASF
_BEGINNINGS = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (0, b"\x1a\x45\xdf\xa3"),
    (8, b"AVI "), (0, b"\0\0\1\xba"), (0, b"OggS"), (0, b"FLV\1"), (0, b"\x30\x26\xb2\x75"),
)  # fmt: skip


def _pictures(container: InputContainer, name: str) -> VideoStream:
    """The stream of moving pictures; a cover picture is none."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if Disposition.attached_pic in stream.disposition:
            continue
        if stream.codec_context is None:
            raise UnsupportedFilm(f"The pictures of {name} are of a kind that cannot be decoded.")
        stream.thread_type = "AUTO"
        return stream
    raise UnsupportedFilm(f"{name} has no moving pictures.")
