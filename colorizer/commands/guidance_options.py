"""The options that say what is known of a photograph: hints, a reference, and words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from ..errors import ColorizerError, InvalidGuidance, InvalidSetting
from ..folders import LeftOut
from ..guidance import WORDS_AMOUNTS, Guidance, Hint, Reference, Words
from ..names import printable
from ..photo import UnreadableFile
from ..settings import DEFAULT_MODEL
from .options import with_options
from .words_file import WordsFile, read_words

if TYPE_CHECKING:
    from ..words import Understanding

Function = TypeVar("Function", bound=Callable[..., Any])

#: what the name of a photograph's hints ends in, if they lie beside it
BESIDE = ".hints.json"


@dataclass(frozen=True)
class GuidanceOptions:
    """What :func:`guidance_options` asks for.

    Attributes:
        guidance: for every photograph; with hints for one only.
        beside: whether the hints of a photograph lie beside it.
        words: of each photograph, or None; where it has none of a photograph the guidance's count.
    """

    guidance: Guidance
    beside: bool
    words: WordsFile | None = None

    def __bool__(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.guidance) or self.beside or self.words is not None

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
        known = self.guidance
        if self.words is not None:
            known = replace(known, words=self.words.of(photograph, known.words))
        file = photograph.with_name(photograph.name + BESIDE)
        if not self.beside or not file.exists():
            return known
        found = read_hints(file)
        return Guidance(
            known.hints + found.hints,
            known.reference or found.reference,
            found.words or known.words,
        )

    def left_out(self, photographs: Sequence[Path]) -> list[LeftOut]:
        """What the table of words names, and is none of the photographs."""
        if self.words is None:
            return []
        reason = f"{self.words.name} has words for it, but there is no such photograph."
        return [LeftOut(Path(name), reason) for name in self.words.unused(photographs)]

    def unknown_words(self, photographs: Sequence[Path], model: str) -> dict[Path, tuple[str, ...]]:
        """Which of its words say nothing to a model, for each photograph that has words.

        Raises:
            WeightsMissing, WeightsCorrupt: if there are words, and no model of words.
        """
        said: dict[Path, Words] = {}
        for photograph in photographs if self else ():
            with suppress(InvalidGuidance, UnreadableFile):  # said when its turn comes
                words = self.of(photograph).words
                if words is not None:
                    said[photograph] = words
        if not said:
            return {}
        understand = understanding(model)
        return {photograph: understand(words.text).unknown for photograph, words in said.items()}


def understanding(model: str) -> Callable[[str], Understanding]:
    """What understands words as the model of words for a model's name or file does."""
    from ..words import understand

    if model == DEFAULT_MODEL:
        return understand
    from .. import weights

    try:
        loaded = weights.load(model)
    except ColorizerError:  # said when it is needed
        return understand
    return partial(understand, features_id=loaded.features_id, beside=loaded.folder)


def read_hints(file: Path) -> Guidance:
    """The guidance in a JSON file.

    Raises:
        InvalidGuidance: if it is none.
        UnreadableFile: if it cannot be read.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror or error}.") from error
    try:
        return Guidance.from_json(data)
    except InvalidGuidance as error:
        raise InvalidGuidance(f"{file.name}: {error}") from None


def words_options(function: Function) -> Function:
    """Give a command ``--words`` and ``--words-amount``."""
    options = [
        click.option(
            "--words",
            metavar="TEXT",
            help='What is to be seen, and of what colour: "a woman in a red coat, autumn". '
            "It is said of all that is coloured.",
        ),
        click.option(
            "--words-amount",
            type=click.FloatRange(*WORDS_AMOUNTS),
            default=Words.amount,
            show_default=True,
            help="How strongly words count.",
        ),
    ]
    return cast(Function, with_options(function, options))


def tell_unknown(words: Iterable[str]) -> None:
    """Say which words say nothing, each once."""
    for word in dict.fromkeys(words):
        click.echo(printable(f"Not understood: {word}"), err=True)


def guidance_options(function: Function) -> Function:
    """Give a command these options; it gets them together, as the argument ``known``."""

    @wraps(function)
    def folded(
        *arguments: Any,
        hint: tuple[str, ...],
        hints: Path | None,
        hints_beside: bool,
        reference: Path | None,
        reference_amount: float,
        words: str | None,
        words_amount: float,
        words_from: Path | None,
        **others: Any,
    ) -> Any:
        from_file = Guidance() if hints is None else read_hints(hints)
        guidance = Guidance(
            from_file.hints + tuple(map(Hint.parse, hint)),
            from_file.reference
            if reference is None
            else read_reference(reference, reference_amount),
            from_file.words if words is None else Words(words, words_amount),
        )
        table = None if words_from is None else read_words(words_from, words_amount)
        return function(*arguments, known=GuidanceOptions(guidance, hints_beside, table), **others)

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
        words_options,
        click.option(
            "--words-from",
            metavar="FILE.csv",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Words for each photograph: a table with the columns file and words. Photographs "
            "that are not in it have those of --words.",
        ),
    ]
    return cast(Function, with_options(folded, options))


def read_reference(file: Path, amount: float) -> Reference:
    """The palette of a photograph in colour; raises what reading it does, and InvalidGuidance."""
    from .. import photo

    return Reference.of(photo.read(file, colours=True), amount, file.name)
