"""What the README and the model card state is what the code and the measurements have."""

import re
import runpy

import pytest

from .conftest import ROOT

DOCUMENTS = ("README.md", "weights/MODEL_CARD.md", "docs/performance.md", "docs/operating.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "fill_tables.py"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tables_are_those_of_the_code_and_the_measurements(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert SCRIPT["filled"](text) == text, "run scripts/fill_tables.py"


@pytest.mark.parametrize(
    ("document", "table"),
    [
        ("README.md", "parameters"),
        ("README.md", "configuration"),
        ("README.md", "quality"),
        ("README.md", "performance"),
        ("README.md", "web"),
        ("docs/performance.md", "performance"),
        ("docs/operating.md", "soak"),
        ("weights/MODEL_CARD.md", "quality"),
    ],
)
def test_no_table_lost_its_marks(document: str, table: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    spoiled = re.sub(rf"(<!-- {table}: [^>]*-->\n)", r"\1 spoiled", text)
    assert spoiled != text
    assert SCRIPT["filled"](spoiled) == text


def test_files_that_the_readme_links_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
