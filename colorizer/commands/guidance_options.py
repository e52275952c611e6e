"""The options that say what is known of a photograph: hints, and a reference."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from ..errors import InvalidGuidance, InvalidSetting
from ..guidance import Guidance, Hint, Reference
from .options import with_options

Function = TypeVar("Function", bound=Callable[..., Any])

#: what the name of a photograph's hints ends in, if they lie beside it
BESIDE = ".hints.json"


@dataclass(frozen=True)
class GuidanceOptions:
    """What :func:`guidance_options` asks for.

    Attributes:
        guidance: for every photograph; with hints for one only.
        beside: whether the hints of a photograph lie beside it.
    """

    guidance: Guidance
    beside: bool

    def __bool__(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.guidance) or self.beside

    def check(self, photographs: int) -> None:
        """Refuse hints of one photograph for many.

        Raises:
            InvalidSetting: if there are several.
        """
        if self.guidance.hints and photographs != 1:
            raise InvalidSetting(
                f"Hints are for one photograph, but there are {photographs}; "
                "use --hints-beside for many."
            )

    def of(self, photograph: Path) -> Guidance:
        """What is known of a photograph.

        Raises:
            InvalidGuidance, UnreadableFile: if the file with its hints is not right.
        """
        file = photograph.with_name(photograph.name + BESIDE)
        if not self.beside or not file.exists():
            return self.guidance
        found = read_hints(file)
        return replace(
            self.guidance,
            hints=self.guidance.hints + found.hints,
            reference=self.guidance.reference or found.reference,
        )


def read_hints(file: Path) -> Guidance:
    """The guidance in a JSON file.

    Raises:
        InvalidGuidance: if it is none.
        UnreadableFile: if it cannot be read.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        from ..photo import UnreadableFile

        raise UnreadableFile(f"{file} cannot be read: {error.strerror or error}.") from error
    try:
        return Guidance.from_json(data)
    except InvalidGuidance as error:
        raise InvalidGuidance(f"{file.name}: {error}") from None


def guidance_options(function: Function) -> Function:
    """Give a command these options; it gets them together, as the argument ``known``."""

    @functools.wraps(function)
    def folded(
        *arguments: Any,
        hint: tuple[str, ...],
        hints: Path | None,
        hints_beside: bool,
        reference: Path | None,
        reference_amount: float,
        **others: Any,
    ) -> Any:
        from_file = Guidance() if hints is None else read_hints(hints)
        guidance = replace(
            from_file,
            hints=from_file.hints + tuple(map(Hint.parse, hint)),
            reference=from_file.reference
            if reference is None
            else read_reference(reference, reference_amount),
        )
        return function(*arguments, known=GuidanceOptions(guidance, hints_beside), **others)

    options = [
        click.option(
            "--hint",
            multiple=True,
            metavar="X,Y,COLOUR[,REACH]",
            help="The colour of a place of one photograph, as often as needed. X and Y are 0..1 "
            "from the left and the top; COLOUR is #rrggbb, a CSS name, keep-grey, or A:B in Lab "
            "units; REACH is 0.1..4 (1 is as far as the thing goes).",
        ),
        click.option(
            "--hints",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="The hints of one photograph, in a JSON file.",
        ),
        click.option(
            "--hints-beside",
            is_flag=True,
            help=f"Take NAME{BESIDE} beside each photograph NAME, where there is one.",
        ),
        click.option(
            "--reference",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A photograph in colour whose palette is taken.",
        ),
        click.option(
            "--reference-amount",
            type=click.FloatRange(0, 1),
            default=Reference.amount,
            show_default=True,
            help="How much of it.",
        ),
    ]
    return cast(Function, with_options(folded, options))


def read_reference(file: Path, amount: float) -> Reference:
    """The palette of a photograph in colour; raises what reading it does, and InvalidGuidance."""
    from .. import photo

    return Reference.of(photo.read(file, colours=True), amount, file.name)
