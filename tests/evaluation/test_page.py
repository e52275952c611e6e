from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorizer.atomic import write_atomically
from colorizer.errors import OutputError
from colorizer.evaluation import page
from colorizer.evaluation.columns import METRICS, PAPER_FIGURES
from colorizer.evaluation.gallery import CELLS, GAP, SIDE, Gallery, choose, short_name
from colorizer.evaluation.metrics import to_lab
from colorizer.evaluation.plots import colour_planes, gains
from colorizer.evaluation.protocol import Protocol
from colorizer.evaluation.report import Report
from colorizer.evaluation.runner import evaluate, rows_for

from .conftest import oracle, paint

ODD_NAME = 'a <b> & "c".png'


@pytest.fixture
def measured(photographs: tuple[list[Any], Path]) -> tuple[Report, Gallery]:
    truths, folder = photographs
    (folder / "0.png").rename(folder / ODD_NAME)
    (folder / "letter.png").write_bytes(b"no")
    gallery = Gallery()
    report = evaluate(
        oracle(truths), [folder], rows=rows_for(["tint=2"]), protocol=Protocol(40, 40),
        compared=("grey", "tint=2"), gallery=gallery, progress=False,
    )  # fmt: skip
    return report, gallery


class Reader(HTMLParser):
    """Collects what the assertions are about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_stands_alone(measured: tuple[Report, Gallery], tmp_path: Path) -> None:
    report, gallery = measured
    file = page.write_page(tmp_path, report, gallery)
    text = file.read_text(encoding="utf-8")
    reader = Reader(text)
    pictures = [image["src"] for image in reader.all("img")]
    pictures += [source["srcset"] for source in reader.all("source")]
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "index.html", *pictures
    }  # fmt: skip
    for name in set(pictures):
        with Image.open(tmp_path / str(name)) as image:
            assert image.format == "WEBP"
    assert not reader.all("script")
    assert not reader.all("link")
    assert "://" not in text
    assert str(tmp_path) not in text


def test_the_page_is_accessible(measured: tuple[Report, Gallery], tmp_path: Path) -> None:
    reader = Reader(page.write_page(tmp_path, *measured).read_text(encoding="utf-8"))
    assert reader.all("html") == [{"lang": "en"}]
    assert all(image["alt"] for image in reader.all("img"))
    assert all(cell["scope"] in ("row", "col") for cell in reader.all("th"))
    assert len(reader.all("caption")) == len(reader.all("table")) == 4


def test_the_numbers_are_on_the_page(measured: tuple[Report, Gallery], tmp_path: Path) -> None:
    report, gallery = measured
    text = page.write_page(tmp_path, report, gallery).read_text(encoding="utf-8")
    row, ends = report.rows["tint=2"], report.intervals["tint=2"]["psnr"]
    assert f"{row['psnr']:.2f}<small>{ends[0]:.2f} … {ends[1]:.2f}</small>" in text
    assert report.comparison is not None
    assert f"{report.comparison.metrics['psnr'].mean:+.2f}<small>" in text
    words = " ".join(" ".join(Reader(text).words).split())
    for key, column in METRICS.items():
        assert (column.name in words) == (key in row)
    for key, figure in PAPER_FIGURES.items():
        assert f"{report.protocol[key]}" in words
        assert figure in words
    assert "letter.png: The file is not a picture" in words
    assert ODD_NAME in words
    assert "<b>" not in text


def test_a_page_without_comparison(photographs: tuple[list[Any], Path], tmp_path: Path) -> None:
    truths, folder = photographs
    gallery = Gallery()
    report = evaluate(
        oracle(truths), [folder], protocol=Protocol(40, 40), gallery=gallery, progress=False
    )
    text = page.write_page(tmp_path, report, gallery).read_text(encoding="utf-8")
    assert 'id="comparison"' not in text
    assert "Skipped" not in text


def test_a_page_without_photographs(photographs: tuple[list[Any], Path], tmp_path: Path) -> None:
    truths, folder = photographs
    gallery = Gallery(photographs=False)
    report = evaluate(
        oracle(truths), [folder], protocol=Protocol(40, 40), gallery=gallery, progress=False
    )
    text = page.write_page(tmp_path, report, gallery).read_text(encoding="utf-8")
    assert {path.name for path in tmp_path.glob("*.webp")} == {
        f"{plot}-{ground}.webp" for plot in ("gains", "planes") for ground in ("light", "dark")
    }
    assert "<h2>Photographs</h2>" not in text
    assert not any(path.name in text for path in folder.iterdir())


def test_a_failed_run_leaves_the_older_page(
    measured: tuple[Report, Gallery], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("older")

    def fail(path: Path, data: bytes) -> None:
        if path.name.startswith("worst"):
            raise OSError(28, "No space left on device")
        write_atomically(path, data)

    monkeypatch.setattr(page, "write_atomically", fail)
    with pytest.raises(OutputError, match="No space left"):
        page.write_page(tmp_path, *measured)
    assert (tmp_path / "index.html").read_text() == "older"


def test_the_folder_is_made_or_refused(tmp_path: Path) -> None:
    page.check_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        page.check_folder(tmp_path / "file")


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=60), st.integers(1, 8))
def test_the_best_the_middle_and_the_worst(values: list[float], most: int) -> None:
    array = np.array(values)
    chosen = choose(array, most)
    best, median, worst = (array[chosen[title]] for title in ("best", "median", "worst"))
    number = min(most, max(1, len(values) // 3))
    assert len(best) == len(median) == len(worst) == number
    np.testing.assert_array_equal(best, np.sort(array)[::-1][:number])
    np.testing.assert_array_equal(worst, np.sort(array)[::-1][-number:])
    assert median[-1] <= np.median(array) <= median[0] or number < 2
    if len(values) >= 3:
        assert len({index for part in chosen.values() for index in part}) == 3 * number


def test_strips_show_grey_result_and_truth() -> None:
    flat = [np.full((40, 40, 3), level, np.uint8) for level in (20, 120, 220)]
    gallery = Gallery()
    gallery.add("/home/me/x.tar:y/z.png", (flat[0], flat[1], flat[2]), to_lab(flat[2]), {})
    assert gallery.names == ["z.png"]
    with Image.open(BytesIO(gallery.strips[0])) as strip:
        assert strip.size == (3 * SIDE + 2 * GAP, SIDE)
        rgb = np.asarray(strip.convert("RGB"))
    for place, level in enumerate((20, 120, 220)):
        middle = rgb[SIDE // 2, place * (SIDE + GAP) + SIDE // 2]
        np.testing.assert_allclose(middle, level, atol=3)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("/home/me/x.tar:y/z.png", "z.png"),
        ("x.tar.gz:z.png", "z.png"),
        ("/home/me/12:30.png", "12:30.png"),
        ("z.png", "z.png"),
    ],
)
def test_names_have_no_folders(name: str, short: str) -> None:
    assert short_name(name) == short


def test_colours_are_counted_where_they_are() -> None:
    gallery = Gallery()
    lab = np.full((2, 5, 3), (50.0, 41.0, -79.0))
    for _ in range(2):
        gallery.add("x", (paint(0),), lab, {"row": lab * (1, -1, 3)})
    assert gallery.counts["truth"].sum() == 20
    assert gallery.counts["truth"][(110 + 41) // 2, (110 - 79) // 2] == 20
    assert gallery.counts["row"][(110 - 41) // 2, 0] == 20  # beyond the plane: in the outer cell


def test_plots_are_drawn_for_both_grounds() -> None:
    rng = np.random.default_rng(0)
    planes = {name: rng.integers(0, 9, (CELLS, CELLS)) for name in ("truth", *"abcd")}
    for plots in (colour_planes(planes), gains(rng.normal(20, 3, 30), rng.normal(22, 3, 30))):
        light, dark = (np.asarray(Image.open(BytesIO(plots[g]))) for g in ("light", "dark"))
        assert light.shape == dark.shape
        assert light.shape[2] == 4
        assert light[0, 0, 3] == 0  # the page's own ground
        assert (light != dark).any()


def test_one_photograph_is_enough() -> None:
    one = np.array([20.0])
    assert set(gains(one, one)) == {"light", "dark"}
    assert choose(one) == {"best": [0], "median": [0], "worst": [0]}


def test_help_imports_no_plots(python: Any) -> None:
    code = (
        "import sys; from colorizer.cli import main\n"
        "try: main(['evaluate', '--help'], prog_name='colorizer')\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'matplotlib', 'jinja2') if m in sys.modules])"
    )
    output = python("-c", code).stdout
    assert re.search(r"--compare\b", output)
    assert output.endswith("[]\n")
