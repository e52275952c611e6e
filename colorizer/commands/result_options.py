"""The options that say what results look like, shared by the commands that colour files."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from ..errors import InvalidSetting
from ..photo import WRITABLE_FORMATS
from ..photo.formats import SIXTEEN_BIT_FORMATS
from .options import Choice, with_options

if TYPE_CHECKING:
    from ..batch import Colour

_MOST_MEGAPIXELS = 1e9  # more than any format holds

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class ResultOptions:
    """What :func:`result_options` asks for, ready for :func:`colorizer.batch.run`."""

    format: str | None
    colour: Colour
    provenance: bool
    read_options: dict[str, Any]
    write_options: dict[str, Any]

    def check(self, formats: Iterable[str]) -> None:
        """Refuse before the work what no file could hold after it.

        Raises:
            InvalidSetting: 16 bits or no loss, for a format that has not got it.
        """
        shallow = set(formats) - SIXTEEN_BIT_FORMATS
        if self.write_options.get("bit_depth") == 16 and shallow:
            raise InvalidSetting(
                f"{min(shallow).upper()} has 8 bits only; choose --format png or tiff for 16 bits."
            )
        if self.write_options.get("lossless") and "jpeg" in shallow:
            raise InvalidSetting("JPEG always loses something; choose --format webp, png or tiff.")


def result_options(function: Function) -> Function:
    """Give a command these options; it gets them together, as the argument ``results``."""

    @functools.wraps(function)
    def folded(
        *arguments: Any,
        format_: str | None,
        quality: int | None,
        lossless: bool,
        bit_depth: str | None,
        colour: Colour,
        no_provenance: bool,
        strip_private: bool,
        max_megapixels: float | None,
        salvage: bool,
        turn: str | None,
        negative: bool,
        whole: bool,
        **others: Any,
    ) -> Any:
        results = ResultOptions(
            format_,
            colour,
            not no_provenance,
            _given(
                {
                    "max_pixels": max_megapixels and _pixels(max_megapixels),
                    "salvage": salvage or None,
                    "turn": turn and int(turn),
                    "negative": negative or None,
                    "whole": whole or None,
                }
            ),
            _given(
                {
                    "quality": quality,
                    "lossless": lossless,
                    "bit_depth": bit_depth and int(bit_depth),
                    "strip_private": strip_private or None,
                }
            ),
        )
        return function(*arguments, results=results, **others)

    options = [
        click.option(
            "--format",
            "format_",
            type=Choice(WRITABLE_FORMATS),
            help="File format of the results.  [default: by the name of OUT if it is a file; "
            "otherwise JPEG stays JPEG, and all else becomes PNG]",
        ),
        click.option(
            "--quality", type=click.IntRange(1, 100), help="Of JPEG and lossy WebP.  [default: 92]"
        ),
        click.option("--lossless", is_flag=True, help="Write WebP without loss; refuse JPEG."),
        click.option(
            "--bit-depth",
            type=Choice(["8", "16"]),
            help="Bits per channel.  [default: those of the photograph, where the format has them]",
        ),
        click.option(
            "--colour",
            type=Choice(["repaint", "skip", "keep"]),
            default="repaint",
            show_default=True,
            help="What to do with photographs that are in colour already, and not just toned or "
            "yellowed; repaint: replace their colours, and say so; skip: leave them out; keep: "
            "copy them with their own colours.",
        ),
        click.option(
            "--no-provenance",
            is_flag=True,
            help="Leave out the note in the metadata that the colours were added, and how.",
        ),
        click.option(
            "--strip-private",
            is_flag=True,
            help="Leave out of the metadata the place (GPS), serial numbers, owner and "
            "maker notes; captions, creator and copyright stay.",
        ),
        click.option(
            "--max-megapixels",
            type=click.FloatRange(min=0, min_open=True, max=_MOST_MEGAPIXELS),
            help="Refuse larger photographs.  [default: 100]",
        ),
        click.option(
            "--salvage",
            is_flag=True,
            help="Also colour what is there of a JPEG or PNG that is cut off, and say so.",
        ),
        click.option(
            "--turn",
            type=Choice(["90", "180", "270"]),
            help="Turn photographs clockwise by so many degrees: the network hardly recognises "
            "what lies on its side.",
        ),
        click.option(
            "--negative",
            is_flag=True,
            help="The scans are of negatives: make positives of them, and colour those.",
        ),
        click.option(
            "--whole",
            is_flag=True,
            help="Colour a mount or border around the picture, too. Otherwise it is looked for and "
            "stays grey, and the network sees the picture alone.",
        ),
    ]
    return cast(Function, with_options(folded, options))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _pixels(megapixels: float) -> int:
    if math.isnan(megapixels):  # which passes for a number within any range
        raise click.BadParameter("nan is not a number.", param_hint="--max-megapixels")
    return round(megapixels * 1_000_000)
