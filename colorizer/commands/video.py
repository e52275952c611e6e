"""``colorizer video``: films in files and in folders of frames, into either."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..cli import STOPPED
from ..errors import InvalidSetting, OutputError
from ..guidance import Reference, Words
from ..names import printable
from ..settings import Settings
from ..video.film import (
    CODECS,
    PICTURE_FORMATS,
    FilmGuidance,
    FilmHint,
    Output,
    Pictures,
    seconds_of,
)
from .guidance_options import read_reference, tell_unknown, understanding, words_options
from .options import Choice, device_options, load_colorizer, setting_options

if TYPE_CHECKING:
    from ..video import Progress, Result


class Moment(click.ParamType[float]):
    """See :func:`.seconds_of`."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = seconds_of(str(value))
        if seconds is None:
            self.fail(f"{value!r} is not a time; 90, 1:30 and 0:01:30.5 are.", param, ctx)
        return seconds


def _every(ctx: click.Context, option: click.Parameter, value: str) -> int | None:
    """A number of 1 or more, or ``auto``."""
    return None if value == "auto" else click.IntRange(min=1)(value, option, ctx)


@click.command()
@click.argument("film", metavar="FILM", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="The film in colour: .mp4, .m4v, .mov or .mkv, or a folder for its frames as pictures; "
    "with --preview a folder for the stills.",
)
@click.option(
    "--codec",
    type=Choice([*CODECS, *PICTURE_FORMATS]),
    help="h264 plays everywhere; h265 is smaller; prores (.mov) and ffv1 (.mkv, without loss) are "
    "for archives; png and tiff are for folders.  [default: h264; of a folder tiff if the frames "
    "are, else png]",
)
@click.option(
    "--crf",
    type=click.IntRange(0, 51),
    help="Of h264 and h265: lower is better and larger.  [default: 18 and 20]",
)
@click.option(
    "--bits",
    type=Choice(["8", "10", "16"]),
    help="Of each sample, 16 of pictures only.  [default: 8 of what has 8, else 10 or 16]",
)
@click.option(
    "--frame-rate",
    metavar="RATE",
    help="Frames a second of a folder of pictures: 16, 23.976, 24000/1001.  [default: 24]",
)
@setting_options
@click.option(
    "--hint",
    "hints",
    multiple=True,
    metavar="TIME@X,Y,COLOUR[,REACH]",
    help="The colour of a place at a time, as often as needed; it goes with the motion within its "
    "shot. The rest is as for colorizer colorize.",
)
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A photograph in colour whose palette is taken.",
)
@click.option(
    "--reference-amount",
    type=click.FloatRange(0, 1),
    default=Reference.amount,
    show_default=True,
    help="How much of it.",
)
@words_options
@click.option(
    "--every",
    metavar="N|auto",
    callback=_every,
    default="auto",
    show_default=True,
    help="Frames from one look of the network to the next, 64 at most; auto: as the motion "
    "demands.",
)
@click.option(
    "--deinterlace",
    is_flag=True,
    help="Make whole frames of interlaced ones, which stay otherwise.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="Colour bars beside the picture, too; otherwise they stay grey, as does what is around a "
    "scanned frame.",
)
@click.option("--start", type=Moment(), help="Where to begin: 90, 1:30 or 0:01:30.5.")
@click.option("--end", type=Moment(), help="Where to end.")
@click.option(
    "--preview",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Only colour N moments, as pictures in the folder OUT, to choose settings by.",
)
@click.option("--resume", is_flag=True, help="Go on where the same command was stopped or killed.")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.option("--no-provenance", is_flag=True, help="Do not note that the colours were added.")
@device_options
@click.pass_context
def video(
    ctx: click.Context,
    /,
    film: Path,
    out: Path,
    codec: Any,
    crf: int | None,
    bits: str | None,
    frame_rate: str | None,
    hints: tuple[str, ...],
    reference: Path | None,
    reference_amount: float,
    words: str | None,
    words_amount: float,
    every: int | None,
    deinterlace: bool,
    whole: bool,
    start: float | None,
    end: float | None,
    preview: int | None,
    resume: bool,
    overwrite: bool,
    no_provenance: bool,
    device: str,
    engine: str,
    **values: Any,  # of the settings
) -> None:
    """Colour a film, its sound, subtitles, chapters and luma untouched.

    FILM is a file, or a folder of numbered pictures, one for each frame; so is OUT. Pictures are
    called as those that they are made of.

    Colours stay on what they belong to: within a shot they are carried along the motion, and the
    decisions that are taken on a picture as a whole are taken for the shot. Ctrl-C ends the film
    where it is, playable; --resume then goes on.

    Exit codes: 0 all well, 1 something failed, 2 the command was misused, 130 stopped with Ctrl-C.
    """
    settings = Settings(**values)
    guidance = FilmGuidance(
        tuple(map(FilmHint.parse, hints)),
        None if reference is None else read_reference(reference, reference_amount),
        None if words is None else Words(words, words_amount),
    )
    if guidance.words is not None:
        tell_unknown(understanding(settings.model)(guidance.words.text).unknown)
    if preview is not None:
        if guidance.hints:
            raise click.UsageError("--preview does not show hints; leave --hint out.")
        if start is not None or end is not None:
            raise click.UsageError(
                "--preview shows moments of the whole film; leave --start and --end out."
            )
        moments = {"deinterlace": deinterlace, "frame_rate": frame_rate, "whole": whole}
        _preview(film, out, preview, settings, guidance, (device, engine), moments)
        return
    output = _output(out, codec, crf, None if bits is None else int(bits))
    from .. import video as films
    from ..video.parts import was_begun

    if _is_taken(out) and not overwrite and not (resume and was_begun(out)):
        complete = ", and is whole" if resume else ""
        more = ", --resume goes on with what was stopped" if was_begun(out) else ""
        raise OutputError(f"{out} exists{complete}; --overwrite replaces it{more}.")
    films.probe(film, frame_rate=frame_rate)  # before the model is loaded
    colorizer = load_colorizer(settings.model, device, engine)
    with _bar() as tell, _interruptible() as stopped:
        result = films.colorize(
            film, out, colorizer, settings,
            guidance=guidance, output=output, frame_rate=frame_rate, start=start, end=end,
            every=every, deinterlace=deinterlace, whole=whole, provenance=not no_provenance,
            progress=tell, cancelled=lambda: bool(stopped), resume=resume,
        )  # fmt: skip
    _report(result)
    if not result.complete:
        ctx.exit(STOPPED)


def _output(out: Path, codec: Any, crf: int | None, bits: int | None) -> Output | Pictures:
    from ..video.destination import is_folder

    if codec in PICTURE_FORMATS or (codec is None and is_folder(out)):
        if crf is not None:
            raise InvalidSetting("crf is for h264 and h265 only.")
        return Pictures(codec, bits)
    return Output(codec or Output.codec, crf, bits)


def _is_taken(out: Path) -> bool:
    """Whether there is something that a result might replace."""
    try:
        return any(out.iterdir())
    except OSError:  # a file, nothing, or not ours to read
        return os.path.exists(out)


def _report(result: Result) -> None:
    for warning in result.warnings:
        click.echo(printable(warning), err=True)
    if result.picture is not None:
        click.echo("The bars beside the picture stay grey; --whole colours them.", err=True)
    if result.target is None:
        click.echo("Stopped before there was a frame.")
        return
    frames = "1 frame" if result.frames == 1 else f"{result.frames} frames"
    shots = "1 shot" if result.shots == 1 else f"{result.shots} shots"
    text = f"{result.target}: {frames}, {shots}"
    if result.complete:
        click.echo(printable(f"{text}, in {result.seconds:.0f} s."))
    else:
        click.echo(printable(f"Stopped. {text} so far; the same command with --resume goes on."))


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar on standard error, if that is a terminal; gives what it is to be told by."""
    import sys

    from tqdm import tqdm

    with tqdm(unit=" frames", file=sys.stderr, disable=None, smoothing=0.1) as bar:

        def tell(progress: Progress) -> None:
            if bar.n == 0:
                bar.initial = progress.frames
            bar.total = progress.total
            bar.update(progress.frames - bar.n)

        yield tell


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """The list gets an element at the first Ctrl-C; the second one ends the program as usual."""
    stopped: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def stop(number: int, _: object) -> None:
        stopped.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _preview(
    film: Path,
    out: Path,
    count: int,
    settings: Settings,
    guidance: FilmGuidance,
    where: tuple[str, str],
    moments: dict[str, Any],
) -> None:
    from .. import photo
    from .. import video as films
    from ..atomic import fitting
    from ..guidance import Guidance
    from ..video.into_folder import require_another_folder

    require_another_folder(out, film)
    stills = films.stills(film, count, **moments)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}.") from error
    colorizer = load_colorizer(settings.model, *where)
    known = Guidance(reference=guidance.reference, words=guidance.words)
    stem = fitting(film.resolve().stem, len("-00000.000s.png"))
    for still in stills:
        file = out / f"{stem}-{still.time:09.3f}s.png"
        result = colorizer.colorize(still.photo, settings, known)
        photo.write(result, file, provenance=colorizer.provenance(settings, known))
        click.echo(printable(str(file)))
