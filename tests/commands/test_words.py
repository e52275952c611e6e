"""Words on the command line: for one photograph, for many, from a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from colorizer import Guidance, Words

from ..fake_colorizer import FakeColorizer
from ..pictures import picture
from ..words_model import write_words_model
from .test_colorize import colorize, lines
from .test_hints import noted


@pytest.fixture(autouse=True)
def _model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    write_words_model(folder)
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(folder))


def photographs(folder: Path, *names: str) -> Path:
    for name in names:
        picture(folder / name)
    return folder


def text(file: Path) -> str | None:
    words = noted(file).get("words")
    return words["text"] if isinstance(words, dict) else None


def test_words_are_noted(tmp_path: Path, fake: FakeColorizer) -> None:
    source, out = picture(tmp_path / "a.png"), tmp_path / "b.png"
    result = colorize(source, "-o", out, "--words", " a red  coat ", "--words-amount", "0.5")
    assert result.exit_code == 0, result.output
    assert noted(out) == {"version": 1, "words": {"text": "a red coat", "amount": 0.5}}
    assert result.stderr == ""


def test_words_of_all_and_what_is_not_understood(tmp_path: Path, fake: FakeColorizer) -> None:
    folder = photographs(tmp_path / "in", "a.png", "b.png")
    said = "red coat, zlorp and Quüx\u202e"
    result = colorize(folder, "-o", tmp_path / "out", "--words", said, "--json")
    assert result.exit_code == 0, result.output
    told = [line for line in result.stderr.splitlines() if "understood" in line]
    assert told == ["Not understood: zlorp", "Not understood: quüx"]
    *rows, _ = lines(result)
    assert [row["unknown_words"] for row in rows] == [["zlorp", "quüx"]] * 2
    assert text(tmp_path / "out" / "b.png") == said


def test_a_table_of_words(tmp_path: Path, fake: FakeColorizer) -> None:
    folder = photographs(tmp_path / "in", "a.png", "sub/a.png", "grün.png", "none.png", "e.png")
    table = tmp_path / "words.csv"
    table.write_text(
        "year,File,Words\n"
        '1932,a.png,"red coat, green hat"\n'
        "1932,sub\\a.png,a blorp hat\n"
        "\n"
        ",gru\u0308n.png,green coat\n"
        ",e.png,\n"
        ",gone\x1b.png,a coat\n",
        "utf-8-sig",
    )
    given = ["--words", "autumn", "--words-from", table, "--words-amount", "2", "--json"]
    result = colorize(folder, "-o", tmp_path / "out", *given)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    assert text(out / "a.png") == "red coat, green hat"
    assert text(out / "sub" / "a.png") == "a blorp hat"
    assert text(out / "grün.png") == "green coat"
    assert text(out / "none.png") == "autumn"
    assert noted(out / "e.png") == {}
    assert noted(out / "a.png")["words"] == {"text": "red coat, green hat", "amount": 2}
    reason = "words.csv has words for it, but there is no such photograph."
    assert result.stderr.splitlines() == ["Not understood: blorp", f"gone\\x1b.png: {reason}"]
    rows = {row["input"]: row for row in lines(result)[:-1]}
    assert rows["gone\x1b.png"]["status"] == "left_out"
    assert rows[str(folder / "sub" / "a.png")]["unknown_words"] == ["blorp"]


def test_tables_with_semicolons(tmp_path: Path, fake: FakeColorizer) -> None:
    source, out, table = picture(tmp_path / "a.png"), tmp_path / "b.png", tmp_path / "words.csv"
    table.write_text("file;words\r\na.png;a red coat, autumn\r\n")
    assert colorize(source, "-o", out, "--words-from", table).exit_code == 0
    assert text(out) == "a red coat, autumn"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "words.csv, line 1: There must be one column 'file'"),
        (b"file,text\na.png,red coat\n", "words.csv, line 1: There must be one column 'words'"),
        (b"file,words,words\n", "There must be one column 'words'"),
        (b"file,words\na.png,hat\n\n./a.png,coat\n", "line 4: Its file is named for the second"),
        (b"file,words\n,hat\n", "line 2: It names no file."),
        (b"file,words\na.png," + b"hat " * 300, "line 2: Words of more than 1000 characters"),
        (b"file,words\na.png,r\xe9d hat\n", "words.csv is not text in UTF-8."),
        (b"file,words\na.png," + b"x" * 200_000, "line 2: field larger than"),
    ],
    ids=range(8),
)
def test_tables_that_are_not_right(
    tmp_path: Path, fake: FakeColorizer, data: bytes, words: str
) -> None:
    table = tmp_path / "words.csv"
    table.write_bytes(data)
    source, out = picture(tmp_path / "a.png"), tmp_path / "b.png"
    result = colorize(source, "-o", out, "--words-from", table)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not fake.settings
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--words", "  "], "The words are empty."),
        (["--words", "x" * 1001], "Words of more than 1000 characters are not read."),
        (["--words", "coat", "--words-amount", "2.1"], "words-amount"),
        (["--words-from", "nowhere.csv"], "nowhere.csv"),
        (["--words", "coat", "--cluster", "ray"], "words cannot be sent to a cluster"),
    ],
)
def test_what_is_not_right_is_said_before_any_work(
    tmp_path: Path, fake: FakeColorizer, arguments: list[str], words: str
) -> None:
    result = colorize(picture(tmp_path / "a.png"), "-o", tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not fake.settings


def test_without_a_model_of_words(tmp_path: Path, fake: FakeColorizer) -> None:
    (tmp_path / "weights" / "words.safetensors").write_bytes(b"none")
    source, out = picture(tmp_path / "a.png"), tmp_path / "b.png"
    result = colorize(source, "-o", out, "--words", "red coat")
    assert result.exit_code == 1
    assert "not a model of words" in result.output
    assert not out.exists()
    assert colorize(source, "-o", out).exit_code == 0


def test_words_beside_a_photograph_come_first(tmp_path: Path, fake: FakeColorizer) -> None:
    folder, out = photographs(tmp_path / "in", "a.png", "b.png"), tmp_path / "out"
    beside = Guidance(words=Words("zlorp hat"))
    (folder / "a.png.hints.json").write_text(beside.to_json())
    result = colorize(folder, "-o", out, "--hints-beside", "--words", "autumn")
    assert result.exit_code == 0, result.output
    assert [text(out / name) for name in ("a.png", "b.png")] == ["zlorp hat", "autumn"]
    assert result.stderr.splitlines() == ["Not understood: zlorp"]
