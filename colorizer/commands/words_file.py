"""A table of words: which photographs show what, in a CSV file.

    file,words
    a.jpg,"a woman in a red coat, autumn"
    holiday/b.jpg,a blue tram

A row is for the photographs whose path ends in its file; of several rows the longest counts. An
empty cell of words says that nothing is known of that photograph. Other columns are not looked at.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import InvalidGuidance
from ..guidance import Words
from ..photo import UnreadableFile

_COLUMNS = ("file", "words")
_Parts = tuple[str, ...]


@dataclass(frozen=True)
class WordsFile:
    """What a table says.

    Attributes:
        name: of the table.
        rows: parts of a path -> words, or None where nothing is known.
    """

    name: str
    rows: Mapping[_Parts, Words | None]

    def of(self, photograph: Path, common: Words | None) -> Words | None:
        """The words of a photograph; ``common`` for one that has no row."""
        parts = self._row_of(photograph)
        return common if parts is None else self.rows[parts]

    def unused(self, photographs: Iterable[Path]) -> list[str]:
        """The files that the table names and that none of the photographs is."""
        used = set(map(self._row_of, photographs))
        return ["/".join(parts) for parts in self.rows if parts not in used]

    def _row_of(self, photograph: Path) -> _Parts | None:
        parts = _parts(photograph.absolute().as_posix())
        ends = (parts[start:] for start in range(len(parts)))
        return next((end for end in ends if end in self.rows), None)


def read_words(file: Path, amount: float) -> WordsFile:
    """The words in a CSV file, in UTF-8, with commas or semicolons.

    Args:
        amount: of all of them, 0..2.

    Raises:
        UnreadableFile: if it cannot be read.
        InvalidGuidance: if a column is missing, or a row is not right.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError:
        raise InvalidGuidance(f"{file.name} is not text in UTF-8.") from None
    first = text.partition("\n")[0]
    semicolons = "," not in first and ";" in first
    table = csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ",")
    try:
        return WordsFile(file.name, _rows(table, amount))
    except (csv.Error, InvalidGuidance) as error:
        text = str(error).removesuffix(".")
        raise InvalidGuidance(f"{file.name}, line {max(table.line_num, 1)}: {text}.") from None


def _rows(table: Iterator[list[str]], amount: float) -> dict[_Parts, Words | None]:
    columns = [column.strip().lower() for column in next(table, [])]
    for column in _COLUMNS:
        if columns.count(column) != 1:
            raise InvalidGuidance(f"There must be one column {column!r}, as in: file,words.")
    places = [columns.index(column) for column in _COLUMNS]
    rows: dict[_Parts, Words | None] = {}
    for cells in table:
        if not any(cell.strip() for cell in cells):
            continue
        cells += [""] * (len(columns) - len(cells))
        name, words = (cells[place].strip() for place in places)
        parts = _parts(name)
        if not parts:
            raise InvalidGuidance("It names no file.")
        if parts in rows:
            raise InvalidGuidance("Its file is named for the second time.")
        rows[parts] = Words(words, amount) if words else None
    return rows


def _parts(path: str) -> _Parts:
    """The same however the accents are written, and on whatever system."""
    return PurePosixPath(unicodedata.normalize("NFC", path.replace("\\", "/"))).parts
